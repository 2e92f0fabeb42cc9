// Calls that are refused: at the caller before anything is sent, or by the callee without harm to it.
import {AsyncLocalStorage} from 'node:async_hooks';
import {firstValueFrom} from 'rxjs';
import {
  ContextCancelled,
  type Marked,
  NotExposed,
  openNursery,
  type Portal,
  RemoteActorError,
  TransportClosed,
  Unserializable,
} from '../../lib/index.js';
import {talk} from '../fixtures/contexts.js';
import {add, badStream, double, echo, hidden, plain, unsendable} from '../fixtures/tasks.js';
import {home, twins} from '../fixtures/twins.js';
import {fixture, startNode} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({always: 5});

const exposed = [add, badStream, double, echo, unsendable, talk];

/** Runs `use` with an actor, and sees that it still serves afterwards. */
async function withActor(use: (portal: Portal) => Promise<void>): Promise<number> {
  return openNursery(async nursery => {
    const portal = await nursery.startActor('callee', {expose: exposed});
    await use(portal);
    return portal.run(add, 1, 2);
  });
}

test('T5: a function that is not exposed is NotExposed, and the actor lives on', async t => {
  const sum = await withActor(async portal => {
    const error = await t.throwsAsync(portal.run(hidden));
    const cause = error instanceof RemoteActorError ? error.cause : error;
    t.true(cause instanceof NotExposed, String(error));
    t.regex(String((cause as Error).message), /not exposed/);
    t.regex(String((cause as Error).message), /tasks\.js/);
  });
  t.is(sum, 3);
});

test('T5: a module URL exposes all marked exports of the module and nothing else', async t => {
  await openNursery(async nursery => {
    const portal = await nursery.startActor('callee', {expose: [fixture('tasks')]});
    t.is(await portal.run(hidden), 'nobody may know');
    await t.throwsAsync(portal.openContext(talk), {message: /not exposed/});
  });
});

test('T6: an unmarked function is a TypeError at the caller that says how to mark it', async t => {
  const sum = await withActor(async portal => {
    await t.throwsAsync(portal.run(plain as typeof plain & Marked<'task'>), {
      instanceOf: TypeError,
      message: /plain is not marked.*task\(\)/,
    });
  });
  t.is(sum, 3);
});

test('T6: a function of the wrong kind is a TypeError at the caller that names the right verb', async t => {
  const sum = await withActor(async portal => {
    const asTask = badStream as unknown as typeof plain & Marked<'task'>;
    const asContext = add as unknown as typeof talk;
    await t.throwsAsync(portal.run(asTask), {instanceOf: TypeError, message: /stream\(\)/});
    await t.throwsAsync(portal.openContext(asContext), {instanceOf: TypeError, message: /run\(\)/});
    await t.throwsAsync(
      new Promise((resolve, reject) => {
        portal.stream(add as unknown as typeof badStream).subscribe({error: reject, complete: () => resolve(0)});
      }),
      {instanceOf: TypeError, message: /run\(\)/},
    );
  });
  t.is(sum, 3);
});

test('T6: an argument that cannot be serialized is refused at the caller with its path', async t => {
  const sum = await withActor(async portal => {
    const deep = {deep: [1, () => 1]};
    const error = await t.throwsAsync(portal.run(echo, deep), {instanceOf: Unserializable});
    t.deepEqual(error.path, ['args', 0, 'deep', 1]);
    t.regex(error.message, /^portal\.run\(echo\): args\[0\]\.deep\[1\] cannot be sent/);
    t.is(error.code, 'ERR_UNSERIALIZABLE');
  });
  t.is(sum, 3);
});

test('a result that cannot be serialized fails the call with its path, and the actor lives on', async t => {
  const sum = await withActor(async portal => {
    for (const [what, path] of [
      ['function', /^unsendable: result cannot be sent/],
      ['deep', /^unsendable: result\.a\[1\]\.b cannot be sent/],
    ] as const) {
      const error = await t.throwsAsync(portal.run(unsendable, what), {instanceOf: RemoteActorError});
      t.true(error.cause instanceof Unserializable);
      t.regex((error.cause as Error).message, path);
    }
  });
  t.is(sum, 3);
});

