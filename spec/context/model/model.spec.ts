// The protocol of a context against a model: what must hold in every order of all that may happen to it.
// Above trials.ts. Whatever was found stays below as a fixed run. RXTRACTOR_RUNS says how many.
import test from 'ava';
import {seed} from '../../kit/seed.js';
import type {Setup} from './model.js';
import {play} from './moves.js';
import {tryOut} from './trials.js';

const runs = Number(process.env.RXTRACTOR_RUNS ?? (process.env.RXTRACTOR_CI ? 100_000 : 5_000));

/** The situations that the runs must meet, unless somebody wants only a few: a pass that never does says nothing. */
const everywhere = [
  'full window',
  'value larger than the window',
  'credit again',
  'push that waits, error',
  'push that waits, dropOldest',
  'push that waits, latest',
  'overrun',
  'stop by the caller',
  'stop by the callee',
  'send on a closed stream',
  'read to the end',
  'read to an error',
  'return',
  'throw',
  'error by the caller',
  'error by the callee',
  'errors that cross',
  'error that crosses a cancel',
  'cancel by the caller',
  'cancel by the callee',
  'second cancel',
  'cancel absorbed',
  'cancel before Start has left',
  'cancel not obeyed in time',
  'cancel that crosses the end',
  'cancels that cross',
  'deadline at the caller',
  'deadline at the callee',
  'late message',
  'message for a context that is gone',
];
const inOperators = ['unsubscription'];
const inContexts = ['close by the caller', 'close by the callee', 'return without started'];
const onLostLinks = ['link lost by the caller', 'link lost by the callee', 'link cut with messages on it'];

const holds = test.macro({
  async exec(t, share: number, kind: Setup['kind'], losses: boolean, mustReach: readonly string[]) {
    t.timeout(300_000 + runs * 5);
    const count = Math.ceil(runs * share);
    t.log(`${count} runs, seed ${seed}`);
    const {reached, fault} = await tryOut({runs: count, seed, kind, losses});
    for (const [what, times] of [...reached].sort(([, a], [, b]) => b - a)) t.log(`${times} with ${what}`);
    t.is(fault, undefined);
    if (runs < 5_000) return;
    t.deepEqual(
      mustReach.filter(what => !reached.has(what)),
      [],
    );
  },
  title: what =>
    `I1-I4, X2, X7, F1, F8: in ${runs.toLocaleString('en').replaceAll(',', ' ')} random runs in all, ${what} end once at each end, alike, after a prefix, within their windows`,
});

test.serial('contexts', holds, 0.5, 'context', false, [...everywhere, ...inContexts, 'return after the deadline']);
test.serial('contexts on links that may be lost', holds, 0.25, 'context', true, [
  ...everywhere,
  ...inContexts,
  ...onLostLinks,
]);
test.serial('operators on links that may be lost', holds, 0.25, 'operator', true, [
  ...everywhere,
  ...inOperators,
  ...onLostLinks,
]);

const plain: Setup = {
  kind: 'context',
  flow: {window: 1, windowBytes: 1_000, bufferBytes: 1_000_000, overflow: 'error'},
  shares: false,
  holdsStart: false,
  losses: false,
  opensLate: false,
  isTimed: false,
  faults: 0,
};

const found = test.macro({
  async exec(t, moves: readonly string[], setup: Partial<Setup> = {}) {
    await t.notThrowsAsync(play({...plain, ...setup}, moves));
  },
  title: what => `found by the model: ${what}`,
});

test('S7: a stream that is opened after its Stop and an error of the peer ends with the error', found, [
  'callee hears',
  'callee started',
  'callee opens',
  'callee stops (1)',
  'callee fails',
  'caller hears all',
  'caller opens',
]);
test('S7: a stream that is opened after its Stop and an own error ends with the error', found, [
  'callee hears',
  'callee started',
  'callee opens',
  'callee stops (1)',
  'caller hears all',
  'caller fails',
  'caller opens',
]);
test(
  'S7, X7: a stream that is opened after a close of the peer and a throw that crosses a cancel ends with the error',
  found,
  [
    'callee hears',
    'callee started',
    'callee opens',
    'callee closes',
    'caller cancels',
    'caller hears all',
    'the function throws',
    'caller hears',
    'caller opens',
  ],
);

test('E7: a stream that a function closes after it was cancelled ends with the cancellation', found, [
  'callee hears',
  'callee started',
  'caller hears',
  'caller opens',
  'callee opens',
  'caller cancels',
  'callee hears what passes',
  'callee closes',
  'the function returns',
  'caller hears all',
]);
test(
  'X10, C2: a function that returns without started after the deadline is told as that',
  found,
  [
    'callee hears',
    'the function returns',
    'a turn ends',
    'caller opens',
    'the time of the call is over',
    'caller hears',
  ],
  {isTimed: true},
);

test(
  'E6: an error that comes behind a stream which the deadline has cut off is told as that error',
  found,
  [
    'callee hears',
    'callee started',
    'callee opens',
    'the time of the call is over at the callee',
    'callee closes',
    'caller hears',
    'caller hears what passes',
    'caller opens',
    'caller hears all',
    'callee fails',
  ],
  {isTimed: true},
);

test('a run that names what cannot happen is refused: a fixed run that went stale would pass for ever', async t => {
  await t.throwsAsync(play(plain, ['callee started']), {message: /callee started is not possible here/});
});
