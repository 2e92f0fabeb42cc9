/**
 * A resource that several tasks of one actor use at a time: the first opens it, the last closes it.
 * Floor 5: one table for each actor. What the resource opens belongs to the resource, and not to the task that came first.
 */
import {Answer} from '../base/answer.js';
import {Attached} from '../base/attached.js';
import {current, runInScope} from '../base/current.js';
import {ContextCancelled, NoRuntime} from '../base/errors.js';
import {textOf} from '../base/foreign.js';
import {type Dependent, Scope, settledScopeError} from '../base/scope.js';

/** A use of a shared resource. Disposing of it ends the use. */
export interface Shared<T> extends AsyncDisposable {
  /** The resource. */
  readonly value: T;
  /** Whether this call opened the resource. */
  readonly fresh: boolean;
}

const tables = new Attached<Map<unknown, SharedResource>>();

/**
 * Uses the resource under `key` of this actor. The first caller opens it, later callers get the same. When the last user has
 * left, the resource is closed, and that user sees the errors of the close. A call during the close waits, and opens the
 * resource anew. When opening fails, or its caller is cancelled meanwhile, the next caller tries again.
 *
 * The use ends when it is disposed of, or with the scope in which it was opened.
 *
 * Rejects with NoRuntime outside a runtime, and with the error that `open` throws.
 *
 * @param key of any type, compared as in a Map
 * @param open opens the resource. Its signal is aborted when the caller is cancelled before the resource is there
 * @example
 * ```ts
 * export const query = task(async (sql: string) => {
 *   await using shared = await openShared('database', signal => openDatabase(signal));
 *   return shared.value.query(sql);
 * });
 * ```
 */
export function openShared<T extends AsyncDisposable>(
  key: unknown,
  open: (signal: AbortSignal) => Promise<T>,
): Promise<Shared<T>> {
  const now = current();
  if (!now)
    return Promise.reject(
      new NoRuntime('openShared() was called outside a runtime: call it within main() or a remote function'),
    );
  const table = tables.orMake(now.runtime, () => new Map());
  return Answer.from(now.scope, join(table, key, open, now.scope));
}

async function join<T extends AsyncDisposable>(
  table: Map<unknown, SharedResource>,
  key: unknown,
  open: (signal: AbortSignal) => Promise<T>,
  user: Scope,
): Promise<Shared<T>> {
  for (;;) {
    user.check();
    const resource = table.get(key);
    if (!resource) return openFirst(table, key, open, user);
    if (resource.closing) {
      await user.orCancelled(resource.closing.catch(() => {}));
      continue;
    }
    resource.users++;
    try {
      const value = await user.orCancelled(resource.opened);
      user.check();
      return resource.use(value as T, false, user);
    } catch {
      // When the opening has failed, the first caller is told, and this one tries for itself.
      await resource.leave();
    }
  }
}

async function openFirst<T extends AsyncDisposable>(
  table: Map<unknown, SharedResource>,
  key: unknown,
  open: (signal: AbortSignal) => Promise<T>,
  user: Scope,
): Promise<Shared<T>> {
  const scope = new Scope(`the shared resource ${textOf(key)}`, rootOf(user));
  // Until the resource is there it belongs to the first caller, whose cancellation ends the opening.
  const stop = user.onCancel(why => scope.cancel(why));
  const opened = runInScope(scope, async () => {
    const value = await open(scope.signal);
    if (!scope.cancelled && !user.settled) return value;
    // It is there although its caller does not want it any more. Other callers must not get it: their calls in its scope
    // would be cancelled.
    await value[Symbol.asyncDispose]();
    throw scope.cancelled ?? settledScopeError(user);
  });
  const resource = new SharedResource(scope, opened, () => table.delete(key));
  table.set(key, resource);
  try {
    return resource.use(await opened, true, user);
  } catch (error) {
    await resource.abandon();
    throw error;
  } finally {
    stop();
  }
}

class SharedResource {
  users = 1;
  /** Set when the last user has left. */
  closing: Promise<void> | undefined;
  readonly scope: Scope;
  readonly opened: Promise<AsyncDisposable>;
  readonly #forget: () => void;

  constructor(scope: Scope, opened: Promise<AsyncDisposable>, forget: () => void) {
    this.scope = scope;
    this.opened = opened;
    this.#forget = forget;
  }

  /** One use. The scope in which it was opened sees to it that it ends. */
  use<T>(value: T, fresh: boolean, user: Scope): Shared<T> {
    let left: Promise<void> | undefined;
    const leave = (): Promise<void> => {
      left ??= this.leave();
      return left.finally(release);
    };
    const dependent: Dependent = {
      label: this.scope.label,
      finish: leave,
      end: () => leave().catch(error => user.fail(error)),
    };
    const release = user.adopt(dependent);
    return {value, fresh, [Symbol.asyncDispose]: leave};
  }

  leave(): Promise<void> {
    this.users--;
    if (this.users > 0 || this.closing) return Promise.resolve();
    this.closing = this.#close().finally(this.#forget);
    return this.closing;
  }

  /** It could not be opened. The next caller tries when nothing is left of this attempt. */
  abandon(): Promise<void> {
    this.closing = this.scope.leave(true).finally(() => {
      this.scope.settle();
      this.#forget();
    });
    return this.closing;
  }

  /** Not cancelled with the last user: closing has the time that clean-up has. */
  async #close(): Promise<void> {
    const {scope} = this;
    try {
      await runInScope(scope, async () => (await this.opened)[Symbol.asyncDispose]());
      await scope.leave(false);
    } finally {
      if (scope.isAwaited) await scope.leave(true);
      scope.settle();
    }
    // In a list, because `undefined` can be thrown, too.
    const [failure] = scope.failures.filter(error => !(error instanceof ContextCancelled)).map(error => [error]);
    if (failure) throw failure[0];
  }
}

function rootOf(scope: Scope): Scope {
  let root = scope;
  while (root.parent) root = root.parent;
  return root;
}
