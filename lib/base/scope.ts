/**
 * The cancel scope: everything that runs under one owner, and the way in which all of it learns that it should end.
 * Floor 0: the body of a nursery and every remote function run in a scope; `base/current` knows in which.
 */
import type {ActorId} from './actor-id.js';
import {type Clock, plainClock} from './clock.js';
import {ContextCancelled} from './errors.js';
import {readProperty} from './foreign.js';
import {Ring} from './ring.js';
import {patienceMs, warnWhenStuck} from './stuck-warning.js';
import {suppress} from './suppressed.js';
import {callApart} from './uncaught.js';

/** Something that must have ended before its scope settles: a nursery, or one end of a context. */
export interface Dependent {
  /** Names it in the warning about a long wait. */
  readonly label: string;
  /**
   * The scope is left normally: the result of a promise is awaited, a subscription is unsubscribed. Rejects with a failure
   * that nobody has been told.
   */
  finish(): Promise<void>;
  /** The scope is left with an error: cancels, and waits for the end, which is forced when the time for it is over. */
  end(why: ContextCancelled): Promise<void>;
  /** The scope is cancelled, and is not left yet. For a dependent that would not listen for anything else. */
  cancelled?(): void;
}

export class Scope {
  readonly parent: Scope | undefined;
  readonly depth: number;
  /** Names the owner of this scope in messages. */
  readonly label: string;
  /** The remote function whose scope it is. Undefined: as the parent. */
  task: {readonly uid: string} | undefined;
  /** Milliseconds that the canceller of this scope gives for the teardown. Undefined: as the parent. */
  budget: number | undefined;
  /** The clock for everything that runs in it. Undefined: as the parent. */
  ownClock: Clock | undefined;
  /** Milliseconds after which a wait in it is explained. Undefined: as the parent. */
  ownPatience: number | undefined;
  /** Milliseconds that clean-up in a shield has after a cancellation. Undefined: as the parent. */
  ownGrace: number | undefined;
  #cancelled: ContextCancelled | undefined;
  #controller: AbortController | undefined;
  #listeners: Ring<(why: ContextCancelled) => void> | undefined;
  /** The `sleep()` calls that run in the scope. They end with it, because a timer would keep the process alive. */
  #sleepers: Ring<(why: ContextCancelled | undefined) => void> | undefined;
  #dependents: Ring<Dependent> | undefined;
  #failures: unknown[] | undefined;
  /** Failures for which it is not decided yet whether somebody has asked for them. */
  #decisions: Set<Promise<void>> | undefined;
  #detach: (() => void) | undefined;
  /** Whether `settle` has been called: nothing may be opened in the scope any more. */
  #settled = false;

  /** @param isShielded whether it is not cancelled together with its parent */
  constructor(label: string, parent?: Scope, isShielded = false) {
    this.label = label;
    this.parent = parent;
    this.depth = parent ? parent.depth + 1 : 0;
    if (parent && !isShielded) this.#detach = parent.onCancel(why => this.cancel(why));
  }

  /** The cancellation of this scope. The first one counts. */
  get cancelled(): ContextCancelled | undefined {
    return this.#cancelled;
  }

  get settled(): boolean {
    return this.#settled;
  }

