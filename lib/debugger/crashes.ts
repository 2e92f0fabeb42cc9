/**
 * The crashes of an actor: which of its failures a person should see, and which of them a person has seen.
 * Floor 7: below `actor-debugger`; it keeps a record and opens no prompt.
 */
import {ActorError, ContextCancelled, RemoteActorError} from '../base/errors.js';
import {causeOf, membersOf} from '../base/foreign.js';
import type {Scope} from '../base/scope.js';
import {suppressedBy} from '../base/suppressed.js';
import {isCancellation} from '../context/protocol/callee.js';

/** Maximum depth of causes and members, because errors may refer to each other in a circle. */
const maxDepth = 8;

export class Crashes {
  readonly #seen = new WeakSet<object>();
  /** Thrown values that are not objects, by the scope that they left. */
  readonly #others = new WeakMap<Scope, Set<unknown>>();

  /** Notes an error and everything that is shown with it. @returns false where nobody needs to see it */
  isNews(scope: Scope, error: unknown): boolean {
    if (isOfCancel(scope, error, 0) || this.#isSeen(scope, error, 0)) return false;
    this.note(scope, error);
    return true;
  }

  /** A person has seen the error, or is about to see it. */
  note(scope: Scope, error: unknown): void {
    if (isObject(error)) return this.#note(error, 0);
    const others = this.#others.get(scope) ?? new Set();
    this.#others.set(scope, others.add(error));
  }

  #note(error: unknown, depth: number): void {
    if (!isObject(error) || depth > maxDepth || this.#seen.has(error)) return;
    this.#seen.add(error);
    for (const part of [causeOf(error), ...membersOf(error), ...suppressedBy(error)]) this.#note(part, depth + 1);
  }

  /**
   * Whether a person has seen it. An error that this library has put around one that was seen says nothing new, while a
   * user's `new Error(…, {cause})` does.
   */
  #isSeen(scope: Scope, error: unknown, depth: number): boolean {
    if (!isObject(error)) return this.#others.get(scope)?.has(error) === true;
    if (this.#seen.has(error)) return true;
    if (!(error instanceof ActorError) || depth > maxDepth) return false;
    const members = membersOf(error);
    if (members.length > 0)
      return members.every(member => isOfCancel(scope, member, 0) || this.#isSeen(scope, member, depth + 1));
    const cause = causeOf(error);
    return isObject(cause) && this.#isSeen(scope, cause, depth + 1);
  }
}

/** Whether the error consists of cancellations only, because these are what somebody wanted. */
function isOfCancel(scope: Scope, error: unknown, depth: number): boolean {
  if (scope.cancelled ? isCancellation(error, scope.cancelled) : error instanceof ContextCancelled) return true;
  if (!(error instanceof ActorError) || depth > maxDepth) return false;
  const members = membersOf(error);
  if (members.length > 0) return members.every(member => isOfCancel(scope, member, depth + 1));
  return error instanceof RemoteActorError && isOfCancel(scope, causeOf(error), depth + 1);
}

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';
