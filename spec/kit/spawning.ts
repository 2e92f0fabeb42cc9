// The test function of specs that start processes: one test of a file at a time, and none may leave anything behind.
// Above processes.ts.
//
// AVA runs as many files at once as package.json says, and by itself all tests of a file at once. A test that starts processes beside thirty
// others has not the time that it has alone: its bounds expire, and its programs do not find each other. One at a time, its time is its own.
import ava, {type ExecutionContext, type SerialFn, type TestFn} from 'ava';
import {leftBehind} from './processes.js';

/** For `const test = spawning();` at the top of a spec whose tests start processes. */
export function spawning(): SerialFn & Pick<TestFn, 'macro'> {
  leavesNothing();
  return Object.assign(ava.serial, {macro: ava.macro});
}

/**
 * Sees after all tests of a file that it has left nothing behind. For a spec whose tests share actors, which start with the first test: `last`
 * ends them.
 */
export function leavesNothing(last?: (t: ExecutionContext) => unknown): void {
  const unhandled: unknown[] = [];
  process.on('unhandledRejection', error => unhandled.push(error));
  const warnings: string[] = [];
  process.on('warning', (warning: NodeJS.ErrnoException) => {
    // This library's own warnings are what some specs ask for.
    if (!warning.code?.startsWith('RXTRACTOR_')) warnings.push(warning.message);
  });
  ava.after.always('no process is left behind, no rejection unhandled, and Node has nothing to warn of', async t => {
    await last?.(t);
    t.deepEqual(await leftBehind(), []);
    t.deepEqual(unhandled, []);
    t.deepEqual(warnings, []);
  });
}
