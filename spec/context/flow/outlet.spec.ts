// The sending half: values leave in order and within the credit, and joined to an inlet nothing is lost or stuck.
import assert from 'node:assert/strict';
import test from 'ava';
import {ProtocolError, StreamClosed, StreamOverrun} from '../../../lib/base/errors.js';
import type {Grant} from '../../../lib/context/flow/credit.js';
import {type Consumer, Inlet, isValue} from '../../../lib/context/flow/inlet.js';
import {flowOf, type Overflow} from '../../../lib/context/flow/options.js';
import {Outlet, placeBytes} from '../../../lib/context/flow/outlet.js';
import {fc} from '../../kit/fast-check.js';

interface Seen {
  readonly values: [seq: number, length: number][];
  readonly stops: [last: number, failure?: unknown][];
  readonly overruns: StreamOverrun[];
}

function newOutlet(bufferBytes = 1_000, overflow: Overflow = 'error'): {outlet: Outlet; seen: Seen} {
  const seen: Seen = {values: [], stops: [], overruns: []};
  const outlet = new Outlet(
    {
      value: (seq, bytes) => seen.values.push([seq, bytes.length]),
      stop: (last, failure) => seen.stops.push(failure ? [last, failure.error] : [last]),
      overrun: error => seen.overruns.push(error),
    },
    {bufferBytes, overflow},
  );
  return {outlet, seen};
}

const bytes = (length: number): Uint8Array => new Uint8Array(length);
/** The bytes that values of these lengths take while they wait. */
const held = (...lengths: readonly number[]): number => lengths.reduce((sum, length) => sum + length + placeBytes, 0);

/** A `send` that waits; tells what has become of it. */
function sending(outlet: Outlet, length: number): {state: 'waits' | 'sent' | unknown} {
  const result: {state: 'waits' | 'sent' | unknown} = {state: 'waits'};
  outlet.waitToSend(bytes(length), {
    resolve: () => {
      result.state = 'sent';
    },
    reject: error => {
      result.state = error;
    },
  });
  return result;
}

test('F1: nothing leaves without credit', t => {
  const {outlet, seen} = newOutlet();
  t.false(outlet.hasRoom);
  t.false(outlet.trySend(bytes(1)));
  t.true(outlet.push(bytes(1)));
  t.deepEqual(seen.values, []);
  t.is(outlet.queuedBytes, held(1));
});

test('F1: what waits leaves with the credit, in order, and is numbered then', t => {
  const {outlet, seen} = newOutlet();
  outlet.push(bytes(1));
  const send = sending(outlet, 2);
  outlet.push(bytes(3));
  outlet.grant(2, 100);
  t.deepEqual(seen.values, [
    [1, 1],
    [2, 2],
  ]);
  t.is(send.state, 'sent');
  t.is(outlet.queuedBytes, held(3));
  outlet.grant(3, 100);
  t.deepEqual(seen.values.at(-1), [3, 3]);
  t.is(outlet.sent, 3);
});

test('nothing overtakes what waits, though it would fit', t => {
  const {outlet, seen} = newOutlet();
  outlet.grant(10, 10);
  outlet.push(bytes(9));
  outlet.push(bytes(4));
  t.false(outlet.hasRoom);
  t.false(outlet.trySend(bytes(1)));
  t.deepEqual(seen.values, [[1, 9]]);
});

test('F3: exactly bufferBytes may wait, and not one byte more', t => {
  const {outlet, seen} = newOutlet(held(60, 40));
  t.true(outlet.push(bytes(60)));
  t.true(outlet.push(bytes(40)));
  t.is(seen.overruns.length, 0);
  t.false(outlet.push(bytes(1)));
  t.true(seen.overruns[0] instanceof StreamOverrun);
  t.regex((seen.overruns[0] as StreamOverrun).message, /iterable/);
  t.is(outlet.queuedBytes, held(60, 40));
});

