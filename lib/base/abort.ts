/**
 * Listening to abort signals with one listener for each signal, however many calls share it, because Node warns of a leak at the
 * eleventh listener.
 * Floor 0: used wherever a user may give a signal.
 */
import {callApart} from './uncaught.js';

/** The functions that wait for one signal, and the one listener on the signal that calls them. */
interface Waiting {
  readonly waiters: Set<(reason: unknown) => void>;
  readonly tell: () => void;
}

const waitingFor = new WeakMap<AbortSignal, Waiting>();

/** Calls `aborted` when the signal aborts, at once when it has. Returns how to stop listening. */
export function onAbort(signal: AbortSignal | undefined, aborted: (reason: unknown) => void): () => void {
  if (!signal) return () => {};
  if (signal.aborted) {
    aborted(signal.reason);
    return () => {};
  }
  const {waiters, tell} = waitingFor.get(signal) ?? listenTo(signal);
  // A function of its own for each call, because the same `aborted` may be given twice.
  const waiter = (reason: unknown): void => aborted(reason);
  waiters.add(waiter);
  return () => {
    if (!waiters.delete(waiter) || waiters.size > 0) return;
    waitingFor.delete(signal);
    signal.removeEventListener('abort', tell);
  };
}

function listenTo(signal: AbortSignal): Waiting {
  const waiters = new Set<(reason: unknown) => void>();
  const tell = (): void => {
    for (const waiter of waiters) callApart(() => waiter(signal.reason));
  };
  signal.addEventListener('abort', tell, {once: true});
  const waiting = {waiters, tell};
  waitingFor.set(signal, waiting);
  return waiting;
}
