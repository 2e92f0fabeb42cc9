// The receiving half: one log, a place for each consumer, credit as the slowest goes on.
import assert from 'node:assert/strict';
import test from 'ava';
import {ProtocolError} from '../../../lib/base/errors.js';
import type {Grant} from '../../../lib/context/flow/credit.js';
import {type Consumer, Inlet, isValue, type StreamEnd} from '../../../lib/context/flow/inlet.js';
import {fc} from '../../kit/fast-check.js';

function newInlet(window = 4, windowBytes = 1_000): {inlet: Inlet; grants: Grant[]} {
  const grants: Grant[] = [];
  return {inlet: new Inlet({window, windowBytes, grant: grant => grants.push(grant)}), grants};
}

/** To the end of the turn in which the first consumer came: until then the backlog is kept for others. */
const turn = (): Promise<void> => Promise.resolve();

function arrive(inlet: Inlet, ...values: unknown[]): void {
  for (const value of values) inlet.accept(inlet.received + 1, value, 1);
  inlet.deliver();
}

/** A consumer that takes when it is told to. */
class Hand implements Consumer {
  readonly mutable = true;
  readonly taken: unknown[] = [];
  calls = 0;
  end: StreamEnd | undefined;
  readonly #inlet: Inlet;

  constructor(inlet: Inlet, lag?: number) {
    this.#inlet = inlet;
    inlet.attach(this, lag);
  }

  ready(): void {
    this.calls++;
  }

  take(count = Number.POSITIVE_INFINITY): unknown[] {
    for (let i = 0; i < count; i++) {
      const item = this.#inlet.peek(this);
      if (item === undefined) break;
      if (!isValue(item)) {
        this.end = item;
        break;
      }
      this.#inlet.advance(this);
      this.taken.push(item.value);
    }
    return this.taken;
  }

  leave(): void {
    this.#inlet.detach(this);
  }
}

test('S1: it grants nothing before it is opened, then its whole window', t => {
  const {inlet, grants} = newInlet(4, 1_000);
  t.deepEqual(grants, []);
  t.false(inlet.opened);
  inlet.open();
  t.true(inlet.opened);
  t.deepEqual(grants, [{messages: 4, bytes: 1_000}]);
});

test('S1: opened in silence it says its grant to nobody: that went with the Start', t => {
  const {inlet, grants} = newInlet(4, 1_000);
  inlet.open(1_000);
  t.deepEqual(grants, []);
  t.true(inlet.accept(1, 'a', 1));
});

test('nothing is lost before somebody attaches: the first consumer gets the backlog', t => {
  const {inlet} = newInlet();
  inlet.open();
  arrive(inlet, 'a', 'b');
  t.deepEqual(new Hand(inlet).take(), ['a', 'b']);
});

test('a consumer sees the values from its attachment on', async t => {
  const {inlet} = newInlet();
  inlet.open();
  const first = new Hand(inlet);
  await turn();
  arrive(inlet, 'a');
  first.take();
  const second = new Hand(inlet);
  arrive(inlet, 'b');
  t.deepEqual(first.take(), ['a', 'b']);
  t.deepEqual(second.take(), ['b']);
});

test('F2: with several consumers the slowest decides about credit', async t => {
  const {inlet, grants} = newInlet(2);
  inlet.open();
  const fast = new Hand(inlet);
  const slow = new Hand(inlet);
  await turn();
  arrive(inlet, 'a', 'b');
  fast.take();
  t.is(grants.length, 1);
  slow.take(1);
  t.deepEqual(grants.at(-1), {messages: 3, bytes: 1_001});
});

test('a slow consumer that leaves holds nobody back any longer', async t => {
  const {inlet, grants} = newInlet(2);
  inlet.open();
  const fast = new Hand(inlet);
  const slow = new Hand(inlet);
  await turn();
  arrive(inlet, 'a', 'b');
  fast.take();
  slow.leave();
  t.deepEqual(grants.at(-1), {messages: 4, bytes: 1_002});
});

test('S3: the last to leave takes nothing with it: the next consumer goes on from its place', t => {
  const {inlet} = newInlet();
  inlet.open();
  const first = new Hand(inlet);
  arrive(inlet, 'a', 'b');
  first.take(1);
  first.leave();
  arrive(inlet, 'c');
  t.deepEqual(new Hand(inlet).take(), ['b', 'c']);
});

