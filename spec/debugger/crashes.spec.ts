// Errors that leave a task or the root, in one process: who is asked, in which order, and what goes on from there.
import {throwError} from 'rxjs';
import {hooks} from '../../lib/base/hooks.js';
import {Scope} from '../../lib/base/scope.js';
import {Crashes} from '../../lib/debugger/crashes.js';
import {
  ActorDied,
  breakpoint,
  type CallOptions,
  ContextCancelled,
  DebuggerQuit,
  type Nursery,
  NurseryError,
  openNursery,
  postMortem,
  RemoteActorError,
  type RootOptions,
  sleep,
} from '../../lib/index.js';
import {answer, asked, next, open} from '../kit/asked.js';
import {test} from '../kit/limited.js';
import {anyFunctions, type Callee, callsOf, turns} from '../kit/pair.js';

const quietly = (promise: Promise<unknown>): Promise<unknown> => promise.catch(error => error);

/** A root in debug mode; the inline actors below it share its modules, and so the prompt. */
function tree<T>(body: (nursery: Nursery) => Promise<T>, options: RootOptions = {}): Promise<T> {
  return openNursery(body, {debug: true, logLevel: 'silent', ...options});
}

async function inline(nursery: Nursery, name: string, debug?: boolean) {
  const options = {expose: anyFunctions, backend: 'inline', ...(debug !== undefined && {debug})} as const;
  const portal = await nursery.startActor(name, options);
  return Object.assign(callsOf(portal), {portal, with: (call: CallOptions) => callsOf(portal.with(call))});
}

/** Answers one prompt after the other: the names of those who stood there, while `work` goes on. */
async function visited(work: Promise<unknown>): Promise<{names: string[]; outcome: unknown}> {
  const names: string[] = [];
  let isOver = false;
  const outcome = quietly(work).finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await turns(1);
    const one = open.shift();
    if (!one) continue;
    names.push(one.actor.name);
    one.answer('continue');
  }
  return {names, outcome: await outcome};
}

test.afterEach.always(t => {
  t.is(open.length, 0, 'nobody stands at the prompt');
  asked.reset();
});

test.serial('an error that leaves a task is shown where it was thrown before the caller hears of it', async t => {
  await tree(async nursery => {
    const child = await inline(nursery, 'child');
    const error = new RangeError('out of it');
    let heard: unknown;
    const call = child
      .run(() => {
        throw error;
      })
      .catch(why => (heard = why));
    const {kind, actor, error: shown, task} = await next();
    t.deepEqual([kind, actor.name, shown, task], ['post-mortem', 'child', error, 'anyTask in child']);
    t.is(heard, undefined);
    await answer();
    await call;
    t.true(heard instanceof RemoteActorError);
    t.is((heard as RemoteActorError).type, 'RangeError');
  });
});

type Child = Awaited<ReturnType<typeof inline>>;
const boom = (): never => {
  throw new Error('boom');
};
const kinds: Record<string, (child: Child) => Promise<unknown>> = {
  'a task that throws at once': child => child.run(boom),
  'a task that throws later': child => child.run(() => turns(2).then(boom)),
  'a task that rejects with no Error': child => child.run(() => Promise.reject('text')),
  'a stream that throws before its first value': child => child.stream(boom).consume(() => {}),
  'an Observable that fails': child => child.stream(() => throwError(() => new Error('boom'))).consume(() => {}),
  'a generator that throws': child =>
    child
      .stream(function* () {
        yield 1;
        boom();
      })
      .consume(() => {}),
  'an operator': child =>
    child
      .operator(boom)([1])
      .consume(() => {}),
  'a context before it has started': child => child.openContext(boom),
  'a context after it has started': async child => {
    const context = await child.openContext(async (ctx: Callee) => {
      ctx.started.next(1);
      await turns(2);
      boom();
    });
    return context.result();
  },
};
for (const [name, fail] of Object.entries(kinds))
  test.serial(`the error of a remote function is shown once: ${name}`, async t => {
    await tree(async nursery => {
      const child = await inline(nursery, 'child');
      const {names, outcome} = await visited(fail(child));
      t.deepEqual(names, ['child']);
      t.true(outcome instanceof RemoteActorError);
    });
  });