test('a value of a stream that cannot be serialized fails the stream after the values before it', async t => {
  const sum = await withActor(async portal => {
    const got: unknown[] = [];
    const error = await t.throwsAsync(
      (async () => {
        for await (const value of portal.stream(badStream)) got.push(value);
      })(),
    );
    t.deepEqual(got, [1]);
    const cause = error instanceof RemoteActorError ? error.cause : error;
    t.true(cause instanceof Unserializable, String(error));
    t.deepEqual((cause as Unserializable).path, ['value', 'deep', 1]);
  });
  t.is(sum, 3);
});

test('a value that send() cannot serialize is refused alone, and the stream goes on', async t => {
  await withActor(async portal => {
    const context = await portal.openContext(talk);
    const wire = context.openStream();
    await t.throwsAsync(wire.send({x: [Symbol('no')]} as never), {
      instanceOf: Unserializable,
      message: /^talk: value\.x\[0\]/,
    });
    await wire.send('hello');
    t.deepEqual(await wire[Symbol.asyncIterator]().next(), {done: false, value: 'HELLO'});
    wire.complete();
    t.is(await context.result(), 1);
  });
});

test('T6: calls on the portal of an actor that has ended reject with a closed TransportClosed', async t => {
  await openNursery(async nursery => {
    const portal = await nursery.startActor('gone', {expose: exposed});
    t.true(await portal.cancelActor());
    for (const call of [
      () => portal.run(add, 1, 2),
      () => portal.openContext(talk),
      () => portal.stream(badStream)[Symbol.asyncIterator]().next(),
    ]) {
      const error = await t.throwsAsync(async () => call(), {instanceOf: TransportClosed, message: /gone/});
      t.is(error.kind, 'closed');
    }
    t.true(await portal.cancelActor(), 'ending it again is no failure');
  });
});

for (const how of ['left', 'cancelled']) {
  test(`C12: a call whose nursery has settled, ${how}, rejects with reason scope, and says with({scope})`, async t => {
    let portal: Portal | undefined;
    await openNursery(async nursery => {
      portal = await nursery.startActor('gone', {backend: 'inline', expose: exposed});
      if (how === 'cancelled') await nursery.cancel('enough');
    });
    const gone = portal as Portal;
    for (const call of [
      () => gone.run(add, 1, 2),
      () => gone.openContext(talk),
      () => firstValueFrom(gone.context(talk)),
      () => firstValueFrom(gone.stream(badStream)),
      () => gone.stream(badStream)[Symbol.asyncIterator]().next(),
    ]) {
      const error = await t.throwsAsync(async () => call(), {instanceOf: ContextCancelled, message: /with\({scope: /});
      t.is(error.reason, 'scope');
      if (how === 'cancelled') t.is((error.cause as Error).cause as unknown, 'enough');
    }
  });
}

test('C12: a call from code that has outlived its scope is made all the same when it names another', async t => {
  await openNursery(async outer => {
    const portal = await outer.startActor('kept', {backend: 'inline', expose: exposed});
    let late: ReturnType<typeof AsyncLocalStorage.snapshot> | undefined;
    await openNursery(async () => {
      late = AsyncLocalStorage.snapshot();
    });
    const inLate = late as unknown as <T>(fn: () => T) => T;
    const error = await t.throwsAsync(
      inLate(() => portal.run(add, 1, 2)),
      {instanceOf: ContextCancelled},
    );
    t.is(error.reason, 'scope');
    t.is(await inLate(() => portal.with({scope: outer}).run(add, 1, 2)), 3);
  });
});

test('two marks at one place are refused at the call, with how to name them', async t => {
  const [first] = twins;
  await openNursery(async nursery => {
    await t.throwsAsync(nursery.startActor('twins', {expose: [first as (typeof twins)[number]]}), {
      instanceOf: TypeError,
      message: /several functions are marked at .*name: /,
    });
  });
});

test('marks at one place that have names of their own can be called', async t => {
  await openNursery(async nursery => {
    const portal = await nursery.startActor('named', {expose: Object.values(home)});
    t.is(await portal.run(home.left), 'left');
    t.is(await portal.run(home.right), 'right');
  });
});

test('T7: a mark that is made in --eval is refused', async t => {
  const index = new URL('../../lib/index.js', import.meta.url).href;
  const source = `import {main, task} from ${JSON.stringify(index)};
    const add = task((a, b) => a + b);
    await main(nursery => nursery.run(add, 1, 2));`;
  const program = startNode(t, ['--input-type=module', '--eval', source]);
  t.deepEqual(await program.exited, {code: 1, signal: null});
  t.regex(program.stderr, /TypeError: .*put it in a file/);
});