test('S3: a value that was handed over and held goes back when its consumer leaves with it', t => {
  const {inlet} = newInlet();
  inlet.open();
  const first = new Hand(inlet);
  arrive(inlet, 'a', 'b');
  inlet.advance(first, true);
  inlet.detach(first, true);
  t.deepEqual(new Hand(inlet).take(), ['a', 'b']);
});

test('S3: a value that was handed over and held is consumed once it is let go', async t => {
  const {inlet, grants} = newInlet(2);
  inlet.open();
  const first = new Hand(inlet);
  await turn();
  arrive(inlet, 'a', 'b');
  inlet.advance(first, true);
  t.is(grants.length, 1);
  inlet.release(first);
  t.is(grants.length, 2);
  inlet.detach(first, true);
  t.deepEqual(new Hand(inlet).take(), ['b']);
});

test('a value that another consumer has had too goes back to the one who leaves only in so far as it is kept', t => {
  const {inlet} = newInlet();
  inlet.open();
  const leaver = new Hand(inlet);
  const stayer = new Hand(inlet);
  arrive(inlet, 'a', 'b');
  stayer.take();
  inlet.advance(leaver, true);
  inlet.detach(leaver, true);
  t.deepEqual(stayer.take(), ['a', 'b']);
  arrive(inlet, 'c');
  t.deepEqual(stayer.take(), ['a', 'b', 'c']);
});

test('the backlog is for all who attach in the turn of the first', async t => {
  const {inlet} = newInlet();
  inlet.open();
  arrive(inlet, 'a', 'b');
  const first = new Hand(inlet);
  first.take(1);
  const second = new Hand(inlet);
  t.deepEqual(first.take(), ['a', 'b']);
  t.deepEqual(second.take(), ['a', 'b']);
  await turn();
  arrive(inlet, 'c');
  const third = new Hand(inlet);
  t.deepEqual(first.take(), ['a', 'b', 'c']);
  t.deepEqual(third.take(), []);
});

test('the only one to attach in a turn may leave in it and takes with it what it took', t => {
  const {inlet} = newInlet();
  inlet.open();
  arrive(inlet, 'a', 'b');
  const first = new Hand(inlet);
  first.take(1);
  first.leave();
  t.deepEqual(new Hand(inlet).take(), ['b']);
});

test('B1: who may lag goes on from the oldest that it may have, and knows how many it has missed', async t => {
  const {inlet} = newInlet(10);
  inlet.open();
  const slow = new Hand(inlet, 3);
  await turn();
  arrive(inlet, 1, 2, 3);
  t.is(inlet.takeMissed(slow), 0);
  arrive(inlet, 4, 5);
  t.is(inlet.takeMissed(slow), 2);
  t.is(inlet.takeMissed(slow), 0, 'it is told once');
  t.deepEqual(slow.take(), [3, 4, 5]);
});

for (const [name, lag] of [
  ['smaller', 1],
  ['larger', 100],
] as const) {
  test(`B1: a lag ${name} than the window holds nobody back, with no other consumer there`, async t => {
    const {inlet, grants} = newInlet(4);
    inlet.open();
    new Hand(inlet, lag);
    await turn();
    for (let n = 1; n <= 20; n++) arrive(inlet, n);
    t.is(inlet.received, 20);
    t.deepEqual(grants.at(-1), {messages: 24, bytes: 1_020});
  });

  test(`B1: a lag ${name} than the window leaves credit to the other consumer, as it goes on`, async t => {
    const {inlet, grants} = newInlet(4);
    inlet.open();
    const slow = new Hand(inlet, lag);
    const fast = new Hand(inlet);
    await turn();
    arrive(inlet, 1, 2, 3, 4);
    t.is(grants.length, 1, 'who may not lag still holds back');
    fast.take();
    t.deepEqual(grants.at(-1), {messages: 8, bytes: 1_004});
    arrive(inlet, 5, 6);
    fast.take();
    t.deepEqual(grants.at(-1), {messages: 10, bytes: 1_006});
    t.is(inlet.takeMissed(slow), Math.max(0, 6 - lag));
    t.deepEqual(slow.take(), [1, 2, 3, 4, 5, 6].slice(-lag));
    t.deepEqual(fast.taken, [1, 2, 3, 4, 5, 6]);
  });
}

