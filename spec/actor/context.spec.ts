// Contexts and their streams over a real process: the rules C1 to C6, X2 to X11, S1 to S6 as users meet them.
import {readFileSync} from 'node:fs';
import test from 'ava';
import {firstValueFrom, from, lastValueFrom, NEVER, take, throwError, toArray} from 'rxjs';
import {
  type CallOptions,
  ContextCancelled,
  type Nursery,
  openNursery,
  type Portal,
  ProtocolError,
  RemoteActorError,
  StreamClosed,
  StreamOverrun,
  sleep,
} from '../../lib/index.js';
import {returns, talk} from '../fixtures/contexts.js';
import {failsAfter, neverStarts, opensEarly, startsTwice} from '../fixtures/failing-contexts.js';
import {countTo, endless, plus} from '../fixtures/streams.js';
import {add, badStream} from '../fixtures/tasks.js';
import {tidy} from '../fixtures/tidy.js';
import {deafEar, halfClose} from '../fixtures/two-way.js';
import {notesOf} from '../kit/folder.js';
import {leavesNothing} from '../kit/spawning.js';

/** One actor serves all tests of this file: whatever becomes of their contexts, it goes on serving (rule C11). */
let nursery: Nursery;
let portal: Portal;

const contexts = [failsAfter, neverStarts, opensEarly, returns, startsTwice, talk];
const flows = [countTo, deafEar, endless, halfClose, plus, tidy];

test.before(async () => {
  // Time enough on a loaded machine: a cancel is never given up here unless a test says so.
  nursery = await openNursery({timeouts: {exit: 30_000}});
  portal = await nursery.startActor('callee', {expose: [...contexts, ...flows, add, badStream]});
});

leavesNothing({
  warns: true,
  last: async t => {
    t.is(await portal.run(add, 1, 2), 3, 'the actor still serves');
    await nursery[Symbol.asyncDispose]();
  },
});

test('C1: openContext resolves with the first value of started', async t => {
  const context = await portal.openContext(talk);
  t.is(context.first, 'ready');
  t.is(context.peer.name, 'callee');
  t.true(await context.cancel());
});

test('C2: a function that fails before started fails openContext with its error', async t => {
  const error = await t.throwsAsync(portal.openContext(neverStarts, 'throw'), {instanceOf: RemoteActorError});
  t.true(error.is(RangeError));
});

test('C2: a function that returns without started fails openContext with a ProtocolError that names it', async t => {
  await t.throwsAsync(portal.openContext(neverStarts, 'return'), {instanceOf: ProtocolError, message: /started/});
});

test('C2: a context that is cancelled before started fails openContext with ContextCancelled', async t => {
  const controller = new AbortController();
  const opening = portal.with({signal: controller.signal}).openContext(neverStarts, 'wait');
  await portal.run(add, 1, 2);
  controller.abort('no more');
  const error = await t.throwsAsync(opening, {instanceOf: ContextCancelled});
  t.is(error.cause as unknown, 'no more');
});

test('C3: a late subscriber of started still sees the value, then completion', async t => {
  const context = await portal.openContext(talk);
  t.deepEqual(await lastValueFrom(context.started.pipe(toArray())), ['ready']);
  t.deepEqual(await lastValueFrom(context.started.pipe(toArray())), ['ready']);
  await context.cancel();
});

test('C3: a second started, and a stream before started, are a ProtocolError at the callee', async t => {
  const context = await portal.openContext(startsTwice);
  const error = await t.throwsAsync(context.result(), {instanceOf: RemoteActorError});
  t.true(error.is(ProtocolError));
  const early = await t.throwsAsync(portal.openContext(opensEarly), {instanceOf: RemoteActorError});
  t.true(early.is(ProtocolError));
});

for (const value of [undefined, null, false, 0, '', [1, {a: 2}]]) {
  test(`C4: result() gives ${JSON.stringify(value)} as it was returned, any number of times`, async t => {
    const context = await portal.openContext(returns, value);
    t.deepEqual(await Promise.all([context.result(), context.result()]), [value, value]);
    t.deepEqual(await context.result(), value);
  });
}

test('C4: result() drains what nobody wants, and counts it as dropped', async t => {
  const context = await portal.with({window: 4}).openContext(halfClose, 100);
  const wire = context.openStream({window: 4});
  wire.complete();
  t.is(await context.result(), 0);
  t.is(wire.stats.dropped, 100);
});

