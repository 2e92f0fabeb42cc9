/**
 * The goals: what a figure of rxtractor is held against, and how many times it may be that. A goal is a ratio of one round, because
 * the same moment of a noisy machine has seen both; it is missed when it is missed in more than half of the rounds.
 * Beneath `plan`, `main` and `page`.
 */
import {median} from './measure.js';
import {type Rounds, ratios, roundsOf, type Samples} from './results.js';

export interface Ref {
  readonly subject: string;
  readonly probe: string;
  readonly metric: string;
}

export interface Goal {
  /** The name of the figure that is measured. */
  readonly what: string;
  /** The figure of rxtractor. */
  readonly own: Ref;
  /** The figures against which it is held: the best of these, or nothing where the goal is a figure itself. */
  readonly against: readonly Ref[];
  /** Its name in the report. */
  readonly than: string;
  readonly bound: number;
  readonly better: 'lower' | 'higher';
  /** Where the rest goes. */
  readonly rest: string;
}

export const ours = 'rxtractor';
const bare = 'bare socket';
const json = 'Node IPC json';
const advanced = 'Node IPC advanced';
const processPeers = ['comedy', 'rsocket', 'grpc-js', 'Effect RPC'];

const ref = (subject: string, probe: string, metric: string): Ref => ({subject, probe, metric});
const own = (probe: string, metric: string): Ref => ref(ours, probe, metric);
const ofEach = (subjects: readonly string[], probe: string, metric: string): Ref[] =>
  subjects.map(subject => ref(subject, probe, metric));

const callRest =
  'A call carries the name of its function, a deadline, a scope that cancellation can reach, and an answer with its error. The bare socket carries 32 bytes.';
const rateRest =
  'With many calls in flight the processor is what is missing, and not the road: see the processor time of a call at both ends, and the profile below.';
const streamRest =
  'Each value is checked, encoded, counted against the window, decoded, and handed to every consumer. See the profile of the stream road.';
const largeRest =
  'A value is copied at the sender, because its owner may change it, and at the receiver into what its reader keeps. Memory outside the heap makes the collector run: the profile shows how much. The bare socket does neither.';
const spawnRest =
  'Node itself starts first; then the entry is loaded and linked, the handshake runs, and the module of the actor is imported. On Linux the program setpriv costs one more exec. A compile cache (NODE_COMPILE_CACHE) saves a sixth of it.';
const standbyRest =
  'The process is there. It reads who it is, is told what it is to be, imports the module of the actor, and answers. In a program that has started some before, the root, the greetings, the module and the call take 1 to 2 ms each; decision 54 has the times. See the profile of a start from a standby.';
const fanOutRest =
  'Ten actors on few cores wait for one another: the time is the processor time of ten calls at both ends. Node answers a message of its own channel without the JavaScript of a library.';
const peerRest =
  'The best peer needs as long as the bare socket, so that nothing can be faster than 0.8 times its time.';

export const goals: readonly Goal[] = [
  {
    what: 'call latency, p50',
    own: own('call', 'p50'),
    against: [ref(bare, 'call', 'p50')],
    than: 'bare socket',
    bound: 2.2,
    better: 'lower',
    rest: callRest,
  },
  {
    what: 'call latency, p50',
    own: own('call', 'p50'),
    against: ofEach(processPeers, 'call', 'p50'),
    than: 'best process peer',
    bound: 0.8,
    better: 'lower',
    rest: peerRest,
  },
  {
    what: 'calls/s, 256 in flight',
    own: own('calls', 'rate 256'),
    against: ofEach(processPeers, 'calls', 'rate 256'),
    than: 'best process peer',
    bound: 2,
    better: 'higher',
    rest: rateRest,
  },
  {
    what: 'calls/s, 256 in flight',
    own: own('calls', 'rate 256'),
    against: [ref(json, 'calls', 'rate 256')],
    than: json,
    bound: 1.2,
    better: 'higher',
    rest: rateRest,
  },
  {
    what: 'small objects/s, gathered',
    own: own('stream: objects', 'rate'),
    against: [ref('Effect RPC', 'stream: objects', 'rate')],
    than: 'Effect RPC, in chunks',
    bound: 1.1,
    better: 'higher',
    rest: streamRest,
  },
  {
    what: 'small objects/s, gathered',
    own: own('stream: objects', 'rate'),
    against: [ref('threads.js', 'stream: objects', 'rate')],
    than: 'threads.js',
    bound: 5,
    better: 'higher',
    rest: streamRest,
  },
  {
    what: 'small objects/s, one at a time',
    own: own('stream: objects each', 'rate'),
    against: [
      ...ofEach(['rsocket', 'grpc-js', 'Effect RPC', 'comlink', 'birpc', 'capnweb'], 'stream: objects each', 'rate'),
      // Their pushes do not wait, and each value is a message nevertheless.
      ...ofEach(['threads.js', 'comlink', 'birpc'], 'stream: objects', 'rate'),
    ],
    than: 'fastest peer',
    bound: 2,
    better: 'higher',
    rest: streamRest,
  },
  ...(['64 KiB', '1 MiB'] as const).flatMap((size): Goal[] => [
    {
      what: `buffers of ${size}`,
      own: own(`stream: ${size}`, 'rate'),
      against: [ref(bare, `stream: ${size}`, 'rate')],
      than: 'bare socket',
      bound: 0.8,
      better: 'higher',
      rest: largeRest,
    },
    {
      what: `buffers of ${size}`,
      own: own(`stream: ${size}`, 'rate'),
      against: [ref(advanced, `stream: ${size}`, 'rate')],
      than: advanced,
      bound: 3,
      better: 'higher',
      rest: largeRest,
    },
  ]),
  {
    what: 'small calls beside a stream of 64 KiB buffers, p99',
    own: own('beside buffers', 'p99'),
    against: [own('beside nothing', 'p99')],
    than: 'the same calls alone',
    bound: 3,
    better: 'lower',
    rest: 'On few cores the two processes that move the buffers take the processor too, which the calls need; see the same calls to another actor.',
  },
  {
    what: 'spawn to first reply',
    own: own('spawn', 'ms'),
    against: [ref(bare, 'spawn empty', 'ms')],
    than: 'an empty program of Node',
    bound: 2,
    better: 'lower',
    rest: spawnRest,
  },
  {
    what: 'from a standby to first reply, in ms',
    own: own('spawn standby', 'ms'),
    against: [],
    than: '',
    bound: 5,
    better: 'lower',
    rest: standbyRest,
  },
  {
    what: 'ten actors at once to first replies',
    own: own('spawn ten', 'ms'),
    against: [ref(bare, 'spawn empty ten', 'ms')],
    than: 'ten empty programs of Node',
    bound: 2,
    better: 'lower',
    rest: spawnRest,
  },
  {
    what: 'one of ten throws: the parent knows, in ms',
    own: own('one of ten fails', 'seen'),
    against: [],
    than: '',
    bound: 1,
    better: 'lower',
    rest: 'In a fresh process each step of it runs for the first time: the first error takes 2 to 4 ms, and the third one 0.6 ms.',
  },
  {
    what: 'one of ten throws: all ten are gone, in ms',
    own: own('one of ten fails', 'gone'),
    against: [],
    than: '',
    bound: 50,
    better: 'lower',
    rest: 'The end of a Node process takes time of its own: see ten bare processes that end.',
  },
  {
    what: 'private memory of an idle actor',
    own: own('memory', 'mib'),
    against: [ref(bare, 'memory', 'mib')],
    than: 'a bare Node with a socket',
    bound: 1.8,
    better: 'lower',
    rest: 'The code of the library and its maps; RxJS is not loaded.',
  },
  {
    what: 'one call to each of ten, p50',
    own: own('fan-out', 'p50'),
    against: [ref(json, 'fan-out', 'p50')],
    than: json,
    bound: 1.2,
    better: 'lower',
    rest: fanOutRest,
  },
  {
    what: 'one stalled context among 1 000: p99 of the others',
    own: own('one stalled of 1000', 'p99'),
    against: [own('one stalled of 1000', 'p99 before')],
    than: 'before the stall',
    bound: 2,
    better: 'lower',
    rest: 'Nothing waits in the read loop; what is left is what the stalled context has sent until its window was full.',
  },
];

