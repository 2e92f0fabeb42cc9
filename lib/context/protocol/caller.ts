/**
 * The end that opened a context: sends Start, knows the outcome, cancels and learns that the cancel was obeyed.
 * Floor 4: above `end`; `portal` makes callers, `context` and `msg-stream` put faces on them. No RxJS.
 */
import {onAbort} from '../../base/abort.js';
import type {ActorId} from '../../base/actor-id.js';
import {isThenable} from '../../base/answer.js';
import {
  type ActorError,
  type CancelReason,
  ContextCancelled,
  MessageTypeError,
  RemoteActorError,
} from '../../base/errors.js';
import {type Charge, handedDown, ownCancel} from '../../base/scope.js';
import type {Channel} from '../../channel/channel.js';
import {reviveError, unboxError} from '../../msg/boxed-error.js';
import {encodeCancel} from '../../msg/cancel.js';
import {parse, parseNow} from '../../msg/schema.js';
import {type ErrorPayload, Kind, type Message} from '../../msg/types.js';
import {
  type Call,
  cancelledBefore,
  describeCall,
  encodeStart,
  type Frames,
  framesAbove,
  logCleanUp,
  withCleanUp,
} from './call.js';
import {End, type StreamSchema, streamSchema} from './end.js';
import type {Outcome} from './link.js';
import {describePeersWait} from './peers-wait.js';

/** Why this end cancelled. */
interface CancelRequest {
  readonly reason: CancelReason;
  readonly cause: unknown;
}

export class Caller extends End implements Charge {
  readonly call: Call;
  protected readonly sends: StreamSchema | undefined;
  protected readonly receives: StreamSchema | undefined;
  /** While the arguments are being checked: messages that may not go before the Start. */
  #held: (() => void)[] | undefined;
  /** The frames of the call, for the stack of a remote error. */
  readonly #site: Frames | undefined;
  /** Called when the peer's first message of this context comes: it has understood the call. */
  onFirstAnswer: (() => void) | undefined;
  #first: {readonly value: unknown} | undefined;
  #startedListeners: ((error?: {readonly error: unknown}) => void)[] = [];
  #outcomeListeners: ((outcome: Outcome) => void)[] = [];
  #endedListeners: (() => void)[] = [];
  #request: CancelRequest | undefined;
  #cancelledAt = 0;
  #ended = false;
  #stopListening: (() => void)[] = [];

  /**
   * Sends Start.
   *
   * @throws Unserializable when an argument cannot cross, MessageTypeError when it does not fit; nothing has been sent then
   * @throws ContextCancelled when the scope or the signal has been cancelled before
   */
  constructor(channel: Channel, call: Call) {
    call.scope.check();
    if (call.signal?.aborted) throw cancelledBefore(channel, call, 'requested', call.signal.reason);
    if (call.timeout !== undefined && call.timeout <= 0) throw cancelledBefore(channel, call, 'deadline', undefined);
    if (channel.closed) throw channel.closed;
    const checked = call.schemas?.args && parse(call.schemas.args, call.args, {part: 'args', name: call.name});
    const {payload, granted} = encodeStart(channel, call);
    super(channel, channel.newId(), 'caller', call.kind === 'context');
    this.call = call;
    this.sends = streamSchema('in', call.schemas);
    this.receives = streamSchema('out', call.schemas);
    this.#site = typeof call.from === 'object' ? call.from : framesAbove(call.from, channel.size);
    this.#stopListening.push(call.scope.adopt(this));
    // A stream is open from the start; its first credit travels with the Start.
    if (granted > 0) this.makeInlet(call.flow).open(granted);
    if (isThenable(checked)) this.#holdFor(checked);
    this.post(() => channel.send(Kind.Start, this.id, 0, payload));
    this.#listen(call);
  }

  /** For messages: how the function is called. */
  protected get name(): string {
    return this.call.name;
  }

  override receive(message: Message): void {
    this.onFirstAnswer?.();
    this.onFirstAnswer = undefined;
    super.receive(message);
  }

  get peer(): ActorId {
    return this.channel.peer as ActorId;
  }

  /** For explanations of a long wait. */
  get label(): string {
    const wait = describePeersWait(this);
    return `${describeCall(this.channel, this.call)}${wait === undefined ? '' : ` (${wait})`}`;
  }

  /** The value of `started`, once it has come. */
  get first(): {readonly value: unknown} | undefined {
    return this.#first;
  }

  get cancelCalled(): boolean {
    return this.#request !== undefined;
  }

