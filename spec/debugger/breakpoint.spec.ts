// breakpoint() and postMortem() in one process: who stops, in which order, and what a cancel does to them.
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import {inspect} from 'node:util';
import type {Actor} from '../../lib/actor/actor.js';
import {plainClock} from '../../lib/base/clock.js';
import {current} from '../../lib/base/current.js';
import {
  breakpoint,
  type CallOptions,
  ContextCancelled,
  currentActor,
  DebuggerQuit,
  main,
  type Nursery,
  openNursery,
  postMortem,
  type RootOptions,
  shield,
  sleep,
} from '../../lib/index.js';
import {answer, asked, next, open} from '../kit/asked.js';
import {folderOf} from '../kit/folder.js';
import {test} from '../kit/limited.js';
import {anyFunctions, callsOf, turns} from '../kit/pair.js';

/** A root in debug mode; the inline actors below it share its modules, and so the prompt. */
function tree<T>(body: (nursery: Nursery) => Promise<T>, options: RootOptions = {}): Promise<T> {
  return openNursery(body, {debug: true, logLevel: 'silent', ...options});
}

async function inline(nursery: Nursery, name: string, debug?: boolean) {
  const options = {expose: anyFunctions, backend: 'inline', ...(debug !== undefined && {debug})} as const;
  const portal = await nursery.startActor(name, options);
  return {
    run: (fn: () => unknown) => callsOf(portal).run(fn),
    with: (call: CallOptions) => callsOf(portal.with(call)),
  };
}

test.afterEach.always(() => asked.reset());

test.serial('a breakpoint stops its task until the prompt is left, in the root and in an actor', async t => {
  await tree(async nursery => {
    const portal = await inline(nursery, 'child');
    const done: string[] = [];
    const own = breakpoint().then(() => done.push('root'));
    t.is((await next()).kind, 'breakpoint');
    const theirs = portal.run(async () => {
      await breakpoint();
      done.push(currentActor().name);
    });
    await turns();
    t.deepEqual(done, []);
    t.is((await answer()).actor.name, 'root');
    await own;
    t.is((await answer()).actor.name, 'child');
    await theirs;
    t.deepEqual(done, ['root', 'child']);
  });
});

test.serial('tasks of one actor stop one after the other, in the order in which they came', async t => {
  await tree(async nursery => {
    const portal = await inline(nursery, 'child');
    const order: number[] = [];
    const tasks = [1, 2, 3].map(n => portal.run(() => breakpoint().then(() => order.push(n))));
    for (const _ of tasks) await answer();
    await Promise.all(tasks);
    t.deepEqual(order, [1, 2, 3]);
  });
});

test.serial('a breakpoint that runs for the task at the prompt is passed over', async t => {
  await tree(async () => {
    const stopped = breakpoint();
    const asked = await next();
    await asked.asTask(() => breakpoint());
    t.is(open.length, 1);
    await answer();
    await stopped;
  });
});

test.serial(
  'T9: a call that is made at the prompt and fails is the mistake of the person: its nursery goes on',
  async t => {
    await tree(async nursery => {
      const portal = await inline(nursery, 'child');
      const stopped = breakpoint();
      const person = await next();
      void person.asTask(() => portal.run(() => Promise.reject(new RangeError('typed'))));
      // The crash is shown in its turn.
      await answer();
      await stopped;
      const crash = await answer();
      t.is((crash.error as Error).message, 'typed');
      t.is(await portal.run(() => 42), 42);
      t.false(nursery.signal.aborted);
    });
  },
);

test.serial('an open nursery is told of the same call of the program', async t => {
  await t.throwsAsync(
    tree(
      async nursery => {
        const portal = await inline(nursery, 'child', false);
        void portal.run(() => Promise.reject(new RangeError('not typed')));
        await portal.run(() => sleep(1e6));
      },
      {debug: false},
    ),
    {message: /not typed/},
  );
});

test.serial('a root opens its terminal when it has loaded code with a statement, before that code is run', async t => {
  const folder = folderOf(t);
  const source = (statement: string): URL => {
    const file = join(folder, `${statement.length}.mjs`);
    writeFileSync(file, `export function stops() {\n  ${statement};\n}\n`);
    return pathToFileURL(file);
  };
  const [without, withStatement] = [source('return'), source('debugger')];
  await tree(async () => {
    await import(without.href);
    t.is(asked.opened, 0);
    await import(withStatement.href);
    t.is(asked.opened, 1);
  });
  t.is(open.length, 0);
  // Code that was loaded before the root was opened may come by its statement at once.
  await tree(async () => t.is(asked.opened, 2));
});

test.serial('q ends the task with DebuggerQuit, and it does not stop again on its way up', async t => {
  await tree(async nursery => {
    const portal = await inline(nursery, 'child');
    const task = portal.run(() => breakpoint().finally(() => breakpoint()));
    await answer('quit');
    const {cause} = (await t.throwsAsync(task)) ?? {};
    t.true(cause instanceof DebuggerQuit);
    t.is((cause as DebuggerQuit).code, 'ERR_DEBUGGER_QUIT');
    // The next call into the same actor stops as ever.
    const later = portal.run(() => breakpoint());
    await answer();
    await later;
  });
});

