// How many calls of one peer run at a time, and how many it may cancel in a second (Limits, K63, G19).
import {EMPTY, lastValueFrom, toArray} from 'rxjs';
import {Admission} from '../../lib/actor/admission.js';
import {currentSignal} from '../../lib/base/current.js';
import type {ContextCancelled, ResourceExhausted} from '../../lib/base/errors.js';
import {Kind, type Message} from '../../lib/msg/types.js';
import {eventually} from '../kit/eventually.js';
import {test} from '../kit/limited.js';
import {newPair, turns, until} from '../kit/pair.js';

/** A task that says when it begins, and ends when it is told. */
function gate(): {begun: number; most: number; open: () => void; task: () => Promise<void>} {
  let running = 0;
  const waiting: (() => void)[] = [];
  const state = {
    begun: 0,
    most: 0,
    open: () => waiting.shift()?.(),
    task: async () => {
      state.begun++;
      state.most = Math.max(state.most, ++running);
      await new Promise<void>(resolve => waiting.push(resolve));
      running--;
    },
  };
  return state;
}

test('calls beyond the limit of a peer of the own tree wait their turn, in order, and none is lost', async t => {
  const pair = await newPair({calls: 3, cancelsPerSecond: 100});
  const order: number[] = [];
  const {task, open} = gate();
  const calls = Array.from({length: 10}, (_, i) =>
    pair.with({}).run(async () => {
      order.push(i);
      await task();
      return i;
    }),
  );
  await turns();
  t.deepEqual(order, [0, 1, 2]);
  t.is(pair.far.admission.waiting, 7);
  for (let i = 0; i < 10; i++) {
    await until(() => order.length > i);
    t.true(order.length <= i + 3);
    open();
    await turns(2);
  }
  t.deepEqual(await Promise.all(calls), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  t.deepEqual(order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  await pair.quiet();
});

test('what comes for a call that waits reaches it when it begins', async t => {
  const pair = await newPair({calls: 1, cancelsPerSecond: 100});
  const {task, open} = gate();
  const first = pair.with({}).run(task);
  const rest = lastValueFrom(
    EMPTY.pipe(
      pair.with({}).operator(source => source),
      toArray(),
    ),
  );
  await until(() => pair.far.admission.waiting === 1);
  await turns();
  open();
  await first;
  t.deepEqual(await rest, []);
  await pair.quiet();
});

test('a call that is cancelled while it waits never begins, and its cancel is acknowledged (X2)', async t => {
  const pair = await newPair({calls: 1, cancelsPerSecond: 100});
  const {task, open} = gate();
  const first = pair.with({}).run(task);
  const controller = new AbortController();
  let begun = false;
  const second = pair.with({signal: controller.signal}).run(() => {
    begun = true;
  });
  await until(() => pair.far.admission.waiting === 1);
  controller.abort();
  const error = (await t.throwsAsync(second)) as ContextCancelled;
  t.is(error.code, 'ERR_CANCELLED');
  t.not(error.acked, false);
  open();
  await first;
  await turns();
  t.false(begun);
  await pair.quiet();
});

test('a slot is free when the function has settled, not when it is cancelled', async t => {
  const pair = await newPair({calls: 1, cancelsPerSecond: 100});
  const {task, open} = gate();
  const controller = new AbortController();
  const first = pair.with({signal: controller.signal}).run(task);
  await turns();
  controller.abort();
  const second = pair.with({}).run(() => 'second');
  await until(() => pair.far.admission.waiting === 1);
  await turns();
  t.is(pair.far.admission.waiting, 1, 'the first takes no notice of its cancel');
  open();
  t.is(await second, 'second');
  await first;
  await pair.quiet();
});

test('opening and cancelling in a loop is slowed down, and comes to its end', async t => {
  const pair = await newPair({calls: 10, cancelsPerSecond: 5});
  let running = 0;
  let most = 0;
  const began: number[] = [];
  const abortable = async (): Promise<void> => {
    began.push(performance.now());
    most = Math.max(most, ++running);
    const signal = currentSignal();
    await new Promise(resolve => signal.addEventListener('abort', resolve));
    running--;
    throw signal.reason;
  };
  for (let i = 0; i < 12; i++) {
    const controller = new AbortController();
    const call = pair.with({signal: controller.signal}).run(abortable);
    await until(() => began.length > i || pair.far.admission.waiting > 0);
    // Those that wait have to begin before they count.
    await eventually(() => began.length > i, `call ${i}`, {pollMs: 50});
    controller.abort();
    await t.throwsAsync(call, {code: 'ERR_CANCELLED'});
  }
  t.true(most <= 10);
  // Seconds begin when they are first counted in: of eleven that follow one another at most ten share two of them.
  t.true((began[11] as number) - (began[0] as number) >= 999);
  await pair.quiet();
});

test('Limits: calls that wait for their turn take 128 MiB at most; one beyond is refused, and messages for them end the channel', t => {
  const begun: [number, unknown][] = [];
  const admission = new Admission({
    limits: {calls: 1, cancelsPerSecond: 100},
    patient: true,
    begin: (start, instead) => begun.push([start.context, instead]),
    deliver: () => {},
  });
  const start = (context: number, bytes: number): Message => ({
    kind: Kind.Start,
    context,
    seq: 0,
    payload: new Uint8Array(0),
    read: {value: [], bytes},
  });
  const half = 64 * 1024 * 1024;
  for (const [at, bytes] of [10, half, half, 10].entries()) admission.open(start(2 * at + 2, bytes));
  t.is(admission.waiting, 2);
  t.deepEqual(
    begun.map(([context, why]) => [context, (why as ResourceExhausted | undefined)?.what]),
    [
      [2, undefined],
      [8, 'calls'],
    ],
  );
  t.throws(() => admission.hold({kind: Kind.Credit, context: 4, seq: 0, payload: new Uint8Array(1)}), {
    code: 'ERR_PROTOCOL',
  });
  admission.settled(false);
  admission.settled(false);
  t.deepEqual(begun.at(-1)?.[0], 4);
  admission.hold({kind: Kind.Credit, context: 6, seq: 0, payload: new Uint8Array(1)});
  t.is(admission.waiting, 1);
});

test('the end of the channel lets go of what waits', async t => {
  const pair = await newPair({calls: 1, cancelsPerSecond: 100});
  const {task, open} = gate();
  const first = pair.with({}).run(task);
  const second = pair.with({}).run(() => 2);
  await until(() => pair.far.admission.waiting === 1);
  pair.cut();
  await t.throwsAsync(first, {code: 'ERR_TRANSPORT'});
  await t.throwsAsync(second, {code: 'ERR_TRANSPORT'});
  await until(() => pair.far.admission.waiting === 0);
  open();
});

test('a peer of another tree is refused what a peer of the own one would wait for', t => {
  const begun: [number, ResourceExhausted | undefined][] = [];
  const admission = new Admission({
    limits: {calls: 2, cancelsPerSecond: 1},
    patient: false,
    begin: ({context}, refusal) => begun.push([context, refusal as ResourceExhausted | undefined]),
    deliver: () => t.fail(),
  });
  const start = (context: number): Message => ({kind: Kind.Start, context, seq: 0, payload: new Uint8Array(0)});
  admission.open(start(2));
  admission.open(start(4));
  admission.open(start(6));
  t.deepEqual(
    begun.map(([context, refusal]) => [context, refusal?.what]),
    [
      [2, undefined],
      [4, undefined],
      [6, 'calls'],
    ],
  );
  // The refused one settles too.
  admission.settled(false);
  admission.settled(true);
  admission.open(start(8));
  t.is(begun[3]?.[1]?.what, 'cancelsPerSecond');
  t.is(admission.waiting, 0);
});
