/**
 * Planted faults of the testing kit itself, each with the test that finds it.
 * Above spec/kit/mutants.ts; mutants.spec.ts runs them. By hand: `node dist/spec/testing/kit-mutants.js`.
 */
import {fileURLToPath} from 'node:url';
import {Copy, type Find, huntByHand, type Mutant} from '../kit/mutants.js';

export interface KitMutant extends Mutant {
  /** The spec that has the test: `explore` is `explore.spec.ts`. */
  readonly spec: 'explore' | 'marbles' | 'nothing-left' | 'simulate';
  /** A pattern of AVA for its title. */
  readonly by: string;
}

export const kitMutants: readonly KitMutant[] = [
  {
    name: 'always takes what is due first',
    spec: 'explore',
    by: 'a race is found*',
    file: 'testing/simulation/choices',
    from: 'options < 2 || this.#isFifo ? 0 :',
    to: '0 ? 0 : true ? 0 :',
  },
  {
    name: 'repeats no fault of a schedule',
    spec: 'explore',
    by: 'a failure under faults*',
    file: 'testing/simulation/choices',
    from: 'taken(position) > 0',
    to: 'false',
  },
  {
    name: 'gives every seed the same numbers',
    spec: 'simulate',
    by: 'the same seed gives*',
    file: 'testing/simulation/choices',
    from: 'let state = seed >>> 0;',
    to: 'let state = 1;',
  },
  {
    name: 'does not drop single choices',
    spec: 'explore',
    by: 'a race is found*',
    file: 'testing/explore',
    from: 'part >= 1',
    to: 'part > 1',
  },
  {
    name: 'makes no tail ordinary',
    spec: 'explore',
    by: 'a failure under faults*',
    file: 'testing/explore',
    from: 'best = again;',
    to: '',
  },
  {
    name: 'lets a stopped actor go on',
    spec: 'simulate',
    by: 'a stopped actor*',
    file: 'testing/simulation/simulated-actor',
    from: 'this.isStopped ? Number.POSITIVE_INFINITY :',
    to: '',
  },
  {
    name: 'lets a killed actor go on',
    spec: 'simulate',
    by: 'K05*',
    file: 'testing/simulation/carrier',
    from: 'agenda.drop(actor);',
    to: '',
  },
  {
    name: 'cuts nothing',
    spec: 'simulate',
    by: 'frames take*',
    file: 'testing/simulation/links',
    from: 'lane.isHeld = isHeld;',
    to: ';',
  },
  {
    name: 'forgets work that is left',
    spec: 'simulate',
    by: 'a run fails: work that is left*',
    file: 'testing/simulation/simulation',
    from: 'this.#checkLeft();',
    to: '',
  },
  {
    name: 'takes no warning of the runtime',
    spec: 'simulate',
    by: 'warnings of the runtime*',
    file: 'testing/simulation/uncaught',
    from: 'ownWarnings.test(',
    to: '!ownWarnings.test(',
  },
  {
    name: 'gives nothing back',
    spec: 'simulate',
    by: 'a simulation that fails*',
    file: 'testing/run-simulation',
    from: 'for (const stop of stops.reverse())\n                stop();',
    to: '',
  },
  {
    name: 'unsubscribes behind the frame',
    spec: 'marbles',
    by: 'cold and hot*fifo*',
    file: 'testing/marbles',
    from: 'window.unsubscribedFrame - settledMs',
    to: 'window.unsubscribedFrame + settledMs',
  },
  {
    name: 'takes every source for the right one',
    spec: 'marbles',
    by: 'what differs*',
    file: 'testing/marbles',
    from: '!isDeepStrictEqual(',
    to: 'false && !isDeepStrictEqual(',
  },
  {
    name: 'does not note timers',
    spec: 'nothing-left',
    by: 'what is left is listed: a timer',
    file: 'testing/recorder',
    from: `Timeout: 'timer',`,
    to: '',
  },
  {
    name: 'does not note sockets',
    spec: 'nothing-left',
    by: 'what is left is listed: a socket',
    file: 'testing/recorder',
    from: `TCPSERVERWRAP: 'socket',`,
    to: '',
  },
  {
    name: 'does not look at contexts',
    spec: 'nothing-left',
    by: 'what is left is listed: a process*',
    file: 'testing/nothing-left',
    from: '...contexts(), ',
    to: '',
  },
  {
    name: 'does not look at descriptors',
    spec: 'nothing-left',
    by: 'what is left is listed: a descriptor',
    file: 'testing/nothing-left',
    from: 'before.get(fd) !== target',
    to: 'false',
  },
  {
    name: 'does not look into the folder',
    spec: 'nothing-left',
    by: 'what is left is listed: an entry*',
    file: 'testing/nothing-left',
    from: ', ...folders()',
    to: '',
  },
  {
    name: 'does not wait',
    spec: 'nothing-left',
    by: 'what is about to end*',
    file: 'testing/nothing-left',
    from: 'plainClock.now() >= due',
    to: 'true',
  },
  {
    name: 'does not look for what is left',
    spec: 'nothing-left',
    by: 'testNursery rejects*',
    file: 'testing/test-nursery',
    from: 'await plainClock.turn();\n    await assertNothingLeft();',
    to: '',
  },
];

const specs = [...new Set(kitMutants.map(({spec}) => spec))];
/**
 * Each spec file in a process of its own, one after the other, as in the package's own configuration, which the copy does not have. In
 * threads they would share one process, and `nothing-left` would find what `simulate` has open.
 */
const ava = ['node_modules/ava/entrypoints/cli.mjs', '--no-worker-threads', '--concurrency=1', '--tap', '--timeout=2m'];

/** Runs the test of a mutant. Of the copy as it is all tests are run that find mutants. */
export const findByTest: Find<KitMutant> = async (copy, mutant) => {
  const chosen = mutant ? [mutant] : kitMutants;
  const files = (mutant ? [mutant.spec] : specs).map(spec => `dist/spec/testing/${spec}.spec.js`);
  const matches = chosen.flatMap(({by}) => ['--match', by]);
  const {code, stdout} = await copy.run(mutant, ...ava, ...matches, ...files);
  if (code === 0) return undefined;
  const failed = /^not ok \d+ - (.*)$/m.exec(stdout)?.[1];
  if (failed === undefined || code === 'SIGKILL') throw new Error(`the test itself failed (${code}): ${stdout}`);
  return `failed: ${failed}`;
};

export const newKitCopy = (): Copy =>
  new Copy([...specs.map(spec => `spec/testing/${spec}.spec.ts`), 'spec/testing/hashes.ts', 'lib/child.ts']);

if (process.argv[1] === fileURLToPath(import.meta.url)) await huntByHand(kitMutants, findByTest, newKitCopy);
