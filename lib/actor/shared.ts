/**
 * A resource that several tasks of one actor use at a time: opened by the first, closed by the last.
 * Floor 5: one table for each actor; what the resource opens belongs to it, and not to whoever came first.
 */
import {Answer} from '../base/answer.js';
import {current, runInScope} from '../base/current.js';
import {ContextCancelled, NoRuntime} from '../base/errors.js';
import {type Dependent, Scope, settledScopeError} from '../base/scope.js';

/** A use of a shared resource: dispose of it to leave. */
export interface Shared<T> extends AsyncDisposable {
  readonly value: T;
  /** Whether this call opened the resource. */
  readonly fresh: boolean;
}

interface Entry {
  users: number;
  readonly scope: Scope;
  readonly opened: Promise<AsyncDisposable>;
  /** Set once the last user has left. */
  closing: Promise<void> | undefined;
}

const tables = new WeakMap<object, Map<unknown, Entry>>();

/**
 * Uses the resource under `key` of this actor: the first caller opens it, later ones get the same, and when the last
 * has left it is closed, whose errors that one sees. Whoever comes while it closes waits, and opens it anew. Where
 * opening fails, or its caller is cancelled meanwhile, the next caller tries again.
 *
 * The use ends with the disposal, or with the scope that it was opened in. `open` gets a signal that is aborted when
 * its caller is cancelled before the resource is there.
 *
 * @throws NoRuntime outside a runtime, and whatever `open` throws
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
  const table = tables.get(now.runtime) ?? new Map<unknown, Entry>();
  tables.set(now.runtime, table);
  return Answer.from(now.scope, join(table, key, open, now.scope));
}

async function join<T extends AsyncDisposable>(
  table: Map<unknown, Entry>,
  key: unknown,
  open: (signal: AbortSignal) => Promise<T>,
  user: Scope,
): Promise<Shared<T>> {
  for (;;) {
    user.check();
    const entry = table.get(key);
    if (!entry) return openFirst(table, key, open, user);
    if (entry.closing) {
      await user.orCancelled(entry.closing.catch(() => {}));
      continue;
    }
    entry.users++;
    try {
      const value = await user.orCancelled(entry.opened);
      user.check();
      return useOf(table, key, entry, value as T, false, user);
    } catch {
      // Where the opening failed the first caller is told, and this one tries for itself.
      await leaveEntry(table, key, entry);
    }
  }
}

async function openFirst<T extends AsyncDisposable>(
  table: Map<unknown, Entry>,
  key: unknown,
  open: (signal: AbortSignal) => Promise<T>,
  user: Scope,
): Promise<Shared<T>> {
  const scope = new Scope(`the shared resource ${String(key)}`, rootOf(user));
  // Until the resource is there it is the first caller's: its cancellation ends the opening.
  const stop = user.onCancel(why => scope.cancel(why));
  const opened = runInScope(scope, async () => {
    const value = await open(scope.signal);
    if (!scope.cancelled && !user.settled) return value;
    // It came although nobody wants it any more: not for those who wait, whose calls would be cancelled with it.
    await value[Symbol.asyncDispose]();
    throw scope.cancelled ?? settledScopeError(user);
  });
  const entry: Entry = {users: 1, scope, opened, closing: undefined};
  table.set(key, entry);
  try {
    return useOf(table, key, entry, await opened, true, user);
  } catch (error) {
    // Whoever tries next does so when nothing of this one is left.
    entry.closing = scope.leave(true).finally(() => {
      scope.settle();
      table.delete(key);
    });
    await entry.closing;
    throw error;
  } finally {
    stop();
  }
}

/** One use; the scope that it was opened in sees to it that it ends. */
function useOf<T extends AsyncDisposable>(
  table: Map<unknown, Entry>,
  key: unknown,
  entry: Entry,
  value: T,
  fresh: boolean,
  user: Scope,
): Shared<T> {
  let left: Promise<void> | undefined;
  const leave = (): Promise<void> => {
    left ??= leaveEntry(table, key, entry);
    return left.finally(release);
  };
  const dependent: Dependent = {
    label: entry.scope.label,
    finish: leave,
    end: () => leave().catch(error => user.fail(error)),
  };
  const release = user.adopt(dependent);
  return {value, fresh, [Symbol.asyncDispose]: leave};
}

function leaveEntry(table: Map<unknown, Entry>, key: unknown, entry: Entry): Promise<void> {
  entry.users--;
  if (entry.users > 0 || entry.closing) return Promise.resolve();
  entry.closing = close(entry).finally(() => table.delete(key));
  return entry.closing;
}

/** Not cancelled with whoever left last: closing has the time that clean-up has. */
async function close(entry: Entry): Promise<void> {
  const {scope} = entry;
  try {
    await runInScope(scope, async () => (await entry.opened)[Symbol.asyncDispose]());
    await scope.leave(false);
  } finally {
    if (scope.dependents.size > 0) await scope.leave(true);
    scope.settle();
  }
  const [failure] = scope.failures;
  if (failure !== undefined && !(failure instanceof ContextCancelled)) throw failure;
}

function rootOf(scope: Scope): Scope {
  let root = scope;
  while (root.parent) root = root.parent;
  return root;
}
