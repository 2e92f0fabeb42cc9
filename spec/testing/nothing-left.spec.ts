// Things that a tree has left behind, and the parts of tests without processes and without actors.
// Above lib/testing/nothing-left.ts, test-nursery.ts and local-context.ts.
import {closeSync, mkdirSync, openSync, rmdirSync} from 'node:fs';
import {createServer} from 'node:net';
import {fileURLToPath} from 'node:url';
import {type CalleeContext, context, findActor, openNursery, task} from '../../lib/index.js';
import {assertNothingLeft, localContext, testNursery} from '../../lib/testing/index.js';
import {makeFolder} from '../../lib/transport/folder.js';
import {stays} from '../fixtures/stays.js';
import {startProgram} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

const test = spawning();
const at = (name: string) => ({module: import.meta.url, name});
const here = fileURLToPath(import.meta.url);
const look = {within: 50};

const double = task((value: number) => 2 * value, at('double'));
const counter = context(async (ctx: CalleeContext<string, number, string>, from: number) => {
  ctx.started.next('ready');
  let count = from;
  for await (const command of ctx.openStream()) {
    if (command === 'fail') throw new RangeError('as it was told');
    count++;
  }
  return count;
}, at('counter'));

test('testNursery runs every actor in this process, whatever its backend is', async t => {
  const pids = await testNursery(async nursery => {
    const options = {expose: [double], env: {A: 'b'}, maxHeap: 50} as const;
    const actors = [
      await nursery.startActor('a', options),
      await nursery.startActor('b', {expose: [double], backend: 'thread'}),
    ];
    t.is(await actors[0]?.run(double, 21), 42);
    t.is((await findActor('b'))?.actor.name, 'b');
    return actors.map(({actor}) => actor.pid);
  });
  t.deepEqual(pids, [process.pid, process.pid]);
});

test('each actor of testNursery has its own arguments, and hands them down', async t => {
  const before = Object.getOwnPropertyDescriptor(process, 'argv');
  const own = process.argv.slice(2);
  const [fast, below, plain, root] = await testNursery(async nursery => {
    const portal = await nursery.startActor('a', {expose: [args, argsBelow], argv: ['--fast']});
    const other = await nursery.startActor('b', {expose: [args]});
    return [await portal.run(args), await portal.run(argsBelow), await other.run(args), process.argv.slice(2)];
  });
  t.deepEqual([fast, below], [['--fast'], ['--fast']]);
  t.deepEqual([plain, root], [own, own]);
  t.deepEqual(Object.getOwnPropertyDescriptor(process, 'argv'), before);
});
const args = task(() => process.argv.slice(2), at('args'));
const argsBelow = task(
  () =>
    openNursery(async nursery => {
      const portal = await nursery.startActor('below', {expose: [args]});
      return portal.run(args);
    }),
  at('argsBelow'),
);

test('the lines of an actor without a process end with it', async t => {
  await testNursery(async nursery => {
    const portal = await nursery.startActor('a', {expose: [double], stdio: 'pipe'});
    const ended = new Promise<string>(resolve => {
      portal.output.subscribe({next: ({line}) => resolve(line), complete: () => resolve('complete')});
    });
    await portal.cancelActor();
    t.is(await ended, 'complete');
  });
});

test('testNursery rejects with the error of its body, and otherwise with what is left', async t => {
  const error = new Error('mine');
  t.is(await t.throwsAsync(testNursery(() => Promise.reject(error))), error);
  let timer: NodeJS.Timeout | undefined;
  // Also when it was not found: otherwise this process would not end.
  t.teardown(() => clearInterval(timer));
  const left = testNursery(() => {
    timer = setInterval(() => {}, 1_000);
  });
  await t.throwsAsync(left, {
    code: 'ERR_ACTOR',
    message: /^1 things? (?:is|are) left:\n {2}timer of 1000 ms of root, made at /,
  });
});

/** Leaves something behind, looks for it, and takes it away. */
const left = (title: string, leave: () => Promise<() => unknown>, expected: RegExp): void =>
  test(`what is left is listed: ${title}`, async t => {
    await assertNothingLeft();
    const takeAway = await leave();
    const error = await assertNothingLeft(look).catch((thrown: Error) => thrown);
    await takeAway();
    t.regex(String(error), expected);
    await t.notThrowsAsync(assertNothingLeft());
  });

const inActor = async <T>(make: () => T | Promise<T>): Promise<T> => openNursery(async () => make());

left(
  'a timer',
  () =>
    inActor(() => {
      const timer = setTimeout(() => {}, 60_000);
      return () => clearTimeout(timer);
    }),
  /timer of 60000 ms of root, made at .*nothing-left\.spec/,
);

left(
  'a socket',
  () =>
    inActor(async () => {
      const server = createServer();
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
      return () => new Promise(resolve => server.close(resolve));
    }),
  /socket: descriptor \d+ of root/,
);

left(
  'a descriptor',
  async () => {
    const fd = openSync(here, 'r');
    return () => closeSync(fd);
  },
  /: 1 thing is left:\n {2}descriptor \d+: .*nothing-left\.spec\.js$/,
);

left(
  'a process, and the context into it',
  async () => {
    const nursery = await openNursery({name: 'unfinished'});
    const portal = await nursery.startActor('worker', {expose: [stays]});
    await portal.openContext(stays);
    return async () => {
      await nursery.cancel();
      await Promise.resolve(nursery[Symbol.asyncDispose]()).catch(() => {});
    };
  },
  /context: unfinished calls stays in worker .*nothing-left\.spec.*process: .*child\.js.* worker.* \(pid \d+\)/s,
);

left(
  'an entry in the folder for sockets',
  async () => {
    const folder = makeFolder({treeId: 'left0000'});
    mkdirSync(`${folder.path}/entry`);
    return () => {
      rmdirSync(`${folder.path}/entry`);
      folder.remove();
    };
  },
  /folder entry: .*left0000.*\/entry/,
);

test('input and output of the process are not left behind by the actor that looks at them first', async t => {
  const running = startProgram(t, 'prints-in-an-actor');
  t.is(await running.next(), 'said');
  t.is(await running.next(), 'nothing left');
  t.deepEqual(await running.exited, {code: 0, signal: null});
});

test('what is about to end is waited for', async t => {
  await inActor(() => {
    setTimeout(() => {}, 200);
  });
  await t.notThrowsAsync(assertNothingLeft());
});

test('wrong options of assertNothingLeft are refused', async t => {
  await t.throwsAsync(assertNothingLeft({within: Number.NaN}), {instanceOf: RangeError});
  await t.throwsAsync(assertNothingLeft({with: 1} as never), {instanceOf: TypeError});
});

test('localContext gives the face of the caller, and needs no actor', async t => {
  const counting = localContext(counter, 10);
  const wire = counting.openStream();
  await wire.send('next');
  await wire.send('next');
  t.is(counting.first, 'ready');
  wire.complete();
  t.is(await counting.result(), 12);
});

test('localContext: errors and cancels come as they do from an actor', async t => {
  const failing = localContext(counter, 1);
  failing.openStream().next('fail');
  const error = await t.throwsAsync(failing.result(), {code: 'ERR_REMOTE'});
  t.true(error.cause instanceof RangeError);
  const waiting = localContext(counter, 1);
  waiting.result().catch(() => {});
  t.true(await waiting.cancel('enough'));
  t.true(waiting.cancelAcked);
  t.throws(() => localContext(counter, (() => {}) as never), {code: 'ERR_UNSERIALIZABLE'});
  t.throws(() => localContext(double as never), {instanceOf: TypeError, message: /of the kind context, not a task/});
  await assertNothingLeft();
});
