/**
 * Calls to functions that may end in code of a user: what that code throws must not stop ours.
 * Floor 0: used where several are told of one event, and where a message is read.
 *
 * A subscriber behind operators, the teardown of a subscription and a listener are such code. RxJS and Node leave what it throws
 * uncaught, and so does this file.
 */

/** Calls a function. What it throws is left uncaught, and the caller goes on. */
export function callApart(fn: () => unknown): void {
  try {
    fn();
  } catch (error) {
    leaveUncaught(error);
  }
}

/** Throws where nothing catches it, as Node does with what a listener of a signal throws (rule T13: it ends an actor). */
export function leaveUncaught(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