test.serial('a task does not end before the prompt of a breakpoint that it does not await', async t => {
  await tree(async nursery => {
    const portal = await inline(nursery, 'child');
    let ended = false;
    const task = portal
      .run(() => {
        void breakpoint();
        void breakpoint();
        return 3;
      })
      .finally(() => {
        ended = true;
      });
    await answer();
    await next();
    await turns();
    t.false(ended);
    await answer();
    t.is(await task, 3);
  });
});

test.serial('q ends a task that does not await its breakpoint', async t => {
  await tree(async nursery => {
    const portal = await inline(nursery, 'child');
    const task = portal.run(() => {
      breakpoint().catch(() => {});
      return sleep(1e9);
    });
    await answer('quit');
    t.true((await t.throwsAsync(task))?.cause instanceof DebuggerQuit);
  });
});

test.serial('quit all ends the whole tree with one error, and nobody else has a prompt', async t => {
  let rootEnded: unknown;
  const whole = tree(async nursery => {
    const [one, two] = [await inline(nursery, 'one'), await inline(nursery, 'two')];
    const first = one.run(() => breakpoint());
    await next();
    const second = two.run(() => breakpoint());
    const third = two.run(() => Promise.reject(new Error('a crash')));
    second.catch(() => {});
    third.catch(() => {});
    await turns();
    await answer('quit all');
    await first.catch(() => {});
    await sleep(1e9).catch(error => {
      rootEnded = error;
      throw error;
    });
  });
  const error = await t.throwsAsync(whole);
  t.true(rootEnded instanceof ContextCancelled);
  t.regex(
    inspect(error),
    /^DebuggerQuit: the tree was ended at the debugger's prompt with quit all: breakpoint in .*one$/,
  );
  t.is(open.length, 0);
});

test.serial('postMortem() shows the error at the prompt, and gives it back to nobody', async t => {
  await tree(async () => {
    const done = postMortem(new RangeError('out of it'));
    const asked = await answer();
    t.is(asked.kind, 'post-mortem');
    t.true(asked.error instanceof RangeError);
    t.is(await done, undefined);
  });
});

test.serial('X3: a breakpoint in a cancelled task rejects with the cancellation and says what to do', async t => {
  await tree(async nursery => {
    const portal = await inline(nursery, 'child');
    let seen: unknown;
    const leave = new AbortController();
    const task = portal
      .with({signal: leave.signal})
      .run(() => sleep(1e9).catch(() => breakpoint().catch(error => (seen = error))));
    await turns();
    leave.abort();
    await task;
    t.true(seen instanceof ContextCancelled);
    t.regex(String(seen), /shield\(\(\) => breakpoint\(\)\)/);
    t.is(open.length, 0);
  });
});

test.serial(
  'X3: a breakpoint in a cancelled task stops under shield(), often, and longer than a shield lasts',
  async t => {
    await tree(
      async nursery => {
        const portal = await inline(nursery, 'child');
        const leave = new AbortController();
        let stops = 0;
        const task = portal.with({signal: leave.signal}).run(() =>
          sleep(1e9).catch(() =>
            shield(async () => {
              for (; stops < 4; stops++) await breakpoint();
            }),
          ),
        );
        await turns();
        leave.abort();
        await next();
        await new Promise(resolve => setTimeout(resolve, 1_700));
        for (let i = 0; i < 4; i++) await answer();
        await task;
        t.is(stops, 4);
      },
      {timeouts: {exit: 1_000}},
    );
  },
);

test.serial('a task that is cancelled while it waits for the terminal leaves the queue', async t => {
  await tree(async nursery => {
    const [one, two, three] = [
      await inline(nursery, 'one'),
      await inline(nursery, 'two'),
      await inline(nursery, 'three'),
    ];
    const leave = new AbortController();
    const first = one.run(() => breakpoint());
    await next();
    const second = two.with({signal: leave.signal}).run(() => breakpoint());
    const third = three.run(() => breakpoint());
    await turns();
    leave.abort();
    await t.throwsAsync(second, {instanceOf: ContextCancelled});
    t.is((await answer()).actor.name, 'one');
    t.is((await answer()).actor.name, 'three');
    await Promise.all([first, third]);
  });
});

test.serial('a cancel that comes while its task is at the prompt is delivered after it', async t => {
  await tree(async nursery => {
    const portal = await inline(nursery, 'child');
    const leave = new AbortController();
    let went: unknown = 'nowhere';
    const task = portal.with({signal: leave.signal}).run(() =>
      breakpoint().then(
        () => (went = 'on'),
        error => {
          went = error;
          throw error;
        },
      ),
    );
    await next();
    leave.abort();
    await turns();
    t.is(went, 'nowhere');
    await answer();
    await t.throwsAsync(task, {instanceOf: ContextCancelled});
    t.true(went instanceof ContextCancelled);
  });
});

