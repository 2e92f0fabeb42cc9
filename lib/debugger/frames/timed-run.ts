/**
 * Runs code in this thread with a timeout, also code that never gives way to the event loop.
 * Floor 7: below `captured-debuggee`.
 */
import {inspect, types} from 'node:util';
import {Script} from 'node:vm';
import {attempt} from '../../base/foreign.js';
import {type Evaluation, failedWith} from './debuggee.js';

const key = 'rxtractor/debugger/run';
/** Node gives a timeout to scripts only, so the function is called by a script. */
const runner = new Script(`globalThis[Symbol.for('${key}')]()`);

/** Runs it for at most `timeout` ms. Gives its failure, or undefined. */
export function timedRun(timeout: number, run: () => void): Evaluation | undefined {
  Object.defineProperty(globalThis, Symbol.for(key), {value: run, configurable: true, enumerable: false});
  try {
    runner.runInThisContext({timeout, displayErrors: false});
    return undefined;
  } catch (error) {
    return failureOfThrown(error);
  } finally {
    delete (globalThis as unknown as Record<symbol, unknown>)[Symbol.for(key)];
  }
}

/** The failure that a prompt shows for a thrown value. */
export function failureOfThrown(error: unknown): Evaluation {
  const text = (): string => (types.isNativeError(error) ? String(error.stack ?? error) : inspect(error));
  return failedWith(attempt(text, 'something that cannot be shown'));
}