test('F2, F3: tiny values count with what it takes to keep them', t => {
  const {outlet, seen} = newOutlet(1_000_000);
  let pushed = 0;
  while (outlet.push(bytes(1))) pushed++;
  t.true(seen.overruns[0] instanceof StreamOverrun);
  t.true(pushed < 1_000_000 / 100, `${pushed} values of one byte wait within 1 MB`);
});

test('F3: what waits is no longer held against the bound once it has left', t => {
  const {outlet, seen} = newOutlet(held(100));
  outlet.push(bytes(100));
  outlet.grant(1, 1_000);
  t.is(outlet.queuedBytes, 0);
  t.true(outlet.push(bytes(100)));
  t.is(seen.overruns.length, 0);
});

test('K54: credit that was taken back throws, and what was granted stands', t => {
  const {outlet} = newOutlet();
  outlet.grant(2, 100);
  t.throws(() => outlet.grant(1, 100), {instanceOf: ProtocolError});
  t.true(outlet.trySend(bytes(1)));
});

test('S2: stop is said behind what waits, with the number of the last value', t => {
  const {outlet, seen} = newOutlet();
  outlet.push(bytes(1));
  outlet.stop();
  t.deepEqual(seen.stops, []);
  outlet.grant(5, 100);
  t.deepEqual(seen.values, [[1, 1]]);
  t.deepEqual(seen.stops, [[1]]);
});

test('S2: stop is said once, and at once where nothing waits, credit or none', t => {
  const {outlet, seen} = newOutlet();
  outlet.stop();
  outlet.stop();
  t.deepEqual(seen.stops, [[0]]);
});

test('the error of a source that failed goes with the stop', t => {
  const {outlet, seen} = newOutlet();
  const error = new Error('source');
  outlet.stop({error});
  t.deepEqual(seen.stops, [[0, error]]);
});

test('S6: after stop a send throws StreamClosed, and a push is dropped and counted', t => {
  const {outlet, seen} = newOutlet();
  outlet.grant(5, 100);
  outlet.stop();
  t.throws(() => outlet.trySend(bytes(1)), {instanceOf: StreamClosed});
  t.false(outlet.push(bytes(1)));
  t.is(outlet.dropped, 1);
  t.deepEqual(seen.values, []);
  t.true(outlet.closed?.byUs);
});

test('a cut rejects who waits, drops and counts what waits, and says no stop', t => {
  const {outlet, seen} = newOutlet();
  outlet.push(bytes(1));
  const send = sending(outlet, 1);
  outlet.stop();
  const why = new Error('cut');
  t.true(outlet.cut(why));
  t.is(send.state, why);
  t.is(outlet.dropped, 2);
  t.is(outlet.queuedBytes, 0);
  outlet.grant(5, 100);
  t.deepEqual([seen.values, seen.stops], [[], []]);
});

test('S7: after a cut a send is answered with its error', t => {
  const {outlet} = newOutlet();
  const why = new Error('cut');
  outlet.cut(why);
  t.is(
    t.throws(() => outlet.trySend(bytes(1))),
    why,
  );
  t.false(outlet.closed?.byUs);
});

test('S6: what this end has closed stays closed by this end, whatever cuts it later', t => {
  const {outlet} = newOutlet();
  outlet.stop();
  outlet.cut(new Error('later'));
  t.true(outlet.closed?.byUs);
  t.throws(() => outlet.trySend(bytes(1)), {instanceOf: StreamClosed});
});

test('room resolves with credit, or with the end: whoever waits looks again', async t => {
  const {outlet} = newOutlet();
  let woken = 0;
  void outlet.room().then(() => woken++);
  void outlet.room().then(() => woken++);
  await Promise.resolve();
  t.is(woken, 0);
  outlet.grant(1, 10);
  await Promise.resolve();
  t.is(woken, 2);
  outlet.trySend(bytes(10));
  void outlet.room().then(() => woken++);
  await Promise.resolve();
  t.is(woken, 2);
  outlet.cut(new Error('cut'));
  await Promise.resolve();
  t.is(woken, 3);
  await outlet.room();
});

