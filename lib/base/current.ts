/**
 * Which actor and which scope is running now.
 * Floor 0: identities and scopes only; the runtime itself is known to those who made it.
 */
import {AsyncLocalStorage} from 'node:async_hooks';
import type {ActorId} from './actor-id.js';
import {plainClock, type Stop} from './clock.js';
import {ContextCancelled, NoRuntime} from './errors.js';
import {processWide} from './process-wide.js';
import {Scope} from './scope.js';

export interface Current {
  readonly actor: ActorId;
  readonly root: boolean;
  readonly scope: Scope;
  /** The runtime of this actor, opaque here: only the floor that made it knows its type. */
  readonly runtime: object;
  /** Who called the remote function that is running; undefined in a nursery's body. */
  readonly caller?: ActorId | undefined;
}

const storage = processWide('current', () => new AsyncLocalStorage<Current>());

export function current(): Current | undefined {
  return storage.getStore();
}

export function runWith<T>(now: Current, fn: () => T): T {
  return storage.run(now, fn);
}

/** Runs `fn` in another scope of the same actor. */
export function runInScope<T>(scope: Scope, fn: () => T): T {
  const now = storage.getStore();
  if (!now) throw new NoRuntime('a scope needs a runtime: open one with main() or openNursery()');
  return storage.run({...now, scope}, fn);
}

/**
 * The identity of the running actor.
 *
 * @throws NoRuntime outside `main`, `openNursery` and spawned actors
 */
export function currentActor(): ActorId {
  const now = storage.getStore();
  if (!now)
    throw new NoRuntime(
      'currentActor() was called outside a runtime: call it within main(), openNursery() or a remote function',
    );
  return now.actor;
}

/** Whether this process is no spawned actor: a root, or a process without a runtime. Never throws. */
export function isRoot(): boolean {
  return storage.getStore()?.root ?? !isSpawned();
}

/** Set by the entry of a spawned process, before anything of the user's is imported. */
const spawnedKey = Symbol.for('rxtractor/spawned');
export function markSpawned(): void {
  (globalThis as unknown as Record<symbol, boolean>)[spawnedKey] = true;
}
export function isSpawned(): boolean {
  return (globalThis as unknown as Record<symbol, boolean | undefined>)[spawnedKey] === true;
}

/**
 * The cancellation of the running remote function, or of the nursery body.
 *
 * @throws NoRuntime outside a runtime
 */
export function currentSignal(): AbortSignal {
  const now = storage.getStore();
  if (!now)
    throw new NoRuntime(
      'currentSignal() was called outside a runtime: call it within a remote function or a nursery body',
    );
  return now.scope.signal;
}

/**
 * Waits for `ms` milliseconds (any length of time). A checkpoint: rejects with `ContextCancelled` when the
 * scope is cancelled. Outside a runtime a plain timer.
 *
 * @throws RangeError for NaN or a negative time
 */
export function sleep(ms: number): Promise<void> {
  if (!(ms >= 0)) return Promise.reject(new RangeError(`sleep() takes milliseconds from 0 on, not ${ms}`));
  const scope = storage.getStore()?.scope;
  return new Promise((resolve, reject) => {
    if (scope?.cancelled) {
      reject(scope.cancelled);
      return;
    }
    const stopTimer = (scope?.clock ?? plainClock).timer(ms, () => {
      stopListening?.();
      resolve();
    });
    const stopListening = scope?.onCancel(why => {
      stopTimer();
      reject(why);
    });
  });
}

/** How long `shield` holds at most, unless the runtime says otherwise. */
const shieldMs = 1_600;

/**
 * Awaits inside `fn` are not cancelled, for at most `timeouts.exit` (1 600 ms): for clean-up that must talk.
 */
export async function shield<T>(fn: () => T | PromiseLike<T>): Promise<T> {
  const now = storage.getStore();
  if (!now) return fn();
  const scope = new Scope('a shield', now.scope, true);
  // The time starts to run when there is something to be shielded from.
  let stopTimer: Stop = () => {};
  const stopListening = now.scope.onCancel(why => {
    const expire = (): void =>
      scope.cancel(
        new ContextCancelled('the time for shielded clean-up is over', {
          canceller: why.canceller,
          reason: 'deadline',
          cause: why,
        }),
      );
    stopTimer = now.scope.clock.limit(shieldMs, expire);
  });
  // The debugger steps out through here, to whoever awaits the shield: it loses its way in a `return await` with a `finally`,
  // and in an await of nothing.
  let result: T;
  try {
    result = await storage.run({...now, scope}, async () => fn());
  } finally {
    stopTimer();
    stopListening();
    if (scope.charges.size > 0) await scope.leave(false);
    scope.settle();
  }
  return result;
}