test('C4: result() gives attached consumers every value first', async t => {
  const context = await portal.openContext(halfClose, 100);
  const wire = context.openStream({window: 4});
  const values = lastValueFrom(wire.pipe(toArray()));
  wire.complete();
  t.is(await context.result(), 0);
  t.is((await values).length, 100);
  t.is(wire.stats.dropped, 0);
});

test('C4: result() of a function that throws rejects with its error', async t => {
  const context = await portal.openContext(failsAfter, 0);
  const error = await t.throwsAsync(context.result(), {instanceOf: RemoteActorError, message: /after the values/});
  t.true(error.is(RangeError));
});

test('C5: after cancel() result() rejects with ContextCancelled whose canceller is this actor', async t => {
  const context = await portal.openContext(talk);
  t.false(context.cancelCalled);
  t.true(await context.cancel('enough'));
  const error = await t.throwsAsync(context.result(), {instanceOf: ContextCancelled});
  t.is(error.canceller?.pid, process.pid);
  t.is(error.reason, 'requested');
  t.is(error.cause as unknown, 'enough');
  t.true(error.acked);
  t.true(context.cancelCalled);
  t.true(context.cancelAcked);
  t.is(context.canceller?.pid, process.pid);
  t.true(context.signal.aborted);
});

test('C5: a result that was on its way when cancel() was called is kept', async t => {
  const context = await portal.openContext(returns, 'kept');
  await portal.run(add, 1, 2);
  t.true(await context.cancel());
  t.is(await context.result(), 'kept');
});

test('X2: cancel() resolves only after the remote clean-up has ended, its own awaits included', async t => {
  const {file, lines} = notesOf(t);
  const context = await portal.openContext(tidy, file, 300);
  t.true(await context.cancel('why not'));
  t.deepEqual(lines(), ['begin true why not', 'end']);
  await t.throwsAsync(context.result(), {instanceOf: ContextCancelled});
});

test('X2: cancel() resolves false when the clean-up takes longer than its timeout, and never rejects', async t => {
  const {file, lines} = notesOf(t);
  const context = await portal.openContext(tidy, file, 700);
  t.false(await context.cancel('too slow', {timeout: 50}));
  const error = await t.throwsAsync(context.result(), {instanceOf: ContextCancelled});
  t.false(error.acked);
  t.true(await context.cancel(), 'a second, patient cancel sees the end');
  t.deepEqual(lines(), ['begin true too slow', 'end']);
});

test('X2: cancel() may be called any number of times', async t => {
  const {file, lines} = notesOf(t);
  const context = await portal.openContext(tidy, file, 50);
  t.deepEqual(await Promise.all([context.cancel('first'), context.cancel('second'), context.cancel()]), [
    true,
    true,
    true,
  ]);
  t.deepEqual(lines(), ['begin true first', 'end']);
  t.true(await context.cancel());
  await t.throwsAsync(context.result(), {instanceOf: ContextCancelled});
});

test('X4: a reason that cannot be serialized is told as a text', async t => {
  const {file, lines} = notesOf(t);
  const context = await portal.openContext(tidy, file, 0);
  t.true(await context.cancel(Symbol('reason')));
  t.deepEqual(lines(), ['begin true Symbol(reason)', 'end']);
  await t.throwsAsync(context.result(), {instanceOf: ContextCancelled});
});

test('X10: a timeout cancels with reason deadline', async t => {
  const {file, lines} = notesOf(t);
  // On a busy machine the time may be over before `started`.
  const outcome = portal
    .with({timeout: 400})
    .openContext(tidy, file, 0)
    .then(context => context.result());
  const error = await t.throwsAsync(outcome, {instanceOf: ContextCancelled});
  t.like(error, {reason: 'deadline', acked: true});
  t.is(lines().at(-1), 'end');
});

