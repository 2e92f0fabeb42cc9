/**
 * How a nursery fails: the one error that it rejects with, made of everything that failed in it.
 * Floor 6: below `running-nursery`.
 */

import {ContextCancelled, NurseryError} from '../base/errors.js';
import {isCausedBy} from '../base/foreign.js';
import {suppress} from '../base/suppressed.js';

/**
 * One error leaves as itself, several as NurseryError. An error that another one has caused, and the cancellations, are not
 * counted beside it. Undefined when nothing failed.
 *
 * @param label names the nursery in the message
 */
export function nurseryOutcome(errors: readonly unknown[], label: string): {readonly error: unknown} | undefined {
  const all = [...new Set(errors)];
  const causes = all.filter(error => !all.some(other => other !== error && isCausedBy(error, other)));
  const real = causes.filter(error => !(error instanceof ContextCancelled));
  const listed = real.length > 0 ? real : causes;
  if (listed.length === 0) return undefined;
  if (listed.length > 1) return {error: new NurseryError(listed, `${listed.length} things failed in ${label}`)};
  const [error] = listed;
  for (const other of all) if (other !== error && !(other instanceof ContextCancelled)) suppress(error, other);
  return {error};
}
