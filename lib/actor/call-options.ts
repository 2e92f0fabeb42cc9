/**
 * The options of calls, as `portal.with` takes them.
 * Floor 5: below `portal`.
 */
import {checkKeys} from '../base/option-checks.js';
import type {Scope} from '../base/scope.js';
import type {FlowOptions} from '../context/flow/options.js';

/** Options of every call that is made through `portal.with(…)`. */
export interface CallOptions extends FlowOptions {
  /** Aborting it cancels the call. One that is aborted already prevents the call. Default: none. */
  readonly signal?: AbortSignal;
  /**
   * Maximum time of the call in milliseconds, of any length. When it is over, the call is cancelled, and rejects with the reason
   * `deadline`, whatever the function still gives. With 0 or less the call is not made. Default: none.
   */
  readonly timeout?: number;
  /**
   * How a context that `run` or `openContext` has opened ends when its scope is left normally: the scope waits for its
   * result, or cancels it. Default `wait`.
   */
  readonly onExit?: 'wait' | 'cancel';
  /**
   * The nursery to which the call belongs. Default: the running scope, or the nursery that made the portal when that is the
   * inner one.
   */
  readonly scope?: ScopeHolder;
}

/** Something that has a scope: a nursery. */
export interface ScopeHolder {
  readonly [scopeKey]: Scope;
}
export const scopeKey = Symbol.for('rxtractor/scope');

const callOptions = new Set([
  'signal',
  'timeout',
  'onExit',
  'scope',
  'window',
  'windowBytes',
  'bufferBytes',
  'overflow',
]);

/** @throws TypeError for an option that does not exist, RangeError for a `timeout` that is not a number */
export function checkCallOptions(options: CallOptions): void {
  checkKeys(options, callOptions, 'portal.with(): ');
  checkTimeout(options.timeout);
}

/** @throws RangeError when the value is not a number. Infinity is allowed, and so is less than 0. */
export function checkTimeout(timeout: unknown): void {
  if (timeout !== undefined && (typeof timeout !== 'number' || Number.isNaN(timeout)))
    throw new RangeError(`timeout is a number of milliseconds, not ${String(timeout)}`);
}