test('X10: a signal that has aborted, and a timeout of nothing, prevent the call', async t => {
  const {file} = notesOf(t);
  const aborted = await t.throwsAsync(portal.with({signal: AbortSignal.abort('no')}).openContext(tidy, file, 0), {
    instanceOf: ContextCancelled,
  });
  t.is(aborted.cause as unknown, 'no');
  const late = await t.throwsAsync(portal.with({timeout: 0}).run(add, 1, 2), {instanceOf: ContextCancelled});
  t.is(late.reason, 'deadline');
  t.throws(() => portal.with({timeout: Number.NaN}), {instanceOf: RangeError, message: /timeout/});
  t.is(await portal.with({timeout: 2 ** 40}).run(add, 1, 2), 3);
  t.throws(() => readFileSync(file));
});

test('options of a call that are none are refused at once', async t => {
  t.throws(() => portal.with({colour: 'red'} as CallOptions), {instanceOf: TypeError, message: /no option colour/});
  t.throws(() => portal.with({window: 0}), {instanceOf: RangeError, message: /window/});
  t.throws(() => portal.with({bufferBytes: -1}), {instanceOf: RangeError, message: /bufferBytes/});
  const context = await portal.openContext(talk);
  t.throws(() => context.openStream({windowBytes: Number.NaN}), {instanceOf: RangeError, message: /windowBytes/});
  await context.cancel();
});

test('S2: complete() ends the other side, which may go on sending: a half-close', async t => {
  const context = await portal.openContext(halfClose, 3);
  const wire = context.openStream();
  const got: number[] = [];
  for await (const value of wire) got.push(value);
  t.deepEqual(got, [0, 1, 2]);
  await wire.send(20);
  wire.next(22);
  wire.complete();
  wire.complete();
  t.is(await context.result(), 42);
});

test('S2: close() ends both directions, twice without harm, and the result still arrives', async t => {
  const context = await portal.openContext(talk);
  const wire = context.openStream();
  await wire.send('a');
  t.deepEqual(await wire[Symbol.asyncIterator]().next(), {done: false, value: 'A'});
  await wire.close();
  await wire.close();
  t.true(wire.closed);
  t.is(await context.result(), 1);
});

test('S1: a stream is opened once, and not again after it was closed', async t => {
  const context = await portal.openContext(talk);
  const wire = context.openStream();
  t.throws(() => context.openStream(), {instanceOf: ProtocolError});
  await wire.close();
  t.throws(() => context.openStream(), {instanceOf: StreamClosed});
  await context.result();
});