test('flushed resolves when all has left, the stop included, or was cut', async t => {
  const {outlet, seen} = newOutlet();
  await outlet.flushed();
  outlet.push(bytes(1));
  let flushed = false;
  const wait = outlet.flushed().then(() => {
    flushed = true;
  });
  await Promise.resolve();
  t.false(flushed);
  outlet.stop();
  outlet.grant(1, 10);
  await wait;
  t.deepEqual(seen.stops, [[1]]);
  const cut = newOutlet().outlet;
  cut.push(bytes(1));
  const waitForCut = cut.flushed();
  cut.cut(new Error('cut'));
  await t.notThrowsAsync(waitForCut);
});

test('onClosed is told once, at once where the end has come', t => {
  const {outlet} = newOutlet();
  let told = 0;
  outlet.onClosed(() => told++);
  outlet.stop();
  outlet.cut(new Error('later'));
  t.is(told, 1);
  outlet.onClosed(() => told++);
  t.is(told, 2);
});

test('a value pushed while another leaves keeps its turn', t => {
  const left: number[] = [];
  const outlet: Outlet = new Outlet(
    {
      value: (seq, value) => {
        left.push(value.length);
        if (value.length === 1) outlet.push(bytes(9));
        void seq;
      },
      stop: () => {},
      overrun: error => t.fail(error.message),
    },
    {bufferBytes: 1_000, overflow: 'error'},
  );
  outlet.push(bytes(1));
  outlet.push(bytes(2));
  outlet.push(bytes(3));
  outlet.grant(10, 1_000);
  t.deepEqual(left, [1, 2, 3, 9]);
});

const lengths = (seen: Seen): number[] => seen.values.map(([, length]) => length);

test('F3: dropOldest drops the oldest beyond bufferBytes, counts them, and keeps the order', t => {
  const {outlet, seen} = newOutlet(held(40, 41, 19), 'dropOldest');
  for (const length of [40, 41, 19]) t.true(outlet.push(bytes(length)));
  t.is(outlet.dropped, 0, 'exactly bufferBytes may wait');
  t.true(outlet.push(bytes(42)));
  t.is(outlet.dropped, 2);
  t.is(outlet.queuedBytes, held(19, 42));
  outlet.grant(10, 1_000);
  t.deepEqual(seen.values, [
    [1, 19],
    [2, 42],
  ]);
  t.is(outlet.sent + outlet.dropped, 4);
  t.deepEqual(seen.overruns, []);
});

test('F3: dropOldest keeps the newest, though it alone is more than bufferBytes', t => {
  const {outlet, seen} = newOutlet(10, 'dropOldest');
  outlet.push(bytes(5));
  outlet.push(bytes(50));
  t.is(outlet.dropped, 1);
  outlet.grant(10, 1_000);
  t.deepEqual(lengths(seen), [50]);
});

test('F3: latest keeps one value, the last, whatever bufferBytes says', t => {
  for (const bufferBytes of [0, 1_000]) {
    const {outlet, seen} = newOutlet(bufferBytes, 'latest');
    for (const length of [1, 2, 3, 4]) t.true(outlet.push(bytes(length)));
    t.is(outlet.queuedBytes, held(4));
    t.is(outlet.dropped, 3);
    outlet.grant(2, 1_000);
    outlet.push(bytes(5));
    t.deepEqual(lengths(seen), [4, 5]);
    outlet.push(bytes(6));
    outlet.push(bytes(7));
    t.is(outlet.sent + outlet.dropped, 6);
    outlet.stop();
    t.deepEqual(seen.stops, [], 'the last still goes');
    outlet.grant(3, 1_000);
    t.deepEqual(lengths(seen), [4, 5, 7]);
    t.deepEqual(seen.stops, [[3]]);
  }
});

