/**
 * The end that calls: sends Start, learns the outcome, and answers for the call to its scope.
 * Floor 4, room `protocol`: a role of `link`; `portal` makes callers, and `rx/` gives them the face of RxJS.
 */

import {onAbort} from '../../base/abort.js';
import {Report} from '../../base/answer.js';
import type {Frames} from '../../base/call-frames.js';
import type {Stop} from '../../base/clock.js';
import {
  type ActorError,
  type CancelReason,
  ContextCancelled,
  MessageTypeError,
  RemoteActorError,
  StreamClosed,
} from '../../base/errors.js';
import {isThenable, whenSettled} from '../../base/foreign.js';
import {Moment} from '../../base/moment.js';
import {type Dependent, ownCancel} from '../../base/scope.js';
import type {Channel} from '../../channel/channel.js';
import {type BoxedError, reviveError, unboxError} from '../../msg/boxed-error.js';
import {parse, parseNow} from '../../msg/schema.js';
import {type ErrorPayload, Kind} from '../../msg/types.js';
import {type Call, checkMayBegin, describeCall, framesOfCall, logCleanUp} from './call.js';
import {Cancelling} from './cancelling.js';
import type {Outcome} from './dialog.js';
import {describePeersWait} from './explain.js';
import {Link} from './link.js';
import type {Role} from './role.js';
import {type BegunCall, beginCall, tellOutcome} from './told.js';
import {tellFlow} from './told-flow.js';

/** A call that has begun on the short way, which stays its dependent in the scope, at its place among the others. */
interface Begun {
  readonly id: number;
  readonly site: Frames | undefined;
  readonly leaveScope: Stop;
}

export class Caller implements Role, Dependent {
  readonly call: Call;
  readonly link: Link;
  /** Decides to whom a failure of the call goes. */
  readonly report: Report;
  /** The value of `started`, when it has come. */
  first: {readonly value: unknown} | undefined;
  /** The error of a source that this end pumped. It may come back from the remote stage, and is recognised then. */
  sourceError: {readonly error: unknown} | undefined;
  /** The frames of the call, for the stack of a remote error. */
  readonly site: Frames | undefined;
  readonly #started = new Moment<{readonly error: unknown} | undefined>();
  readonly #outcome = new Moment<Outcome>();
  readonly #cancelling: Cancelling;
  readonly #stops: Stop[];
  #stopTimer: Stop | undefined;
  /** Undefined unless somebody listened at its begin. */
  readonly #told: BegunCall['told'];

  /**
   * Sends Start.
   *
   * @param begun the call has begun on the short way (`plain-call`): its Start is sent, and this end takes over
   * @throws Unserializable when an argument cannot cross, MessageTypeError when it does not fit; nothing was sent then
   * @throws ContextCancelled when the scope or the signal was cancelled before
   */
  constructor(channel: Channel, call: Call, begun?: Begun) {
    if (!begun) checkMayBegin(channel, call);
    const checked = call.schemas?.args && parse(call.schemas.args, call.args, {part: 'args', name: call.name});
    const start = begun ? undefined : beginCall(channel, call);
    this.call = call;
    this.report = call.report ?? new Report(call.scope);
    // A subscription always counts as asked (rule T9), because its subscriber is told of the error.
    if (call.openedBy === 'subscription') this.report.isAsked = true;
    const link = new Link(channel, (begun ?? (start as BegunCall)).id, this, {
      side: 'caller',
      synced: call.kind === 'context',
      schemas: call.schemas,
    });
    this.link = link;
    link.onFirstMessage = call.understood;
    this.#cancelling = new Cancelling(link, call);
    this.site = begun ? begun.site : this.#framesOf(call);
    this.#stops = [begun ? begun.leaveScope : call.scope.adopt(this)];
    if (start) this.#send(start, checked);
    this.#listen(call);
    this.#told = start?.told;
    this.#told?.left();
  }

  get name(): string {
    return this.call.name;
  }

  get place(): string {
    return `calling ${describeCall(this.link.channel, this.call)}`;
  }

  /** For explanations of a long wait. */
  get label(): string {
    const wait = describePeersWait(this.link);
    return `${describeCall(this.link.channel, this.call)}${wait === undefined ? '' : ` (${wait})`}`;
  }

  /** Whether this end has asked the function to end. */
  get isCancelled(): boolean {
    return this.#cancelling.isRequested;
  }

