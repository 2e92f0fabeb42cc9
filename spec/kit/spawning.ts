// The test function of specs that start processes: one test of a file at a time, and none may leave anything behind.
// Above processes.ts and limited.ts.
//
// AVA runs as many files at once as package.json says, and by itself all tests of a file at once. A test that starts processes beside thirty
// others has not the time that it has alone: its bounds expire, and its programs do not find each other. One at a time, its time is its own.
import ava, {type ExecutionContext} from 'ava';
import {defaultTimeouts} from '../../lib/actor/tree-options.js';
import {serialTest} from './limited.js';
import {leftBehind} from './processes.js';

/**
 * Where a spec says nothing, the times that only a starved machine exceeds are long: a start, a handshake, and the wait that is explained
 * by a warning. A spec of such a time sets it.
 */
Object.assign(defaultTimeouts, {spawn: 60_000, handshake: 30_000, explain: 60_000});

export interface LeavesNothingOptions {
  /** Called before the look: ends the actors that the tests of a file share. */
  readonly last?: (t: ExecutionContext) => unknown;
  /** Whether the tests do what is warned of. */
  readonly warns?: boolean;
}

export interface SpawningOptions extends LeavesNothingOptions {
  /** The file takes many seconds: its tests run only when RXTRACTOR_CI is set, so that `npm test` takes minutes and not a quarter of an hour. */
  readonly takesLong?: boolean;
  /**
   * This many tests, from the top of the file, run always. The others run only when RXTRACTOR_CI is set, because all of them take many
   * seconds. So the tests at the top are those that show the most.
   */
  readonly always?: number;
}

type SpawningTest = typeof serialTest;

/** For `const test = spawning();` at the top of a spec whose tests start processes. `test.long` is for those that run in CI alone. */
export function spawning({
  takesLong = false,
  always = Number.POSITIVE_INFINITY,
  ...options
}: SpawningOptions = {}): SpawningTest & {
  readonly long: SpawningTest;
} {
  if (process.env.RXTRACTOR_CI) {
    leavesNothing(options);
    return Object.assign(serialTest, {long: serialTest});
  }
  const long = skipping();
  if (takesLong) return Object.assign(long, {long});
  leavesNothing(options);
  return Object.assign(firstOf(always, serialTest, long), {long});
}

/** The first `count` tests that are declared run, the others are skipped. */
function firstOf(count: number, all: SpawningTest, long: SpawningTest): SpawningTest {
  if (count === Number.POSITIVE_INFINITY) return all;
  let declared = 0;
  const declare = (...args: readonly unknown[]): unknown =>
    (++declared > count ? long : (all as (...args: readonly unknown[]) => unknown))(
      ...(args as Parameters<SpawningTest>),
    );
  const {macro, skip, failing, before, after, beforeEach, afterEach} = all;
  return Object.assign(declare, {
    macro,
    skip,
    failing,
    before,
    after,
    beforeEach,
    afterEach,
  }) as unknown as SpawningTest;
}

/** Skips each test, and says in its title why. The hooks of the file do nothing. */
function skipping(): SpawningTest {
  const skip = (...args: readonly unknown[]): void => {
    const given = typeof args[0] === 'string' ? args[0] : undefined;
    const [macro, ...rest] = given === undefined ? args : args.slice(1);
    const title = (macro as {title?: (given: string | undefined, ...args: unknown[]) => string}).title;
    ava.skip(`${title?.(given, ...rest) ?? given} (takes long: set RXTRACTOR_CI=1 to run)`, nothing);
  };
  const hook = Object.assign(() => {}, {always: nothing, skip: nothing});
  const members = {macro: ava.macro, skip, failing: skip, before: hook, after: hook, beforeEach: hook, afterEach: hook};
  return Object.assign(skip, members) as unknown as SpawningTest;
}

/** Sees after all tests of a file that it has left nothing behind. By itself for tests that may run at once: they share their actors. */
export function leavesNothing({last, warns = false}: LeavesNothingOptions): void {
  const unhandled: unknown[] = [];
  process.on('unhandledRejection', error => unhandled.push(error));
  const warnings: string[] = [];
  process.on('warning', warning => warnings.push(warning.message));
  serialTest.after.always(
    `no process is left behind, no rejection unhandled${warns ? '' : ', no warning given'}`,
    async t => {
      await last?.(t);
      t.deepEqual(await leftBehind(), []);
      t.deepEqual(unhandled, []);
      if (!warns) t.deepEqual(warnings, []);
    },
  );
}

function nothing(): void {}
