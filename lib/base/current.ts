/**
 * The actor and the scope of the code that is running now.
 * Floor 0: knows identities and scopes. The runtime itself is known to the floor that made it.
 */
import {AsyncLocalStorage} from 'node:async_hooks';
import type {ActorId} from './actor-id.js';
import {NoRuntime} from './errors.js';
import {processWide} from './process-wide.js';
import type {Scope} from './scope.js';

export interface Current {
  readonly actor: ActorId;
  /** Whether the actor is the root of its tree. */
  readonly root: boolean;
  readonly scope: Scope;
  /** The runtime of this actor. Only the floor that made it knows its type. */
  readonly runtime: object;
  /** The remote function that is running. Undefined in the body of a root. */
  readonly task?: RunningTask | undefined;
}

/** A remote function while it runs. */
export interface RunningTask {
  readonly name: string;
  /** The actor that has called it. */
  readonly peer: ActorId;
  /** The name of its context, which is the same at both ends. */
  readonly uid: string;
}

const storage = processWide('current', () => new AsyncLocalStorage<Current | undefined>());

/** Undefined outside a runtime. */
export function current(): Current | undefined {
  return storage.getStore();
}

/** @param now undefined: `fn` runs outside of all actors */
export function runWith<T>(now: Current | undefined, fn: () => T): T {
  return storage.run(now, fn);
}

/** Runs `fn` in another scope of the same actor. @throws NoRuntime */
export function runInScope<T>(scope: Scope, fn: () => T): T {
  const now = storage.getStore();
  if (!now) throw new NoRuntime('a scope needs a runtime: open one with main() or openNursery()');
  return storage.run({...now, scope}, fn);
}

/**
 * The identity of the running actor.
 *
 * @example
 * ```ts
 * export const whoAmI = task(() => {
 *   const {name, pid} = currentActor();
 *   return `${name} (pid ${pid})`;
 * });
 * ```
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

/**
 * Whether the running code belongs to the root of a tree, or to a process that has no runtime: false in a spawned actor. Never
 * throws.
 *
 * @example
 * ```ts
 * if (isRoot()) console.log('this line is printed once, whatever number of actors imports this file');
 * ```
 */
export function isRoot(): boolean {
  return storage.getStore()?.root ?? !isSpawned();
}

const spawnedKey = Symbol.for('rxtractor/spawned');

/** Called by the entry of a spawned process, before it imports any module of the user. */
export function markSpawned(): void {
  (globalThis as unknown as Record<symbol, boolean>)[spawnedKey] = true;
}

/** Whether this process was spawned as an actor. */
export function isSpawned(): boolean {
  return (globalThis as unknown as Record<symbol, boolean | undefined>)[spawnedKey] === true;
}

/**
 * The signal of the running remote function, or of the nursery body. It aborts when that is cancelled, and its `reason` is the
 * ContextCancelled.
 *
 * @example
 * ```ts
 * export const download = task(async (url: string) => {
 *   const response = await fetch(url, {signal: currentSignal()});
 *   return response.text();
 * });
 * ```
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