/** No goals, but what `--compare` looks at too: the processor time of a unit at both ends, which tells more on a machine with other work. */
export const watches: readonly Goal[] = (
  [
    ['a call, 64 in flight', 'calls', 'both 64'],
    ['a small object, gathered', 'stream: objects', 'both'],
    ['a buffer of 64 KiB', 'stream: 64 KiB', 'both'],
  ] as const
).map(([what, probe, metric]) => ({
  what: `processor time of ${what}`,
  own: own(probe, metric),
  against: [ref(bare, probe, metric)],
  than: 'bare socket',
  bound: Number.POSITIVE_INFINITY,
  better: 'lower',
  rest: '',
}));

export interface Outcome {
  readonly goal: Goal;
  /** The ratios, or the figures where the goal is a figure itself, round by round. */
  readonly rounds: readonly number[];
  readonly median: number;
  readonly missedIn: number;
  readonly met: boolean;
  /** Which of those that it is held against was the best, where there are several. */
  readonly best: string;
}

/** Undefined where nothing was measured. */
export function outcome(goal: Goal, samples: Samples, node: string): Outcome | undefined {
  const {own, against, bound, better} = goal;
  const figures = roundsOf(samples, node, own.subject, own.probe, own.metric);
  const best = bestOf(goal, samples, node);
  const all = against.length === 0 ? figures : ratios(figures, best.rounds);
  const rounds = all.filter(ratio => ratio !== null);
  if (rounds.length === 0) return undefined;
  const missedIn = rounds.filter(ratio => (better === 'lower' ? ratio > bound : ratio < bound)).length;
  return {goal, rounds, median: median(rounds), missedIn, met: missedIn <= rounds.length / 2, best: best.name};
}

/** Round by round the best of those that it is held against; the name is that of the best of all rounds. */
function bestOf({against, better}: Goal, samples: Samples, node: string): {rounds: Rounds; name: string} {
  const pick = better === 'lower' ? Math.min : Math.max;
  const all = against
    .map(({subject, probe, metric}) => ({subject, rounds: roundsOf(samples, node, subject, probe, metric)}))
    .filter(({rounds}) => rounds.some(figure => figure !== null));
  const length = Math.max(0, ...all.map(({rounds}) => rounds.length));
  const rounds = Array.from({length}, (_, round) => {
    const figures = all.map(({rounds}) => rounds[round]).filter(figure => typeof figure === 'number');
    return figures.length === 0 ? null : pick(...figures);
  });
  const medianOf = (rounds: Rounds): number => median(rounds.filter(figure => figure !== null));
  const winner = pick(...all.map(({rounds}) => medianOf(rounds)));
  return {rounds, name: all.length > 1 ? (all.find(({rounds}) => medianOf(rounds) === winner)?.subject ?? '') : ''};
}

/** Whether a goal needs this probe of this subject. */
export function isOfGoal(subject: string, probe: string): boolean {
  return [...goals, ...watches].some(({own, against}) =>
    [own, ...against].some(ref => ref.subject === subject && ref.probe === probe),
  );
}