for (const overflow of ['dropOldest', 'latest'] as const) {
  test(`F3: ${overflow} never drops what a send waits with, and keeps its turn`, t => {
    const {outlet, seen} = newOutlet(held(6), overflow);
    outlet.push(bytes(1));
    const first = sending(outlet, 2);
    outlet.push(bytes(3));
    const second = sending(outlet, 4);
    outlet.push(bytes(5));
    outlet.push(bytes(6));
    t.is(outlet.dropped, 3);
    t.is(outlet.queuedBytes, held(2, 4, 6));
    outlet.grant(10, 1_000);
    t.deepEqual(lengths(seen), [2, 4, 6]);
    t.deepEqual([first.state, second.state], ['sent', 'sent']);
    t.is(outlet.queuedBytes, 0);
  });

  test(`F2: ${overflow} never drops what was pulled and is larger than the room`, t => {
    const {outlet, seen} = newOutlet(held(6), overflow);
    outlet.waitToSend(bytes(20));
    outlet.push(bytes(5));
    outlet.push(bytes(6));
    outlet.grant(10, 1_000);
    t.deepEqual(lengths(seen), [20, 6]);
    t.is(outlet.dropped, 1);
  });

  test(`F3: with ${overflow} what leaves is in the order of the pushes, every send is in it, and the counts add up`, t => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({act: fc.constantFrom('push', 'push', 'send', 'grant'), length: fc.integer({min: 1, max: 9})}),
          {
            maxLength: 60,
          },
        ),
        script => {
          const left: number[] = [];
          const outlet = new Outlet(
            {
              value: (_, value) => left.push((value as Uint8Array)[0] as number),
              stop: () => {},
              overrun: error => assert.fail(error),
            },
            {bufferBytes: held(7, 7), overflow},
          );
          const sends: number[] = [];
          let granted = 0;
          let given = 0;
          for (const {act, length} of script) {
            if (act === 'grant') {
              granted += length % 3;
              outlet.grant(granted, 10_000);
              continue;
            }
            const value = bytes(length).fill(++given);
            if (act === 'push') assert.ok(outlet.push(value));
            else {
              sends.push(given);
              if (!outlet.trySend(value))
                outlet.waitToSend(value, {resolve: () => {}, reject: error => assert.fail(error as Error)});
            }
          }
          outlet.grant(1_000, 10_000);
          assert.deepEqual(
            left,
            [...left].sort((a, b) => a - b),
          );
          assert.ok(sends.every(send => left.includes(send)));
          assert.equal(left.length + outlet.dropped, given);
          assert.equal(outlet.queuedBytes, 0);
        },
      ),
    );
    t.pass();
  });
}

for (const [options, error] of [
  [{overflow: 'drop'}, TypeError],
  [{overflow: null}, TypeError],
  [{bufferBytes: -1}, RangeError],
  [{bufferBytes: Number.NaN}, RangeError],
  [{window: 0}, RangeError],
] as const) {
  test(`the option ${JSON.stringify(options)} is refused`, t => {
    t.throws(() => flowOf(options as object), {
      instanceOf: error as typeof TypeError,
      message: new RegExp(Object.keys(options)[0] as string),
    });
  });
}

type Act = 'push' | 'send' | 'hear value' | 'hear credit' | 'take' | 'attach' | 'leave' | 'turn';
const acts: readonly Act[] = [
  ...(['push', 'push', 'send', 'send', 'hear value', 'hear value', 'hear value'] as const),
  ...(['hear credit', 'hear credit', 'take', 'take', 'take', 'attach', 'leave', 'turn'] as const),
];

/** Takes one value at a time. */
class Hand implements Consumer {
  readonly mutable = true;
  readonly inlet: Inlet;
  constructor(inlet: Inlet) {
    this.inlet = inlet;
    inlet.attach(this);
  }
  ready(): void {}
  take(): number | undefined {
    const item = this.inlet.peek(this);
    if (item === undefined || !isValue(item)) return undefined;
    this.inlet.advance(this);
    return item.value as number;
  }
}

