/**
 * How a caller cancels its function, and learns that the function has ended.
 * Floor 4, room `protocol`: below `caller`, which owns one for each call.
 *
 * A cancel is acknowledged twice (rule X2): *received* when it has arrived, *ended* when the function has settled, its
 * finalizers included. The second one is what a caller waits for. When it does not come in time, the context ends here with
 * `acked: false`, and the scope of the call ends the actor.
 */
import {type CancelReason, ContextCancelled} from '../../base/errors.js';
import {Moment} from '../../base/moment.js';
import {handedDown, ownCancel} from '../../base/scope.js';
import {suppress} from '../../base/suppressed.js';
import {encodeCancel} from '../../msg/cancel.js';
import {Kind} from '../../msg/types.js';
import {type Call, describeCall, withCleanUp} from './call.js';
import type {Link} from './link.js';

/** Why this end cancelled. */
interface CancelRequest {
  readonly reason: CancelReason;
  readonly cause: unknown;
}

const deadline: CancelRequest = {reason: 'deadline', cause: undefined};

export class Cancelling {
  readonly #link: Link;
  readonly #call: Call;
  /** The function has ended, its finalizers included. */
  readonly ended = new Moment();
  #request: CancelRequest | undefined;
  #requestedAt = 0;

  constructor(link: Link, call: Call) {
    this.#link = link;
    this.#call = call;
  }

  get isRequested(): boolean {
    return this.#request !== undefined;
  }

  /** Whether the time of the call is over: then nothing counts that the function still gives (rule X10: a `timeout` is total). */
  get isLate(): boolean {
    return this.#request?.reason === 'deadline';
  }

  /** Sends the Cancel. The first request counts. @param budget the milliseconds that the function has to end */
  request(reason: CancelReason, cause: unknown, budget: number): void {
    const link = this.#link;
    const request = {reason, cause};
    const wasHeld = link.dropHeld();
    link.act('cancel', () => {
      this.#request = request;
      this.#requestedAt = this.#call.scope.clock.now();
      const {channel, id} = link;
      if (wasHeld || channel.withdraw(id)) return link.neverSent(this.#own(request, true));
      const cancel = {reason, cause, canceller: channel.self, budget: handedDown(budget)};
      channel.sendUrgent(Kind.Cancel, id, encodeCancel(channel.codec, cancel));
    });
  }

  /**
   * Resolves true when the function ends within `ms`, else false; then this end concludes by itself.
   *
   * @param whole the milliseconds that the function gets after a prompt
   */
  awaitEnd(ms: number, whole = ms): Promise<boolean> {
    if (this.ended.hasHappened) return Promise.resolve(true);
    return new Promise(resolve => {
      const late = (): void => {
        stopListening();
        this.#concludeUnacked(whole);
        resolve(false);
      };
      const stopWaiting = this.#call.scope.clock.deadline(ms, late, whole);
      const stopListening = this.ended.on(() => {
        stopWaiting();
        resolve(true);
      });
    });
  }

  /** Waits until the function has ended. When it does not in its time, counted from the cancel, its actor is ended. */
  async seeEnd(why: ContextCancelled): Promise<void> {
    const bound = this.#call.cancelBound;
    const rest = this.#request ? bound - (this.#call.scope.clock.now() - this.#requestedAt) : bound;
    if (!(await this.awaitEnd(rest, bound))) await this.#call.force?.(why);
  }

  /** The error of a function that was cancelled: our own cancellation when this end asked, else the one that the peer told. */
  cancellation(told: unknown): ContextCancelled {
    const {channel} = this.#link;
    // Both ends watch the deadline. It makes no difference to the caller whose clock was first. The time of the call is over at
    // this end only when its own clock says so, because a real error may still come behind the end of a stream (rule E6).
    const isDeadlineOfCall = this.#call.timeout !== undefined && isDeadline(told);
    const request = this.#request ?? (isDeadlineOfCall ? deadline : undefined);
    if (request) return withCleanUp(this.#own(request, true), told);
    if (!(told instanceof ContextCancelled)) {
      const text = `${describeCall(channel, this.#call)} was cancelled`;
      return new ContextCancelled(text, {canceller: undefined, reason: 'peer', cause: told});
    }
    // This actor has ended the peer as a whole: that is not a failure of its scopes.
    const hasEndedPeer = told.reason === 'actor' && told.canceller?.id === channel.self.id;
    return hasEndedPeer ? ownCancel(told) : told;
  }

  /** The cancellation of a call whose time is over. @param error the error that the function threw after that */
  late(error: unknown): ContextCancelled {
    const own = this.#own(this.#request ?? deadline, true);
    if (error !== undefined) suppress(own, error);
    return own;
  }

  /** The function has not acknowledged in time. */
  #concludeUnacked(ms: number): void {
    if (this.#link.outcome || !this.#request) return;
    const bound = ms === this.#call.cancelBound ? 'timeouts.exit' : 'the timeout of cancel()';
    const unacked = `, and has not acknowledged it within ${ms} ms (${bound})`;
    this.#link.giveUp({kind: 'failed', error: this.#own(this.#request, false, unacked)});
  }

  #own({reason, cause}: CancelRequest, acked: boolean, more = ''): ContextCancelled {
    const {channel} = this.#link;
    const why = reason === 'deadline' ? `deadline: its timeout is ${this.#call.timeout} ms` : reason;
    return ownCancel(
      new ContextCancelled(`${describeCall(channel, this.#call)} was cancelled (${why})${more}`, {
        canceller: channel.self,
        reason,
        cause,
        acked,
        actor: channel.peer,
      }),
    );
  }
}

function isDeadline(told: unknown): boolean {
  return told instanceof ContextCancelled && told.reason === 'deadline';
}