test.serial(
  'an error climbs: each actor on its way has its prompt, then the root, then it rejects with it',
  async t => {
    const {names, outcome} = await visited(
      tree(async nursery => {
        const top = await inline(nursery, 'top');
        await top.run(() => openNursery(async inner => (await inline(inner, 'leaf')).run(boom)));
      }),
    );
    t.deepEqual(names, ['leaf', 'top', 'root']);
    t.true(outcome instanceof RemoteActorError);
    t.deepEqual(
      (outcome as RemoteActorError).path.map(actor => actor.name),
      ['leaf', 'top'],
    );
  },
);

test.serial('the error of a task is shown while what the task has opened is there', async t => {
  await tree(async nursery => {
    const child = await inline(nursery, 'child');
    let isOver = false;
    const call = quietly(
      child.run(() => {
        const inner = openNursery(() => sleep(1e9));
        inner.catch(() => (isOver = true));
        throw new Error('boom');
      }),
    );
    await next();
    await turns(30);
    t.false(isOver);
    await answer();
    await call;
    t.true(isOver);
  });
});

test.serial('T9: what failed in a task and was awaited by nobody is shown before its caller hears of it', async t => {
  await tree(async nursery => {
    const child = await inline(nursery, 'child');
    const call = child.run(() => void openNursery(() => turns(2).then(boom)));
    const {names, outcome} = await visited(call);
    t.deepEqual(names, ['child']);
    t.regex(String(outcome), /boom/);
  });
});

test.serial('T9: the error of a root’s body is shown while the tree is there', async t => {
  const error = new Error('mine');
  let child!: Child;
  const failed = quietly(
    tree(async nursery => {
      child = await inline(nursery, 'child');
      throw error;
    }),
  );
  const {actor, error: shown} = await next();
  t.deepEqual([actor.name, shown], ['root', error]);
  t.is(await child.run(() => 'alive'), 'alive');
  await answer();
  t.is(await failed, error);
});

test.serial('T9: what failed in a root and was awaited by nobody is shown before the root rejects with it', async t => {
  const {names, outcome} = await visited(
    tree(async nursery => {
      const child = await inline(nursery, 'child');
      void child.run(boom);
      await sleep(1e9);
    }),
  );
  t.deepEqual(names, ['child', 'root']);
  t.true(outcome instanceof RemoteActorError);
});

test.serial('T9: so it is in a root without a body', async t => {
  const nursery = await openNursery({debug: true, logLevel: 'silent'});
  const child = await inline(nursery, 'child');
  void child.run(boom);
  await answer();
  await turns(20);
  const {names, outcome} = await visited(Promise.resolve(nursery[Symbol.asyncDispose]()));
  t.deepEqual(names, ['root']);
  t.true(outcome instanceof RemoteActorError);
});

test.serial('an error that is caught is shown to nobody, also when it has left an inner nursery', async t => {
  await tree(async nursery => {
    const child = await inline(nursery, 'child');
    const catches = async (): Promise<string> => {
      await openNursery(boom).catch(() => {});
      return Promise.reject(new Error('boom')).catch(() => 'caught');
    };
    t.is(await child.run(catches), 'caught');
    t.is(await catches(), 'caught');
    t.is(open.length, 0);
  });
});

test.serial('X5: a cancellation is shown to nobody', async t => {
  const outcome = await quietly(
    tree(async nursery => {
      const child = await inline(nursery, 'child');
      const leave = new AbortController();
      const call = quietly(child.with({signal: leave.signal}).run(() => sleep(1e9)));
      const late = quietly(child.with({timeout: 1}).run(() => sleep(1e9)));
      await turns();
      leave.abort();
      t.true((await call) instanceof ContextCancelled);
      throw await late;
    }),
  );
  t.true(outcome instanceof ContextCancelled);
});