test('I3, I4, F4: over slow links, received is a prefix of sent, both sides stay within their bounds, and all arrives', async t => {
  const counts = {sent: 0, giants: 0, waits: 0, overruns: 0, credits: 0};
  await fc.assert(
    fc.asyncProperty(
      fc.integer({min: 1, max: 4}),
      fc.integer({min: 1, max: 30}),
      fc.integer({min: 1, max: 2_000}),
      fc.array(fc.record({act: fc.constantFrom(...acts), length: fc.integer({min: 1, max: 50})}), {
        minLength: 20,
        maxLength: 120,
      }),
      async (window, windowBytes, bufferBytes, script) => {
        const values: [seq: number, value: number, length: number][] = [];
        const credits: Grant[] = [];
        const lengths: number[] = [];
        let stopped: number | undefined;
        let overrun = false;
        const outlet = new Outlet(
          {
            value: (seq, {length}) => values.push([seq, seq, length]),
            stop: last => {
              stopped = last;
            },
            overrun: () => {
              overrun = true;
            },
          },
          {bufferBytes, overflow: 'error'},
        );
        const inlet = new Inlet({window, windowBytes, grant: grant => credits.push(grant)});
        let hand: Hand | undefined;
        const received: number[] = [];
        const held: number[] = [];
        let accepted = 0;
        let waiting = 0;
        const act = {
          push: (length: number): void => {
            if (outlet.push(bytes(length))) lengths.push(length);
          },
          send: (length: number): void => {
            lengths.push(length);
            if (outlet.trySend(bytes(length))) return;
            counts.waits++;
            waiting += length + placeBytes;
            outlet.waitToSend(bytes(length), {
              resolve: () => {
                waiting -= length + placeBytes;
              },
              reject: error => assert.fail(error as Error),
            });
          },
          'hear value': (): void => {
            const next = values.shift();
            if (!next) return;
            const [seq, value, length] = next;
            assert.ok(inlet.accept(seq, value, length), 'beyond the credit');
            accepted++;
            held.push(length);
            if (length > windowBytes) counts.giants++;
            inlet.deliver();
          },
          'hear credit': (): void => {
            const grant = credits.shift();
            if (!grant) return;
            counts.credits++;
            outlet.grant(grant.messages, grant.bytes);
          },
          take: (): void => {
            const value = hand?.take();
            if (value !== undefined) received.push(value);
          },
          attach: (): void => {
            hand ??= new Hand(inlet);
          },
          leave: (): void => {
            if (hand) inlet.detach(hand);
            hand = undefined;
          },
        };
        const check = (): void => {
          assert.ok(outlet.queuedBytes - waiting <= bufferBytes, 'more waits than bufferBytes');
          const onTheWay = [...held.slice(received.length), ...values.map(([, , length]) => length)];
          assert.ok(onTheWay.length <= window, 'more on the way than the window');
          const sum = onTheWay.reduce((total, length) => total + length, 0);
          assert.ok(sum <= windowBytes - 1 + Math.max(0, ...onTheWay), 'more bytes than the window and one value');
          assert.deepEqual(
            received,
            received.map((_, i) => i + 1),
          );
        };
        inlet.open();
        for (const {act: name, length} of script) {
          if (overrun) break;
          if (name === 'turn') await Promise.resolve();
          else act[name](length);
          check();
        }
        if (overrun) counts.overruns++;
        // Progress: with links that deliver and a consumer that takes, everything comes, and then the stop.
        outlet.stop();
        act.attach();
        for (let rounds = 0; stopped === undefined || received.length < accepted || values.length > 0; rounds++) {
          assert.ok(rounds < 1_000, 'stuck');
          await Promise.resolve();
          act['hear value']();
          act.take();
          act['hear credit']();
          check();
        }
        assert.equal(received.length, lengths.length);
        assert.equal(stopped, lengths.length);
        inlet.checkLast(stopped);
        counts.sent += lengths.length;
      },
    ),
    {numRuns: 300},
  );
  t.log(counts);
  t.true(Object.values(counts).every(count => count > 0));
});
