/**
 * The cancel scope: what is running under one owner, and how all of it learns that it should end.
 * Floor 0: a nursery's body and every remote function run in one; `base/current` says in which.
 */
import {type Clock, plainClock} from './clock.js';
import {ContextCancelled} from './errors.js';
import {explainLater, patienceMs} from './explain.js';
import {Ring} from './ring.js';
import {suppress} from './suppressed.js';

/** Something that a scope must see the end of before it settles: one end of a context. */
export interface Charge {
  /** For explanations of a long wait. */
  readonly label: string;
  /**
   * Leaving normally: what a verb opened is awaited, what a subscription opened is unsubscribed. Rejects with a
   * failure that nobody has been told.
   */
  finish(): Promise<void>;
  /** Leaving with an error: cancels and waits for the end, in the bound or by force. */
  end(why: ContextCancelled): Promise<void>;
}

export class Scope {
  readonly parent: Scope | undefined;
  readonly depth: number;
  /** For messages: what this scope is the scope of. */
  readonly label: string;
  /** Milliseconds that whoever cancels this scope gives for the teardown; where absent, the parent's holds. */
  budget: number | undefined;
  /** The clock for what runs in it; where absent, the parent's holds. */
  ownClock: Clock | undefined;
  /** Milliseconds after which a wait in it is explained; where absent, the parent's holds. */
  ownPatience: number | undefined;
  #cancelled: ContextCancelled | undefined;
  #controller: AbortController | undefined;
  #listeners: Ring<(why: ContextCancelled) => void> | undefined;
  #charges: Ring<Charge> | undefined;
  #failures: unknown[] | undefined;
  /** Failures of which it is not decided yet whether somebody has asked for them. */
  #decisions: Set<Promise<void>> | undefined;
  #detach: (() => void) | undefined;
  /** True once `settle` has done its work: nothing may be opened in it any more. */
  #settled = false;

  /** @param shielded not cancelled with its parent */
  constructor(label: string, parent?: Scope, shielded = false) {
    this.label = label;
    this.parent = parent;
    this.depth = parent ? parent.depth + 1 : 0;
    if (parent && !shielded) this.#detach = parent.onCancel(why => this.cancel(why));
  }

  /** Why this scope was cancelled; the first reason wins. */
  get cancelled(): ContextCancelled | undefined {
    return this.#cancelled;
  }

  get settled(): boolean {
    return this.#settled;
  }

  /** What failed in it and was told to nobody else; the first is the cause of its cancellation. */
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

  /** Milliseconds for the teardown of what runs here. */
  get teardownBudget(): number {
    return this.budget ?? this.parent?.teardownBudget ?? Number.POSITIVE_INFINITY;
  }

  get clock(): Clock {
    return this.ownClock ?? this.parent?.clock ?? plainClock;
  }

  get patience(): number {
    return this.ownPatience ?? this.parent?.patience ?? patienceMs;
  }

  cancel(why: ContextCancelled): void {
    if (this.#cancelled) return;
    this.#cancelled = why;
    const listeners = this.#listeners;
    this.#listeners = undefined;
    this.#controller?.abort(why);
    if (listeners) for (const listener of listeners) listener(why);
  }

  /** Reports a failure that nobody asked for: the scope ends with it. */
  fail(error: unknown): void {
    if (error instanceof ContextCancelled && (this.#cancelled || askedForHere.has(error))) return;
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

  /** A failure may come to this scope when `decision` resolves: the scope waits for it before it is left (rule T9). */
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
    const place = this.#listeners.add(listener);
    return () => place.leave();
  }

  /**
   * What `work` gives; rejects with the cancellation where that comes first, and what was waited for goes on. Leaves no
   * listener behind.
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
    if (this.#cancelled) throw this.#cancelled;
    if (this.#settled) throw settledScope(this);
  }

  /** Returns how to release it, when it has ended by itself. */
  adopt(charge: Charge): () => void {
    this.#charges ??= new Ring();
    const place = this.#charges.add(charge);
    return () => place.leave();
  }

  get charges(): Iterable<Charge> & {readonly size: number} {
    return this.#charges ?? none;
  }

  /**
   * Leaves the scope. Normally: results of what verbs opened are awaited, subscriptions end. With an error, or once
   * cancelled: everything is cancelled at once. Resolves when nothing of it is left; failures are in `failures`.
   */
  async leave(failed: boolean): Promise<void> {
    if (!this.#isAwaited) return;
    const stopExplaining = explainLater(this.patience, () => this.#explanation());
    try {
      await this.#leave(failed);
    } finally {
      stopExplaining();
    }
  }

  get #isAwaited(): boolean {
    return this.charges.size > 0 || (this.#decisions !== undefined && this.#decisions.size > 0);
  }

  /** What it still waits for (rule C6). */
  #explanation(): string | undefined {
    const awaited = [...this.charges].map(charge => charge.label);
    if (awaited.length === 0) return undefined;
    const shown = awaited.slice(0, mostExplained).join(', ');
    const more = awaited.length > mostExplained ? ` and ${awaited.length - mostExplained} more` : '';
    return `${this.label} is left and still waits for ${shown}${more}`;
  }

  async #leave(failed: boolean): Promise<void> {
    while (this.#isAwaited) {
      if (!this.#charges?.size) {
        await Promise.all(this.#decisions ?? []);
        continue;
      }
      const places = this.#charges.places();
      const charges = places.map(place => place.value);
      const cancelled = this.#cancelled;
      if (failed || cancelled) {
        const why =
          cancelled ??
          new ContextCancelled(`${this.label} ended with an error`, {canceller: undefined, reason: 'scope'});
        await Promise.all(charges.map(charge => charge.end(why)));
      } else {
        await this.#finish(charges);
      }
      for (const place of places) place.leave();
    }
  }

  /** Closes the books: nothing can be opened in it from now on. */
  settle(): void {
    this.#settled = true;
    this.#detach?.();
  }

  async #finish(charges: readonly Charge[]): Promise<void> {
    const finished = Promise.all(charges.map(charge => charge.finish().catch(error => this.fail(error))));
    // A failure or a cancel that comes while results are awaited ends the wait.
    await this.orCancelled(finished).catch((why: ContextCancelled) =>
      Promise.all(charges.map(charge => charge.end(why))),
    );
  }
}

/** Cancellations that this actor has asked for itself: no failure of any of its scopes, read by nobody or not (rule X5). */
const askedForHere = new WeakSet<ContextCancelled>();

export function ownCancel(why: ContextCancelled): ContextCancelled {
  askedForHere.add(why);
  return why;
}

/** What each level of a tree keeps for itself of the time that it was given, in ms: at most this, and at most a fifth. */
const reserveMs = 150;

/** The time that a level hands down of the `budget` ms that it has (rule T10). */
export function handedDown(budget: number): number {
  return Math.max(0, budget - Math.min(reserveMs, budget / 5));
}

/** Names in one warning. */
const mostExplained = 20;
const none = new Ring<Charge>();

export function settledScope(scope: Scope): ContextCancelled {
  return new ContextCancelled(
    `${scope.label} has ended: nothing can be opened in it. Where the call belongs elsewhere say so with portal.with({scope: nursery})`,
    {
      canceller: undefined,
      reason: 'scope',
      cause: scope.cancelled,
    },
  );
}

/** The inner of two scopes: the deeper one, the first where neither is. */
export function innerScope(a: Scope | undefined, b: Scope): Scope {
  return a !== undefined && a.depth >= b.depth ? a : b;
}

/**
 * What a scope rejects with: the error it was left with, or else its first failure. What came besides is attached,
 * never put in its place.
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