test.serial('an error that was shown in an actor is not shown there again', async t => {
  await tree(async nursery => {
    const child = await inline(nursery, 'child');
    const error = new Error('kept');
    const fail = (): Promise<unknown> =>
      child.run(() => {
        throw error;
      });
    t.deepEqual((await visited(fail())).names, ['child']);
    t.deepEqual((await visited(fail())).names, []);
    const byHand = child.run(async () => {
      const other = new Error('other');
      await postMortem(other);
      throw other;
    });
    t.deepEqual((await visited(byHand)).names, ['child']);
  });
});

test('of what was shown, the parts and the boxes that the library makes are no news; another error is', t => {
  const crashes = new Crashes();
  const scope = new Scope('a spec');
  const cause = new Error('cause');
  const shown = new Error('shown', {cause});
  t.true(crashes.isNews(scope, shown));
  t.false(crashes.isNews(scope, shown));
  t.false(crashes.isNews(scope, cause));
  const other = new Error('other');
  t.true(crashes.isNews(scope, new NurseryError([shown, other], 'two')));
  t.false(crashes.isNews(scope, other));
  t.false(crashes.isNews(scope, new NurseryError([shown, other], 'two')));
  const exit = {code: 1, signal: null};
  t.false(crashes.isNews(scope, new ActorDied('died', {cause: shown, exit})));
  t.true(crashes.isNews(scope, new ActorDied('died', {exit})));
  t.true(crashes.isNews(scope, new Error('around it', {cause: shown})));
  t.true(crashes.isNews(scope, 'text'));
  t.false(crashes.isNews(scope, 'text'));
  t.true(crashes.isNews(new Scope('another task'), 'text'));
});

test('cancellations are no news, however many, and wherever they were passed through', t => {
  const crashes = new Crashes();
  const scope = new Scope('a spec');
  const cancelled = (): ContextCancelled =>
    new ContextCancelled('no more', {canceller: undefined, reason: 'requested'});
  const actor = {name: 'far', id: '1', pid: 1, host: ''};
  const remote = new RemoteActorError('far', {cause: cancelled(), type: 'ContextCancelled', path: [actor]});
  t.false(crashes.isNews(scope, cancelled()));
  t.false(crashes.isNews(scope, remote));
  t.false(crashes.isNews(scope, new NurseryError([cancelled(), remote], 'two')));
  t.true(crashes.isNews(scope, new NurseryError([cancelled(), new Error('real')], 'two')));
  const aborted = (): DOMException => new DOMException('aborted', 'AbortError');
  t.true(crashes.isNews(scope, aborted()));
  scope.cancel(cancelled());
  t.false(crashes.isNews(scope, aborted()));
  t.true(crashes.isNews(scope, new Error('in the clean-up')));
});

test.serial(
  'E6: q at a crash ends the task with DebuggerQuit around the error, and those above have their prompt',
  async t => {
    const error = new RangeError('out of it');
    const failed = quietly(
      tree(async nursery => {
        const child = await inline(nursery, 'child');
        await child.run(() => {
          throw error;
        });
      }),
    );
    t.is((await answer('quit')).actor.name, 'child');
    const above = await answer();
    t.is(above.actor.name, 'root');
    const outcome = (await failed) as RemoteActorError;
    t.is(above.error, outcome);
    t.true(outcome.is(DebuggerQuit));
    t.is((outcome.cause as Error).cause instanceof RangeError, true);
  },
);

test.serial('q at a breakpoint is not shown again in its actor, and it is in those above', async t => {
  const failed = quietly(tree(async nursery => (await inline(nursery, 'child')).run(() => breakpoint())));
  t.is((await answer('quit')).kind, 'breakpoint');
  const {names, outcome} = await visited(failed.then(error => Promise.reject(error)));
  t.deepEqual(names, ['root']);
  t.true((outcome as RemoteActorError).is(DebuggerQuit));
});

test.serial('q in a root is shown to nobody else', async t => {
  const failed = quietly(tree(async () => openNursery(async () => breakpoint())));
  await answer('quit');
  t.true((await failed) instanceof DebuggerQuit);
});