test.serial(
  'an actor may be left out of debug mode, and those below it are too, unless they say otherwise',
  async t => {
    await tree(async nursery => {
      const portal = await inline(nursery, 'deaf', false);
      await portal.run(() => breakpoint());
      await portal.run(() => openNursery(async inner => (await inline(inner, 'below')).run(() => breakpoint())));
      t.is(open.length, 0);
      const task = portal.run(() =>
        openNursery(async inner => (await inline(inner, 'again', true)).run(() => breakpoint())),
      );
      t.is((await answer()).actor.name, 'again');
      await task;
    });
  },
);

test.serial('without debug mode a breakpoint warns once and goes on', async t => {
  const warnings: string[] = [];
  const ignore = (): void => {};
  const logger = {debug: ignore, info: ignore, error: ignore, warn: (_: object, text: string) => warnings.push(text)};
  await openNursery(
    async () => {
      await breakpoint();
      await breakpoint();
    },
    {logger, debug: false},
  );
  t.is(open.length, 0);
  t.is(warnings.length, 1);
  t.regex(warnings[0] as string, /debug mode is off/);
});

test.serial(
  'one actor may be in debug mode alone, also below an actor that is not, and no other one stops',
  async t => {
    await openNursery(
      async nursery => {
        const deaf = await inline(nursery, 'deaf');
        const below = deaf.run(() =>
          openNursery(async inner => {
            const alone = await inline(inner, 'alone', true);
            await breakpoint();
            await alone.run(() => breakpoint());
          }),
        );
        const {actor} = await next();
        t.is(actor.name, 'alone');
        const beside = await inline(nursery, 'beside', true);
        const later = beside.run(() => breakpoint());
        await breakpoint();
        await answer();
        t.is((await answer()).actor.name, 'beside');
        await Promise.all([below, later]);
      },
      {debug: false, logLevel: 'silent'},
    );
    t.is(open.length, 0);
  },
);

test.serial('without a terminal a breakpoint warns once and goes on', async t => {
  asked.terminal = false;
  const warnings: string[] = [];
  const ignore = (): void => {};
  const logger = {debug: ignore, info: ignore, error: ignore, warn: (_: object, text: string) => warnings.push(text)};
  await tree(
    async nursery => {
      const portal = await inline(nursery, 'child');
      await breakpoint();
      await portal.run(() => breakpoint());
      await portal.run(() => breakpoint());
    },
    {logger, logLevel: 'warn'},
  );
  t.is(open.length, 0);
  t.deepEqual(
    warnings.filter(text => !text.includes('/dev/tty')),
    [],
  );
  t.is(warnings.length, 1);
});

test.serial('RXTRACTOR_DEBUG=1 is debug mode for a root that says nothing, and not for one that does', async t => {
  process.env.RXTRACTOR_DEBUG = '1';
  t.teardown(() => delete process.env.RXTRACTOR_DEBUG);
  await main(() => breakpoint(), {debug: false, logLevel: 'silent'});
  t.is(open.length, 0);
  const done = main(() => breakpoint(), {logLevel: 'silent'});
  await answer();
  await done;
});

test.serial('P1: Ctrl-C does not end the tree while somebody is at the prompt', async t => {
  const code = process.exitCode;
  const done = main(() => breakpoint().then(() => 'on'), {debug: true});
  await next();
  for (let i = 0; i < 5; i++) process.emit('SIGINT', 'SIGINT');
  await turns();
  await answer();
  t.is(await done, 'on');
  t.is(process.exitCode, code);
});

test.serial('calls and streams that end by themselves never ask whether somebody is at the prompt', async t => {
  let asked = 0;
  await openNursery(async nursery => {
    const portal = await inline(nursery, 'child');
    const {scope} = (current() as {runtime: object}).runtime as Actor;
    scope.ownClock = plainClock.gatedBy({
      isClosed: () => false,
      opened: () => {
        asked++;
        return undefined;
      },
    });
    for (let i = 0; i < 50; i++) await portal.with({timeout: 60_000}).run(() => i);
    let sum = 0;
    await portal
      .with({window: 4})
      .stream(() => [1, 2, 3, 4, 5, 6, 7, 8, 9])
      .consume(value => {
        sum += value;
      });
    const context = await portal.with({}).openContext(async ctx => {
      ctx.started.next(1);
      for await (const value of ctx.openStream()) return value;
    });
    await context.openStream().send('a');
    t.is(await context.result(), 'a');
    t.is(sum, 45);
    t.is(asked, 0);
    const leave = new AbortController();
    const cancelled = portal.with({signal: leave.signal}).run(() => sleep(1e9));
    leave.abort();
    await t.throwsAsync(cancelled, {instanceOf: ContextCancelled});
  });
  t.true(asked > 0, 'the end of an actor asks');
});

test.serial('outside a runtime a breakpoint goes on', async t => {
  await breakpoint();
  await postMortem(new Error('nowhere'));
  t.is(open.length, 0);
});
