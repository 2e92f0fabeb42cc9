/**
 * The chain of an error's causes.
 * Floor 0: above `foreign`; used where a failure is already told by another one.
 */
import {causeOf, isError} from './foreign.js';

/** Maximum number of causes that are followed, because a chain may be a circle. */
const maxDepth = 8;

/** Whether `cause` is among the causes of `error`, at any depth: then `error` tells nothing that `cause` does not tell. */
export function isCausedBy(error: unknown, cause: unknown): boolean {
  let link = error;
  for (let depth = 0; depth < maxDepth && isError(link); depth++) {
    link = causeOf(link);
    if (link !== undefined && link === cause) return true;
  }
  return false;
}