test('B1: two that lag miss each what is theirs', async t => {
  const {inlet} = newInlet(100);
  inlet.open();
  const near = new Hand(inlet, 2);
  const far = new Hand(inlet, 5);
  await turn();
  arrive(inlet, 1, 2, 3, 4, 5, 6, 7);
  t.deepEqual([inlet.takeMissed(near), inlet.takeMissed(far)], [5, 2]);
  t.deepEqual(near.take(), [6, 7]);
  arrive(inlet, 8);
  t.deepEqual([inlet.takeMissed(near), inlet.takeMissed(far)], [0, 1]);
  t.deepEqual(far.take(), [4, 5, 6, 7, 8]);
  t.deepEqual(near.take(), [6, 7, 8]);
});

test('B1: who lags sees the values that it still has, and then the end', async t => {
  const {inlet} = newInlet(100);
  inlet.open();
  const slow = new Hand(inlet, 2);
  await turn();
  arrive(inlet, 1, 2, 3);
  inlet.finish({});
  t.deepEqual(slow.take(), [2, 3]);
  t.deepEqual(slow.end, {});
});

test('F1: a gap throws: the channel has lost something', t => {
  const {inlet} = newInlet();
  inlet.open();
  t.throws(() => inlet.accept(2, 'b', 1), {instanceOf: ProtocolError});
});

test('C8: a value beyond the credit is refused and not kept', t => {
  const {inlet} = newInlet(1);
  inlet.open();
  t.true(inlet.accept(1, 'a', 1));
  t.false(inlet.accept(2, 'b', 1));
  t.is(inlet.received, 1);
  t.deepEqual(new Hand(inlet).take(), ['a']);
});

test('F1: an end that names another last value than the one that came throws', t => {
  const {inlet} = newInlet();
  inlet.open();
  arrive(inlet, 'a');
  t.notThrows(() => inlet.checkLast(1));
  t.throws(() => inlet.checkLast(2), {instanceOf: ProtocolError});
  t.throws(() => inlet.checkLast(0), {instanceOf: ProtocolError});
});

test('the end comes behind the last value, to every consumer, those of later included', async t => {
  const {inlet} = newInlet();
  inlet.open();
  const early = new Hand(inlet);
  arrive(inlet, 'a');
  inlet.finish({});
  t.true(early.calls >= 2);
  early.take();
  await turn();
  t.deepEqual([early.taken, early.end], [['a'], {}]);
  const late = new Hand(inlet);
  late.take();
  t.deepEqual([late.taken, late.end], [[], {}]);
});

test('the first end stands', t => {
  const {inlet} = newInlet();
  const error = new Error('first');
  inlet.finish({error});
  inlet.finish({});
  inlet.finish({error: new Error('second')});
  t.is(inlet.ended?.error, error);
});

test('S7: an error that becomes known behind a regular end is what later reads report', t => {
  const {inlet} = newInlet();
  const early = new Hand(inlet);
  inlet.finish({});
  early.take();
  const error = new Error('later');
  inlet.finish({error});
  const late = new Hand(inlet);
  late.take();
  t.deepEqual([early.end, late.end], [{}, {error}]);
});

test('no credit is granted after the end', async t => {
  const {inlet, grants} = newInlet(2);
  inlet.open();
  arrive(inlet, 'a', 'b');
  inlet.finish({});
  new Hand(inlet).take();
  t.is(grants.length, 1);
});

test('C4: draining drops what nobody wants, counts it, and grants credit for it', t => {
  const {inlet, grants} = newInlet(2);
  inlet.open();
  arrive(inlet, 'a', 'b');
  inlet.drain();
  t.is(inlet.dropped, 2);
  t.deepEqual(grants.at(-1), {messages: 4, bytes: 1_002});
  arrive(inlet, 'c', 'd');
  t.is(inlet.dropped, 4);
  t.is(inlet.received, 4);
  t.deepEqual(grants.at(-1), {messages: 6, bytes: 1_004});
});

test('C4: draining opens an inlet that nobody has opened', t => {
  const {inlet, grants} = newInlet(2);
  inlet.drain();
  t.true(inlet.opened);
  t.is(grants.length, 1);
});