  /** Whether the remote function has ended, its finalizers included. */
  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Calls `listener` when `started` has come, or when it never will. */
  onStarted(listener: (error?: {readonly error: unknown}) => void): void {
    if (this.#first) listener();
    else if (this.outcome) listener(missingStarted(this.outcome));
    else this.#startedListeners.push(listener);
  }

  /** Its subscriber sees nothing more, as after its own unsubscription. */
  mute(): void {
    this.#outcomeListeners = [];
    this.inlet?.mute();
  }

  /** Calls `listener` with the outcome, at once when it is known. */
  onOutcome(listener: (outcome: Outcome) => void): void {
    if (this.outcome) listener(this.outcome);
    else this.#outcomeListeners.push(listener);
  }

  /**
   * Asks the remote function to end. Resolves true when it has, its finalizers included, false when that takes
   * longer than `timeout`. Never rejects.
   */
  cancel(reason: CancelReason, cause: unknown, timeout = this.call.cancelBound): Promise<boolean> {
    this.#sendCancel(reason, cause, timeout);
    return this.#awaitEnd(timeout);
  }

  async finish(): Promise<void> {
    this.outlet?.stop();
    const why = new ContextCancelled(`${this.call.scope.label} was left`, {
      canceller: this.channel.self,
      reason: 'scope',
    });
    if (this.call.openedBy === 'subscription') this.mute();
    if (this.call.openedBy === 'subscription' || this.call.onExit === 'cancel') return this.end(why);
    // Whoever asked for the outcome has it; the scope only waits.
    const owed = !this.asked;
    this.asked = true;
    this.inlet?.drain();
    await new Promise<void>((resolve, reject) => {
      this.onOutcome(outcome =>
        outcome.kind === 'failed' && owed && !this.isOwnCancel(outcome.error) ? reject(outcome.error) : resolve(),
      );
    });
    // An answer that nobody asked for reports its failure at the end of the macrotask: before the scope settles.
    // Two turns: past the end of this macrotask, and of what was scheduled for that moment.
    if (this.outcome?.kind === 'failed') await this.call.scope.clock.turn(2);
    await this.#seeEnd(why);
  }

  async end(why: ContextCancelled): Promise<void> {
    this.asked = true;
    this.inlet?.quit();
    const gate = this.call.scope.clock.free();
    if (gate) await gate;
    this.#sendCancel(why.reason === 'requested' ? 'scope' : why.reason, why, this.call.cancelBound);
    await this.#seeEnd(why);
  }

  /** Whether an error is a cancellation that this actor asked for, of the call or of the peer: no failure of its scope. */
  isOwnCancel(error: unknown): boolean {
    if (!(error instanceof ContextCancelled)) return false;
    const endedPeer = error.reason === 'actor' && error.canceller?.id === this.channel.self.id;
    return this.#request !== undefined || endedPeer;
  }

  protected override deliver(message: Message): void {
    if (message.kind !== Kind.Started) {
      super.deliver(message);
      return;
    }
    const value = this.channel.codec.decode(message.payload);
    const schema = this.call.schemas?.started;
    try {
      this.#first = {value: schema ? parseNow(schema, value, {part: 'started', name: this.name}) : value};
    } catch (error) {
      if (!(error instanceof MessageTypeError)) throw error;
      this.fail(error);
      return;
    }
    const listeners = this.#startedListeners;
    this.#startedListeners = [];
    for (const listener of listeners) listener();
  }

  protected override readOutcome(message: Message): Outcome | Promise<Outcome> {
    this.checkLast(message);
    if (message.kind === Kind.Return) return this.#readResult(this.channel.codec.decode(message.payload));
    const [boxed, , cancelled] = this.readList(message) as Partial<ErrorPayload>;
    if (boxed === undefined) return {kind: 'failed', error: unboxError(boxed as never)};
    if (cancelled === true) return {kind: 'failed', error: this.#cancellation(reviveError(boxed))};
    const error = unboxError(boxed, this.#site);
    // What a source of ours threw may have gone to the remote stage and come back unhandled: the original, then.
    if (this.sourceError && error instanceof RemoteActorError && error.origin.id === this.channel.self.id)
      return {kind: 'failed', error: this.sourceError.error};
    return {kind: 'failed', error};
  }

  #readResult(value: unknown): Outcome | Promise<Outcome> {
    const schema = this.call.schemas?.result;
    if (!schema) return {kind: 'returned', value};
    const failed = (error: unknown): Outcome => ({kind: 'failed', error});
    try {
      const parsed = parse(schema, value, {part: 'result', name: this.name});
      const returned = (result: unknown): Outcome => ({kind: 'returned', value: result});
      return isThenable(parsed) ? Promise.resolve(parsed).then(returned, failed) : returned(parsed);
    } catch (error) {
      return failed(error);
    }
  }

  /** Until the arguments are known to fit, nothing is sent; where they do not, nothing ever is. */
  #holdFor(checked: PromiseLike<unknown>): void {
    const held: (() => void)[] = [];
    this.#held = held;
    checked.then(
      () => {
        if (this.#held !== held) return;
        this.#held = undefined;
        for (const send of held) send();
      },
      error => {
        if (this.#held === held) this.#neverSent(error);
      },
    );
  }

  protected override post(send: () => void): void {
    if (this.#held) this.#held.push(send);
    else send();
  }

  /** The peer has never heard of this context, nor will it: there is nothing to acknowledge. */
  #neverSent(error: ActorError): void {
    this.#held = undefined;
    this.channelEnded(error);
    this.channel.detach(this.id);
  }

  protected override concluded(outcome: Outcome): void {
    super.concluded(outcome);
    const started = this.#startedListeners;
    this.#startedListeners = [];
    for (const listener of started) listener(missingStarted(outcome));
    const listeners = this.#outcomeListeners;
    this.#outcomeListeners = [];
    for (const listener of listeners) listener(outcome);
    if (listeners.length === 0) logCleanUp(this.channel, this.call, outcome);
    if (outcome.kind === 'failed' && !this.asked && !this.isOwnCancel(outcome.error))
      this.#reportUnasked(outcome.error);
  }

  protected override ended(): void {
    this.#ended = true;
    for (const stop of this.#stopListening) stop();
    const listeners = this.#endedListeners;
    this.#endedListeners = [];
    for (const listener of listeners) listener();
  }

  /** Nobody has asked so far; by the end of this macrotask somebody may have. */
  #reportUnasked(error: unknown): void {
    const scope = this.call.scope;
    scope.clock.soon(() => {
      if (this.asked) return;
      this.asked = true;
      scope.fail(error);
    });
  }

  #listen(call: Call): void {
    const {signal, timeout} = call;
    this.#stopListening.push(
      onAbort(signal, reason => {
        if (this.#request === undefined) void this.cancel('requested', reason);
      }),
    );
    if (timeout !== undefined && timeout !== Number.POSITIVE_INFINITY) {
      this.#stopListening.push(call.scope.clock.limit(timeout, () => void this.cancel('deadline', undefined)));
    }
    this.#stopListening.push(
      call.scope.onCancel(why => {
        const reason = why.reason === 'requested' ? 'scope' : why.reason;
        call.scope.clock.whenFree(() => void this.cancel(reason, why));
      }),
    );
  }

  #sendCancel(reason: CancelReason, cause: unknown, timeout: number): void {
    const request = {reason, cause};
    const unsent = this.#held !== undefined;
    this.#held = undefined;
    this.act('cancel', () => {
      this.#request = request;
      this.#cancelledAt = this.call.scope.clock.now();
      if (unsent || this.channel.withdraw(this.id)) return this.#neverSent(this.#own(true));
      this.channel.sendUrgent(Kind.Cancel, this.id, this.#encodeCancel(request, handedDown(timeout)));
    });
  }

  #encodeCancel({reason, cause}: CancelRequest, budget: number): Uint8Array {
    return encodeCancel(this.channel.codec, {reason, cause, canceller: this.channel.self, budget});
  }

