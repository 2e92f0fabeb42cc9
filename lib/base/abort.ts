/**
 * Listening to abort signals: one listener for each, however many calls share it. Node warns of a leak at the eleventh.
 * Floor 0.
 */

interface Audience {
  readonly waiters: Set<(reason: unknown) => void>;
  readonly tell: () => void;
}

const audiences = new WeakMap<AbortSignal, Audience>();

/** Calls `aborted` when the signal aborts, at once when it has. Returns how to stop listening. */
export function onAbort(signal: AbortSignal | undefined, aborted: (reason: unknown) => void): () => void {
  if (!signal) return () => {};
  if (signal.aborted) {
    aborted(signal.reason);
    return () => {};
  }
  const {waiters, tell} = audiences.get(signal) ?? gather(signal);
  // A function of its own: the same one may wait twice.
  const waiter = (reason: unknown): void => aborted(reason);
  waiters.add(waiter);
  return () => {
    if (!waiters.delete(waiter) || waiters.size > 0) return;
    audiences.delete(signal);
    signal.removeEventListener('abort', tell);
  };
}

function gather(signal: AbortSignal): Audience {
  const waiters = new Set<(reason: unknown) => void>();
  const tell = (): void => {
    for (const waiter of waiters) waiter(signal.reason);
  };
  signal.addEventListener('abort', tell, {once: true});
  const audience = {waiters, tell};
  audiences.set(signal, audience);
  return audience;
}