  /** The failures in this scope that nobody else was told. The first one is the cause of its cancellation. */
  get failures(): readonly unknown[] {
    return this.#failures ?? [];
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#cancelled) this.#controller.abort(this.#cancelled);
    }
    return this.#controller.signal;
  }

  /** Milliseconds for the teardown of everything that runs here. */
  get teardownBudget(): number {
    return this.budget ?? this.parent?.teardownBudget ?? Number.POSITIVE_INFINITY;
  }

  /** The remote function that runs in it, or in a scope around it. Undefined in the body of a root. */
  get runningTask(): {readonly uid: string} | undefined {
    return this.task ?? this.parent?.runningTask;
  }

  get clock(): Clock {
    return this.ownClock ?? this.parent?.clock ?? plainClock;
  }

  get patience(): number {
    return this.ownPatience ?? this.parent?.patience ?? patienceMs;
  }

  get grace(): number {
    return this.ownGrace ?? this.parent?.grace ?? graceMs;
  }

  /** Why nothing may go on in it: it was cancelled, or it has settled. Undefined while things may. */
  get over(): ContextCancelled | undefined {
    return this.#cancelled ?? (this.#settled ? settledScopeError(this) : undefined);
  }

  cancel(why: ContextCancelled): void {
    if (this.#cancelled) return;
    this.#cancelled = why;
    const listeners = this.#listeners;
    this.#listeners = undefined;
    this.#controller?.abort(why);
    if (listeners) for (const listener of listeners) callApart(() => listener(why));
    for (const dependent of this.dependents) callApart(() => dependent.cancelled?.());
    this.#endSleep(why);
  }

  /** Reports a failure that nobody has asked for: the scope ends with it. */
  fail(error: unknown): void {
    if (error instanceof ContextCancelled && (this.#cancelled || ownCancels.has(error))) return;
    this.#failures ??= [];
    if (!this.#failures.includes(error)) this.#failures.push(error);
    this.cancel(
      new ContextCancelled(`${this.label} was cancelled because something in it failed`, {
        canceller: undefined,
        reason: 'scope',
        cause: error,
      }),
    );
  }

  /**
   * A failure may come to this scope when `decision` resolves, so the scope waits for it before it is left (rule T9: a failure
   * is told once, to the code that asked for it, or else to the owner).
   */
  expect(decision: Promise<void>): void {
    this.#decisions ??= new Set();
    const decisions = this.#decisions;
    decisions.add(decision);
    void decision.then(() => decisions.delete(decision));
  }

  /** Calls `listener` when the scope is cancelled, at once when it has been. Returns how to stop listening. */
  onCancel(listener: (why: ContextCancelled) => void): () => void {
    if (this.#cancelled) {
      listener(this.#cancelled);
      return () => {};
    }
    this.#listeners ??= new Ring();
    const entry = this.#listeners.add(listener);
    return () => entry.leave();
  }

  /**
   * Calls `listener` when the scope is over: with its cancellation, or with undefined when it settles without one. To be called
   * while it is not over. Returns how to stop listening.
   */
  onOver(listener: (why: ContextCancelled | undefined) => void): () => void {
    this.#sleepers ??= new Ring();
    const entry = this.#sleepers.add(listener);
    return () => entry.leave();
  }

  #endSleep(why?: ContextCancelled): void {
    const sleepers = this.#sleepers;
    this.#sleepers = undefined;
    if (sleepers) for (const sleeper of sleepers) sleeper(why);
  }

  /**
   * The value of `work`. Rejects with the cancellation when that comes first, and then the work goes on. It leaves no listener
   * behind.
   */
  orCancelled<T>(work: Promise<T>): Promise<T> {
    let stop = (): void => {};
    const cancelled = new Promise<never>((_, reject) => {
      stop = this.onCancel(reject);
    });
    return Promise.race([work, cancelled]).finally(() => stop());
  }

  /** @throws ContextCancelled when the scope was cancelled or has settled */
  check(): void {
    const {over} = this;
    if (over) throw over;
  }

  /** The scope waits for the end of `dependent`. Returns how to release it, when it has ended by itself. */
  adopt(dependent: Dependent): () => void {
    this.#dependents ??= new Ring();
    const entry = this.#dependents.add(dependent);
    return () => entry.leave();
  }

  get dependents(): Iterable<Dependent> & {readonly size: number} {
    return this.#dependents ?? none;
  }

  /**
   * Leaves the scope. Normally: the results of promises are awaited, subscriptions end. With an error, or when it was cancelled:
   * everything in it is cancelled at once. Resolves when nothing of it is left. Failures are in `failures`.
   */
  async leave(hasFailed: boolean): Promise<void> {
    if (!this.isAwaited) return;
    const stopWarning = warnWhenStuck(this.patience, () => this.#explanation());
    try {
      await this.#leave(hasFailed);
    } finally {
      stopWarning();
    }
  }

  /** No more can be opened in it from now on, and nothing waits for time in it any more. */
  settle(): void {
    this.#settled = true;
    this.#detach?.();
    this.#endSleep();
  }

  /** Whether something in it has to end, or to be decided, before it settles. */
  get isAwaited(): boolean {
    return this.dependents.size > 0 || (this.#decisions !== undefined && this.#decisions.size > 0);
  }

  /** Names what it still waits for (rule C6: a wait that lasts is explained). */
  #explanation(): string | undefined {
    const awaited = [...this.dependents].map(dependent => dependent.label);
    if (awaited.length === 0) return undefined;
    const shown = awaited.slice(0, maxExplained).join(', ');
    const more = awaited.length > maxExplained ? ` and ${awaited.length - maxExplained} more` : '';
    return `${this.label} is left and still waits for ${shown}${more}`;
  }

  async #leave(hasFailed: boolean): Promise<void> {
    while (this.isAwaited) {
      if (!this.#dependents?.size) {
        await Promise.all(this.#decisions ?? []);
        continue;
      }
      const entries = this.#dependents.entries();
      const dependents = entries.map(entry => entry.value);
      const cancelled = this.#cancelled;
      if (hasFailed || cancelled) {
        const why =
          cancelled ??
          new ContextCancelled(`${this.label} ended with an error`, {canceller: undefined, reason: 'scope'});
        await Promise.all(dependents.map(dependent => this.#end(dependent, why)));
      } else {
        await this.#finish(dependents);
      }
      for (const entry of entries) entry.leave();
    }
  }

  async #finish(dependents: readonly Dependent[]): Promise<void> {
    const finished = Promise.all(dependents.map(dependent => this.#orFail(() => dependent.finish())));
    // A failure or a cancellation that comes while results are awaited ends the wait.
    await this.orCancelled(finished).catch((why: ContextCancelled) =>
      Promise.all(dependents.map(dependent => this.#end(dependent, why))),
    );
  }

  #end(dependent: Dependent, why: ContextCancelled): Promise<void> {
    return this.#orFail(() => dependent.end(why));
  }

  /** An end runs code of users: the teardown of a subscription, a `Symbol.asyncDispose`. When it throws, the scope ends nevertheless. */
  async #orFail(end: () => Promise<void>): Promise<void> {
    try {
      await end();
    } catch (error) {
      this.fail(error);
    }
  }
}

/** Default of `grace`, in ms. */
const graceMs = 1_600;
/** Maximum number of names in one warning. */
const maxExplained = 20;
const none = new Ring<Dependent>();

/** The cancellations that this actor itself has asked for. */
const ownCancels = new WeakSet<ContextCancelled>();

/** Marks a cancellation as asked for by this actor (rule X5: a cancel that I asked for is not a failure of my scope). */
export function ownCancel(why: ContextCancelled): ContextCancelled {
  ownCancels.add(why);
  return why;
}

/** Whether an error is a cancellation that this actor has asked for. */
export function isCancelBy(actor: ActorId, error: unknown): error is ContextCancelled {
  return error instanceof ContextCancelled && readProperty(readProperty(error, 'canceller'), 'id') === actor.id;
}

/** Maximum time that each level of a tree keeps for itself of its budget, in ms. */
const reserveMs = 150;

/**
 * The milliseconds that a level hands down to those below it, when it has `budget` itself (rule T10: each level keeps 150 ms,
 * or a fifth of its budget when that is less, so that it can end what has not ended in time).
 */
export function handedDown(budget: number): number {
  return Math.max(0, budget - Math.min(reserveMs, budget / 5));
}

export function settledScopeError(scope: Scope): ContextCancelled {
  return new ContextCancelled(
    `${scope.label} has ended: nothing can be opened or awaited in it. Where a call belongs elsewhere say so with portal.with({scope: nursery})`,
    {
      canceller: undefined,
      reason: 'scope',
      cause: scope.cancelled,
    },
  );
}

/** The deeper one of two scopes, `a` when both are equally deep. */
export function innerScope(a: Scope | undefined, b: Scope): Scope {
  return a !== undefined && a.depth >= b.depth ? a : b;
}

/**
 * The error with which a scope rejects: the one with which it was left, or its first failure. The others are attached to it,
 * and never replace it.
 */
export function outcomeError(scope: Scope, thrown: readonly unknown[]): {readonly error: unknown} | undefined {
  const failures = scope.failures;
  // The cancellation that a failure caused is not an error of its own.
  const own = thrown.filter(error => !(error instanceof ContextCancelled && failures.length > 0));
  const all = [...new Set([...own, ...failures])];
  const [first, ...others] = all;
  if (all.length === 0) return undefined;
  for (const other of others) suppress(first, other);
  return {error: first};
}
