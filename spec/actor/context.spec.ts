// Contexts and streams as users meet them, over one real process. spec/testing/rules has the rules C, X, S and F one by one, in simulations.
import {readFileSync} from 'node:fs';
import {firstValueFrom, from, lastValueFrom, NEVER, take, throwError, toArray} from 'rxjs';
import {
  type CallOptions,
  ContextCancelled,
  type Nursery,
  openNursery,
  type Portal,
  RemoteActorError,
} from '../../lib/index.js';
import {returns, talk} from '../fixtures/contexts.js';
import {failsAfter, neverStarts, opensEarly, startsTwice} from '../fixtures/failing-contexts.js';
import {countTo, endless, plus} from '../fixtures/streams.js';
import {add, badStream} from '../fixtures/tasks.js';
import {tidy} from '../fixtures/tidy.js';
import {deafEar, halfClose} from '../fixtures/two-way.js';
import {eventually} from '../kit/eventually.js';
import {notesOf} from '../kit/folder.js';
import {test} from '../kit/limited.js';
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

test('options of a call that are none are refused at once', async t => {
  t.throws(() => portal.with({colour: 'red'} as CallOptions), {instanceOf: TypeError, message: /no option colour/});
  t.throws(() => portal.with({window: 0}), {instanceOf: RangeError, message: /window/});
  t.throws(() => portal.with({bufferBytes: -1}), {instanceOf: RangeError, message: /bufferBytes/});
  const context = await portal.openContext(talk);
  t.throws(() => context.openStream({windowBytes: Number.NaN}), {instanceOf: RangeError, message: /windowBytes/});
  await context.cancel();
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
  await eventually(() => readable(file) && lines().at(-1) === 'end', 'the end of the call', {pollMs: 10});
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