test('C4: draining takes nothing from a consumer that is there; it begins when the last has left', t => {
  const {inlet} = newInlet();
  inlet.open();
  const hand = new Hand(inlet);
  arrive(inlet, 'a', 'b');
  inlet.drain();
  arrive(inlet, 'c');
  t.is(inlet.dropped, 0);
  t.deepEqual(hand.take(1), ['a']);
  hand.leave();
  t.is(inlet.dropped, 2);
});

test('thousands of values leave no memory behind and keep their order', async t => {
  const {inlet, grants} = newInlet(10_000, 1_000_000);
  inlet.open();
  const hand = new Hand(inlet);
  await turn();
  let sent = 0;
  for (let round = 0; round < 5; round++) {
    arrive(inlet, ...Array.from({length: 2_000}, () => sent++));
    hand.take(1_500);
  }
  hand.take();
  t.deepEqual(
    hand.taken,
    Array.from({length: sent}, (_, i) => i),
  );
  t.true((grants.at(-1) as Grant).messages >= sent);
});

type Act = 'arrive' | 'attach' | 'take' | 'leave' | 'turn' | 'give back';
const acts: readonly Act[] = ['arrive', 'arrive', 'arrive', 'take', 'take', 'attach', 'leave', 'turn', 'give back'];

test('S3, F2: whoever comes and goes, each sees an unbroken run, no value is kept from all, and the window holds', async t => {
  const counts = {values: 0, seen: 0, givenBack: 0, goneWithItsConsumer: 0};
  await fc.assert(
    fc.asyncProperty(
      fc.integer({min: 1, max: 4}),
      fc.array(fc.record({act: fc.constantFrom(...acts), which: fc.nat(3)}), {minLength: 20, maxLength: 80}),
      async (window, script) => {
        const {inlet, grants} = newInlet(window, 1_000);
        inlet.open();
        let sent = 0;
        let hands: Hand[] = [];
        const everyone: Hand[] = [];
        // A value that only a consumer that has left could see: those who stay came later.
        let gone = 0;
        const waiting = (hand: Hand): number => {
          const item = inlet.peek(hand);
          return item && isValue(item) ? (item.value as number) : sent + 1;
        };
        const starts = new Map<Hand, number>();
        const attach = (): void => {
          const hand = new Hand(inlet);
          starts.set(hand, waiting(hand));
          hands.push(hand);
          everyone.push(hand);
        };
        for (const {act, which} of script) {
          const hand = hands[which % Math.max(1, hands.length)];
          if (act === 'arrive' && sent < (grants.at(-1) as Grant).messages) {
            assert.ok(inlet.accept(++sent, sent, 1));
            inlet.deliver();
          } else if (act === 'attach') attach();
          else if (act === 'turn') await turn();
          else if (hand && act === 'take') hand.take(1);
          else if (hand && (act === 'leave' || act === 'give back')) {
            const place = waiting(hand);
            if (act === 'give back' && inlet.peek(hand)) {
              inlet.advance(hand, true);
              counts.givenBack++;
            }
            inlet.detach(hand, true);
            hands = hands.filter(other => other !== hand);
            const next = Math.min(...hands.map(other => starts.get(other) as number));
            if (hands.length > 0 && next > place) {
              const seen = new Set(everyone.flatMap(({taken}) => taken));
              for (let value = place; value < next; value++) if (!seen.has(value)) gone++;
            }
          }
          const seen = Math.max(0, ...everyone.flatMap(({taken}) => taken as number[]));
          if (gone === 0) assert.ok((grants.at(-1) as Grant).messages - seen <= window, 'credit is for what was seen');
        }
        if (hands.length === 0) attach();
        await turn();
        for (const hand of hands) hand.take();
        for (const {taken} of everyone) {
          const from = (taken[0] as number | undefined) ?? 1;
          assert.deepEqual(
            taken,
            taken.map((_, i) => from + i),
          );
        }
        const all = new Set(everyone.flatMap(({taken}) => taken));
        assert.equal(all.size + gone, sent);
        counts.values += sent;
        counts.seen += all.size;
        counts.goneWithItsConsumer += gone;
      },
    ),
    {numRuns: 300},
  );
  t.log(counts);
  t.true(counts.values > 0 && counts.seen > 0 && counts.givenBack > 0 && counts.goneWithItsConsumer > 0);
});
