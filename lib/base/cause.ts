/**
 * The chain of an error's causes.
 * Floor 0: a pure function over errors.
 */

/** Whether `error` is no story of its own because `cause` tells it. */
export function isCausedBy(error: unknown, cause: unknown): boolean {
  let link = error;
  for (let depth = 0; depth < 8 && link instanceof Error; depth++) {
    link = link.cause;
    if (link !== undefined && link === cause) return true;
  }
  return false;
}