test('S3: leaving an iterator keeps the stream open, and the next consumer goes on without loss', async t => {
  const context = await portal.openContext(halfClose, 10);
  const wire = context.openStream();
  const first: number[] = [];
  for await (const value of wire) {
    first.push(value);
    if (first.length === 4) break;
  }
  const rest: number[] = [];
  for await (const value of wire) rest.push(value);
  t.deepEqual([...first, ...rest], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  wire.complete();
  await context.result();
});

test('S3: unsubscribing keeps the stream open, and the next subscriber goes on without loss', async t => {
  const context = await portal.openContext(halfClose, 10);
  const wire = context.openStream();
  const first = await lastValueFrom(wire.pipe(take(4), toArray()));
  const rest = await lastValueFrom(wire.pipe(toArray()));
  t.deepEqual([...first, ...rest], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  wire.complete();
  await context.result();
});

test('S3: two iterators that are made in one turn each see every value', async t => {
  const context = await portal.openContext(halfClose, 50);
  const wire = context.openStream({window: 8});
  const iterators = [wire.iterate(), wire.iterate()];
  const all = await Promise.all(
    iterators.map(async iterator => {
      const got: number[] = [];
      for await (const value of iterator) got.push(value);
      return got;
    }),
  );
  t.deepEqual(
    all[0],
    Array.from({length: 50}, (_, i) => i),
  );
  t.deepEqual(all[1], all[0]);
  wire.complete();
  await context.result();
});

test('S6: send() after complete() and after close() rejects with StreamClosed, next() throws it', async t => {
  const context = await portal.openContext(talk);
  const wire = context.openStream();
  wire.complete();
  await t.throwsAsync(wire.send('late'), {instanceOf: StreamClosed});
  t.throws(() => wire.next('late'), {instanceOf: StreamClosed});
  t.is(await context.result(), 0);
});

test('S6: after the context has ended next() drops and counts, and send() rejects', async t => {
  const context = await portal.openContext(returns, 1);
  const wire = context.openStream() as unknown as {
    next(value: number): void;
    send(value: number): Promise<void>;
    stats: {dropped: number};
  };
  await context.result();
  t.notThrows(() => wire.next(1));
  t.notThrows(() => wire.next(2));
  t.is(wire.stats.dropped, 2);
  await t.throwsAsync(wire.send(3), {instanceOf: StreamClosed});
});

test('S7: a read after the values of a context that failed reports its error', async t => {
  const context = await portal.openContext(failsAfter, 3);
  const wire = context.openStream();
  const got: number[] = [];
  const error = await t.throwsAsync(
    (async () => {
      for await (const value of wire) got.push(value);
    })(),
    {instanceOf: RemoteActorError},
  );
  t.deepEqual(got, [0, 1, 2]);
  t.true(error.is(RangeError));
  await t.throwsAsync(firstValueFrom(wire), {instanceOf: RemoteActorError});
});

test('E7: every read of a cancelled context ends with ContextCancelled', async t => {
  const context = await portal.openContext(talk);
  const wire = context.openStream();
  const reads = [wire.iterate().next(), firstValueFrom(wire), context.result(), lastValueFrom(wire.pipe(toArray()))];
  await context.cancel();
  for (const read of reads) await t.throwsAsync(read as Promise<unknown>, {instanceOf: ContextCancelled});
  await t.throwsAsync(wire.iterate().next(), {instanceOf: ContextCancelled});
  await t.throwsAsync(wire.send('late'), {instanceOf: ContextCancelled});
});

test('a pump sends all of an iterable, and completes the stream', async t => {
  const context = await portal.openContext(talk);
  const wire = context.openStream({window: 2});
  const answers = lastValueFrom(wire.pipe(toArray()));
  await wire.pump(['a', 'b', 'c', 'd', 'e']);
  t.deepEqual(await answers, ['A', 'B', 'C', 'D', 'E']);
  t.is(await context.result(), 5);
});

test('a pump rejects with the error of its source, and the context goes on', async t => {
  const context = await portal.openContext(talk);
  const wire = context.openStream();
  const mine = new TypeError('of the source');
  t.is(await t.throwsAsync(wire.pump(throwError(() => mine))), mine);
  await wire.send('still here');
  t.deepEqual(await wire.iterate().next(), {done: false, value: 'STILL HERE'});
  wire.complete();
  t.is(await context.result(), 1);
});

test('an Observable subscribed by the stream is sent as it comes', async t => {
  const context = await portal.openContext(talk);
  const wire = context.openStream();
  const answers = lastValueFrom(wire.pipe(toArray()));
  from(['x', 'y']).subscribe(wire);
  t.deepEqual(await answers, ['X', 'Y']);
  t.is(await context.result(), 2);
});

test('F3: more than may wait fails the context with StreamOverrun, and next() does not throw', async t => {
  const context = await portal.openContext(deafEar);
  const wire = context.openStream({bufferBytes: 64 * 1024});
  for (let i = 0; i < 100; i++) t.notThrows(() => wire.next(new Uint8Array(8 * 1024)));
  const error = await t.throwsAsync(context.result(), {instanceOf: StreamOverrun});
  t.is(error.code, 'ERR_OVERRUN');
  t.true(await context.cancel());
});

test('F3: send() waits for room', async t => {
  const context = await portal.openContext(deafEar);
  const wire = context.openStream();
  let sent = 0;
  const flood = (async () => {
    for (;;) {
      await wire.send(new Uint8Array(1024));
      sent++;
    }
  })();
  await portal.run(add, 1, 2);
  await portal.run(add, 1, 2);
  t.true(sent <= 2, `${sent} values went into a window of one`);
  await context.cancel();
  await t.throwsAsync(flood, {instanceOf: ContextCancelled});
  await t.throwsAsync(context.result(), {instanceOf: ContextCancelled});
});

test('C6: leaving a scope normally completes the streams of its contexts and awaits their results', async t => {
  const seen: string[] = [];
  await openNursery(async inner => {
    const context = await portal.with({scope: inner}).openContext(talk);
    const wire = context.openStream();
    wire.subscribe({next: text => seen.push(text), complete: () => seen.push('complete')});
    await wire.send('a');
    void context.result().then(count => seen.push(`result ${count}`));
  });
  t.deepEqual(seen.sort(), ['A', 'complete', 'result 1']);
});

test('C6: leaving a scope with an error cancels, awaits the clean-up, and rethrows the local error', async t => {
  const {file, lines} = notesOf(t);
  const mine = new TypeError('mine');
  const error = await t.throwsAsync(
    openNursery(async inner => {
      await portal.with({scope: inner}).openContext(tidy, file, 100);
      throw mine;
    }),
  );
  t.is(error, mine);
  t.is(lines().at(-1), 'end');
});

test('C6: with onExit cancel leaving a scope normally cancels, which is no failure', async t => {
  const {file, lines} = notesOf(t);
  await openNursery(inner => portal.with({scope: inner, onExit: 'cancel'}).openContext(tidy, file, 100));
  t.is(lines().at(-1), 'end');
});

test('portal.context() is cold: it opens at subscription, and unsubscribing cancels', async t => {
  const {file, lines} = notesOf(t);
  const cold = portal.context(tidy, file, 0);
  const got: string[] = [];
  const subscription = cold.subscribe(context => context.started.subscribe(first => got.push(first)));
  await firstValueFrom(portal.stream(countTo, 1));
  t.deepEqual(got, ['ready']);
  subscription.unsubscribe();
  const again = portal.openContext(returns, 0);
  await (await again).result();
  while (!readable(file) || lines().at(-1) !== 'end') await sleep(10);
  t.is(lines().length, 2);
});

test('portal.context() completes with its context and fails with it', async t => {
  const contexts = await lastValueFrom(portal.context(returns, 5).pipe(toArray()));
  t.is(await contexts[0]?.result(), 5);
  await t.throwsAsync(lastValueFrom(portal.context(neverStarts, 'throw')), {instanceOf: RemoteActorError});
});

test('portal.stream() runs the function for each subscription, to its end', async t => {
  const numbers = portal.stream(countTo, 2000);
  const expected = Array.from({length: 2000}, (_, i) => i + 1);
  t.deepEqual(await lastValueFrom(numbers.pipe(toArray())), expected);
  const pulled: number[] = [];
  for await (const value of numbers) pulled.push(value);
  t.deepEqual(pulled, expected);
});

test('X1: unsubscribing from portal.stream() unsubscribes its source over there', async t => {
  const {file, lines} = notesOf(t);
  t.is(await firstValueFrom(portal.stream(endless, file)), 1);
  while (!readable(file)) await sleep(10);
  t.deepEqual(lines(), ['unsubscribed']);
});

test('X1: leaving an iterator of portal.stream() unsubscribes its source over there', async t => {
  const {file, lines} = notesOf(t);
  for await (const value of portal.stream(endless, file)) {
    t.is(value, 1);
    break;
  }
  while (!readable(file)) await sleep(10);
  t.deepEqual(lines(), ['unsubscribed']);
});

test('portal.operator() is one stage of a pipe, for Observables and for iterables', async t => {
  const add10 = portal.operator(plus, 10);
  t.deepEqual(await lastValueFrom(from([1, 2, 3]).pipe(add10, toArray())), [11, 12, 13]);
  t.deepEqual(await lastValueFrom(add10([4, 5, 6]).pipe(toArray())), [14, 15, 16]);
});

test('portal.operator() gives an error of its source back as the original object', async t => {
  const mine = new TypeError('of the source');
  t.is(await t.throwsAsync(lastValueFrom(portal.operator(plus, 1)(throwError(() => mine)))), mine);
});

test('portal.operator() pulls an iterable no further than its credit', async t => {
  let pulled = 0;
  const source = (function* () {
    for (;;) yield pulled++;
  })();
  const values = await lastValueFrom(portal.with({window: 4}).operator(plus, 0)(source).pipe(take(5), toArray()));
  t.deepEqual(values, [0, 1, 2, 3, 4]);
  await portal.run(add, 1, 2);
  t.true(pulled < 5_000, `${pulled} values were pulled for five`);
});

test('portal.operator() on a source that never ends is let go with the subscription', async t => {
  const subscription = portal.operator(plus, 1)(NEVER).subscribe();
  await portal.run(add, 1, 2);
  subscription.unsubscribe();
  t.is(await portal.run(add, 1, 2), 3);
});

function readable(file: string): boolean {
  try {
    return readFileSync(file, 'utf8').length > 0;
  } catch {
    return false;
  }
}