  /** True when the function ends within the bound. At the bound this end concludes on its own. */
  #awaitEnd(timeout: number, whole = timeout): Promise<boolean> {
    if (this.#ended) return Promise.resolve(true);
    return new Promise(resolve => {
      const late = (): void => {
        this.#endedListeners = this.#endedListeners.filter(listener => listener !== onEnded);
        this.#concludeUnacked();
        resolve(false);
      };
      const stop = this.call.scope.clock.deadline(timeout, late, whole);
      const onEnded = (): void => {
        stop();
        resolve(true);
      };
      this.#endedListeners.push(onEnded);
    });
  }

  /** Waits until the function has ended; when it does not in its time, counted from the cancel, its actor is ended. */
  async #seeEnd(why: ContextCancelled): Promise<void> {
    const bound = this.call.cancelBound;
    const rest = this.#request ? bound - (this.call.scope.clock.now() - this.#cancelledAt) : bound;
    if (!(await this.#awaitEnd(rest, bound))) await this.call.force?.(why);
  }

  #concludeUnacked(): void {
    if (this.outcome || !this.#request) return;
    this.giveUp({kind: 'failed', error: this.#own(false)});
  }

  /** The ContextCancelled of a task that was cancelled: ours where we asked, as told where another did. */
  #cancellation(told: unknown): unknown {
    // Both ends keep the deadline; whose clock was first makes no difference to the caller.
    if (
      !this.#request &&
      this.call.timeout !== undefined &&
      told instanceof ContextCancelled &&
      told.reason === 'deadline'
    )
      this.#request = {reason: 'deadline', cause: undefined};
    if (this.#request) return withCleanUp(this.#own(true), told);
    return told instanceof ContextCancelled
      ? told
      : new ContextCancelled(`${describeCall(this.channel, this.call)} was cancelled`, {
          canceller: undefined,
          reason: 'peer',
          cause: told,
        });
  }

  #own(acked: boolean): ContextCancelled {
    const {reason, cause} = this.#request as CancelRequest;
    const text = acked ? 'was cancelled' : 'was cancelled and has not acknowledged it in time';
    const why = new ContextCancelled(`${describeCall(this.channel, this.call)} ${text} (${reason})`, {
      canceller: this.channel.self,
      reason,
      cause,
      acked,
      actor: this.channel.peer,
    });
    return ownCancel(why);
  }
}

function missingStarted(outcome: Outcome): {readonly error: unknown} {
  return {error: outcome.kind === 'failed' ? outcome.error : undefined};
}