  /** Whether the remote function has ended, its finalizers included. */
  get hasEnded(): boolean {
    return this.#cancelling.ended.hasHappened;
  }

  /** Calls `listener` when `started` has come, or with the error when it never will. */
  onStarted(listener: (failure?: {readonly error: unknown}) => void): void {
    this.#started.on(listener);
  }

  /** Calls `listener` with the outcome, at once when it is known. */
  onOutcome(listener: (outcome: Outcome) => void): void {
    this.#outcome.on(listener);
  }

  /**
   * Asks the remote function to end. Resolves true when it has ended, its finalizers included; false when that takes longer
   * than `timeout` ms. Never rejects.
   */
  cancel(reason: CancelReason, cause: unknown, timeout = this.call.cancelBound): Promise<boolean> {
    this.#cancelling.request(reason, cause, timeout);
    return this.#cancelling.awaitEnd(timeout);
  }

  /** The subscriber has gone: nothing is sent for it any more, so that its source is released in this call (rule X9). */
  unsubscribe(): void {
    if (this.link.outcome) return;
    this.link.stream?.outlet?.cut(unsubscribedError(this.call.name));
    void this.cancel('requested', undefined);
  }

  /** The code of the one subscriber threw: the call fails at both ends. @param isTold whether the subscriber is told */
  fail(error: unknown, isTold: boolean): void {
    this.link.stream?.inlet?.mute();
    if (!this.link.outcome) this.report.isAsked = isTold;
    this.link.failFor(this.call.scope, error, isTold);
  }

  /** The scope is left normally (rule C6: what a verb opened is awaited, what a subscription opened is unsubscribed). */
  async finish(): Promise<void> {
    const {stream} = this.link;
    stream?.outlet?.stop();
    const why = new ContextCancelled(`${this.call.scope.label} was left`, {
      canceller: this.link.channel.self,
      reason: 'scope',
    });
    if (this.call.openedBy === 'subscription') this.#mute();
    if (this.call.openedBy === 'subscription' || this.call.onExit === 'cancel') return this.end(why);
    stream?.inlet?.drain();
    await new Promise<void>(resolve => this.onOutcome(() => resolve()));
    await this.#cancelling.seeEnd(why);
  }

  /** The scope is left with an error, or it was cancelled: nobody is told of the outcome. */
  async end(why: ContextCancelled): Promise<void> {
    this.report.isAsked = true;
    this.link.stream?.inlet?.quit();
    const gate = this.call.scope.clock.free();
    if (gate) await gate;
    this.#cancelling.request(why.reason === 'requested' ? 'scope' : why.reason, why, this.call.cancelBound);
    await this.#cancelling.seeEnd(why);
  }