test.serial('q at the crash of a root ends it with DebuggerQuit around the error', async t => {
  const failed = quietly(tree(async () => boom()));
  await answer('quit');
  const error = (await failed) as Error;
  t.true(error instanceof DebuggerQuit);
  t.is((error.cause as Error).message, 'boom');
});

test.serial('an error of the clean-up of a cancelled task is shown', async t => {
  await tree(async nursery => {
    const child = await inline(nursery, 'child');
    const leave = new AbortController();
    const call = quietly(child.with({signal: leave.signal}).run(() => sleep(1e9).catch(boom)));
    await turns();
    leave.abort();
    const {error} = await answer();
    t.is((error as Error).message, 'boom');
    await call;
  });
});

test.serial(
  'a crash that waits for the terminal leaves the queue when its task is cancelled, with its error',
  async t => {
    await tree(async nursery => {
      const [one, two] = [await inline(nursery, 'one'), await inline(nursery, 'two')];
      const first = quietly(one.run(boom));
      await next();
      const leave = new AbortController();
      const second = quietly(two.with({signal: leave.signal}).run(boom));
      await turns(30);
      leave.abort();
      t.true((await second) instanceof RemoteActorError);
      t.is((await answer()).actor.name, 'one');
      await first;
    });
  },
);

test.serial('T10: crashes that wait for their turn keep it when the tree is torn down', async t => {
  const order: string[] = [];
  const failed = quietly(
    tree(async nursery => {
      const [one, two] = [await inline(nursery, 'one'), await inline(nursery, 'two')];
      void quietly(one.run(boom));
      await next();
      void quietly(two.run(boom));
      await turns(30);
      // In its own actor it waits: nobody else knows that, and its cancel comes.
      void quietly(one.run(boom));
      void quietly(one.run(boom));
      await turns(30);
      void nursery.cancel();
      await sleep(1e9);
    }),
  );
  for (let i = 0; i < 4; i++) {
    await turns(30);
    order.push((await answer()).actor.name);
  }
  await failed;
  t.deepEqual(order.sort(), ['one', 'one', 'one', 'two']);
});

test.serial('without a terminal, an error goes on as it is, and nothing is said', async t => {
  asked.terminal = false;
  const lines: string[] = [];
  const note = (_: object, text: string): void => void lines.push(text);
  const logger = {debug: note, info: note, warn: note, error: note};
  const error = new Error('mine');
  const outcome = await quietly(
    tree(
      async nursery => {
        const child = await inline(nursery, 'child');
        for (let i = 0; i < 3; i++) t.true((await quietly(child.run(boom))) instanceof RemoteActorError);
        throw error;
      },
      {logger, logLevel: 'warn'},
    ),
  );
  t.is(outcome, error);
  t.deepEqual(lines, []);
});

test.serial('a prompt that fails costs nothing but itself: the error goes on as it is', async t => {
  const error = new Error('mine');
  const failed = quietly(
    tree(async () => {
      throw error;
    }),
  );
  const one = await next();
  open.shift();
  one.fail(new Error('the terminal is gone'));
  t.is(await failed, error);
});

test.serial('an actor without debug mode has no prompt; those above it have', async t => {
  const {names, outcome} = await visited(tree(async nursery => (await inline(nursery, 'deaf', false)).run(boom)));
  t.deepEqual(names, ['root']);
  t.true(outcome instanceof RemoteActorError);
});

test.serial('a call that is looked at has all the time that it needs, and so has its caller', async t => {
  await tree(
    async nursery => {
      const child = await inline(nursery, 'child');
      const call = quietly(child.with({timeout: 2_000}).run(boom));
      await next();
      await new Promise(resolve => setTimeout(resolve, 2_500));
      await answer();
      t.true((await call) instanceof RemoteActorError);
    },
    {timeouts: {exit: 50}},
  );
});

test.serial('once the last tree in debug mode is closed, nobody is told of an error', async t => {
  await tree(async () => t.is(typeof hooks.crashed, 'function'));
  t.is(hooks.crashed, undefined);
  await t.throwsAsync(
    openNursery(async () => boom(), {debug: false}),
    {message: 'boom'},
  );
});