  started(value: unknown): void {
    if (this.#cancelling.isLate) return;
    const schema = this.call.schemas?.started;
    try {
      this.first = {value: schema ? parseNow(schema, value, {part: 'started', name: this.name}) : value};
    } catch (error) {
      if (!(error instanceof MessageTypeError)) throw error;
      this.link.fail(error);
      return;
    }
    tellFlow('started', this.link, this.link.stream?.outlet);
    this.#started.happen(undefined);
  }

  outcomeOf(kind: Kind, payload: unknown): Outcome | Promise<Outcome> {
    const {isLate} = this.#cancelling;
    if (kind === Kind.Return) return isLate ? this.#late() : this.#resultOf(payload);
    const [boxed, , cancelled] = payload as Partial<ErrorPayload>;
    if (boxed === undefined) return {kind: 'failed', error: unboxError(boxed as never)};
    if (cancelled === true) return this.#cancelledOutcome(reviveError(boxed));
    const error = unboxError(boxed, this.site);
    if (isLate) return this.#late(error);
    // An error of a source of ours went to the remote stage and came back unhandled: then it is the original error.
    const isOurs = error instanceof RemoteActorError && error.origin.id === this.link.channel.self.id;
    return {kind: 'failed', error: this.sourceError && isOurs ? this.sourceError.error : error};
  }

  /** The function was cancelled and gives a result nevertheless: its stream ends with the cancellation. */
  streamError(boxed: BoxedError): unknown {
    const told = reviveError(boxed);
    return told instanceof ContextCancelled ? this.#cancelling.cancellation(told) : unboxError(boxed, this.site);
  }

  /** The actor was ended while its function was told to end: that makes no difference to the caller. */
  lostBy(error: ActorError): ActorError {
    return this.isCancelled && error instanceof ContextCancelled ? this.#cancelling.cancellation(error) : error;
  }

  tell(outcome: Outcome): void {
    if (this.#told) tellOutcome(this.#told, outcome);
  }

  concluded(outcome: Outcome, isTold: boolean): void {
    this.#stopTimer?.();
    if (isTold) this.report.isAsked = true;
    this.#started.happen({error: outcome.kind === 'failed' ? outcome.error : undefined});
    if (this.#outcome.waiting === 0) logCleanUp(this.link.channel, this.call, outcome);
    this.#outcome.happen(outcome);
    if (outcome.kind === 'returned') return;
    // A cancellation that this call has asked for is not a failure of its scope.
    if (this.isCancelled && outcome.error instanceof ContextCancelled) ownCancel(outcome.error);
    this.report.failed(outcome.error);
  }

  /** Only the callee has a function to end. */
  abort(): void {}

  ended(): void {
    for (const stop of this.#stops) stop();
    this.#cancelling.ended.happen();
  }

  #framesOf({from}: Call): Frames | undefined {
    return typeof from === 'object' ? from : framesOfCall(from, this.link.channel.size);
  }

  #send({payload, granted}: BegunCall, checked: unknown): void {
    const {link, call} = this;
    // A stream is open from the start, because its first credit travels with the Start.
    if (granted > 0) link.halves.makeInlet(call.flow).open(granted);
    if (isThenable(checked)) link.holdFor(checked);
    link.post(() => link.channel.send(Kind.Start, link.id, 0, payload));
  }

  /** An actor that ends by itself, as after SIGTERM, has died for its parent, who is told that once the process has ended. */
  #cancelledOutcome(told: unknown): Outcome | Promise<Outcome> {
    const failed = (error: unknown): Outcome => ({kind: 'failed', error});
    const {fate, peer} = this.link.channel;
    const endsByItself =
      told instanceof ContextCancelled && told.reason === 'shutdown' && told.canceller?.id === peer?.id;
    return fate && endsByItself && !this.isCancelled ? fate.then(failed) : failed(this.#cancelling.cancellation(told));
  }

  #resultOf(value: unknown): Outcome | Promise<Outcome> {
    const schema = this.call.schemas?.result;
    if (!schema) return {kind: 'returned', value};
    const failed = (error: unknown): Outcome => ({kind: 'failed', error});
    try {
      const parsed = parse(schema, value, {part: 'result', name: this.name});
      const returned = (result: unknown): Outcome => ({kind: 'returned', value: result});
      return isThenable(parsed) ? whenSettled(parsed, returned, failed) : returned(parsed);
    } catch (error) {
      return failed(error);
    }
  }

  /** The time of the call is over. */
  #expire(): void {
    void this.cancel('deadline', undefined);
    // The function has returned in time, and an asynchronous schema still checks its value.
    if (this.hasEnded && !this.link.outcome) this.link.giveUp(this.#late());
  }

  /** The outcome of a call whose time is over, whatever the function gives then. */
  #late(error?: unknown): Outcome {
    return {kind: 'failed', error: this.#cancelling.late(error)};
  }

  /** The subscriber sees nothing more, as after its own unsubscription. */
  #mute(): void {
    this.#outcome.forget();
    this.link.stream?.inlet?.mute();
  }

  #listen({scope, signal, timeout}: Call): void {
    const onAborted = (reason: unknown): void => {
      if (!this.isCancelled) void this.cancel('requested', reason);
    };
    this.#stops.push(onAbort(signal, onAborted));
    if (timeout !== undefined && timeout !== Number.POSITIVE_INFINITY) {
      // One turn later, because an answer that came in time may lie unread when this process itself stood still (rule T14).
      this.#stopTimer = scope.clock.limit(timeout, () => {
        this.#stopTimer = scope.clock.soon(() => this.#expire());
      });
    }
    const onCancelled = (why: ContextCancelled): void => {
      const reason = why.reason === 'requested' ? 'scope' : why.reason;
      scope.clock.whenFree(() => void this.cancel(reason, why));
    };
    this.#stops.push(scope.onCancel(onCancelled));
  }
}

function unsubscribedError(name: string): StreamClosed {
  return new StreamClosed(`nothing is sent to ${name} any more: its output was unsubscribed`);
}
