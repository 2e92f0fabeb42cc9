/**
 * One end of a context on its channel: tells the dialog what happens at both ends, and carries out what the dialog decides.
 * Floor 4, room `protocol`: above `dialog` (pure) and `halves` (the stream); `caller` and `callee` are the two roles of it.
 */

import {beginAtCall, framesAbove} from '../../base/call-frames.js';
import {ActorError, ContextCancelled, MessageTypeError, ProtocolError, RemoteActorError} from '../../base/errors.js';
import {isThenable, whenSettled} from '../../base/foreign.js';
import type {Scope} from '../../base/scope.js';
import type {Channel, Endpoint} from '../../channel/channel.js';
import {boxError} from '../../msg/boxed-error.js';
import {valueIn} from '../../msg/codec.js';
import type {Schemas} from '../../msg/schema.js';
import {type AckStage, type ErrorPayload, Kind, type Message, type StopPayload} from '../../msg/types.js';
import {type Dialog, type DialogEffect, type DialogEvent, newDialog, type Outcome, step} from './dialog.js';
import {Halves} from './halves.js';
import type {Role} from './role.js';

export class Link implements Endpoint {
  readonly channel: Channel;
  readonly id: number;
  readonly role: Role;
  readonly schemas: Schemas | undefined;
  dialog: Dialog;
  /** Undefined while the context is open. */
  outcome: Outcome | undefined;
  /** How many messages came too late to matter. */
  late = 0;
  /** Called at the first message of the peer, because the peer has understood the call then. */
  onFirstMessage: (() => void) | undefined;
  #halves: Halves | undefined;
  /** Messages that may not leave yet, because the arguments of the call are still being checked. */
  #held: (() => void)[] | undefined;
  /** Whether a consumer of the stream was told of the failure already, so that the scope need not be told. */
  #isTold = false;
  /** The terminal has come, and an asynchronous schema still checks its value. */
  #isReading = false;

  constructor(
    channel: Channel,
    id: number,
    role: Role,
    options: {readonly side: Dialog['side']; readonly synced: boolean; readonly schemas: Schemas | undefined},
  ) {
    this.channel = channel;
    this.id = id;
    this.role = role;
    this.schemas = options.schemas;
    this.dialog = newDialog(options.side, options.synced);
    channel.attach(id, this);
  }

  /** The two halves of the stream; made when the first one is needed. */
  get halves(): Halves {
    this.#halves ??= new Halves(this);
    return this.#halves;
  }

  /** The halves, when there is a stream. */
  get stream(): Halves | undefined {
    return this.#halves;
  }

  /** For a look at what is open: a context on the short way has a link too, which is made when it is asked for. */
  get link(): Link {
    return this;
  }

  receive(message: Message): void {
    if (this.onFirstMessage) {
      this.onFirstMessage();
      this.onFirstMessage = undefined;
    }
    switch (message.kind) {
      case Kind.Started:
        return this.#apply('peer started', message);
      case Kind.Yield:
        return this.#apply('peer yield', message);
      case Kind.Credit:
        return this.#apply('peer credit', message);
      case Kind.Stop: {
        const stop = this.#listOf(message);
        return this.#apply(stop[0] === 'both' ? 'peer close' : 'peer stop', message, stop);
      }
      case Kind.Return:
        return this.#apply('peer return', message);
      case Kind.Error: {
        const error = this.#listOf(message);
        return this.#apply(error[1] === false ? 'peer error, still running' : 'peer error', message, error);
      }
      case Kind.Cancel:
        return this.#apply('peer cancel', message);
      case Kind.CancelAck:
        return this.#apply(this.#listOf(message)[0] === 'ended' ? 'peer ended' : 'peer received', message);
      default:
        throw new ProtocolError(`a message of kind ${message.kind} arrived within a context`);
    }
  }

  channelEnded(error: ActorError): void {
    const lost = this.role.lostBy(error);
    if (!(lost instanceof ContextCancelled)) beginAtCall(lost, this.role.place, this.role.site);
    const outcome: Outcome = {kind: 'failed', error: lost};
    // A terminal that could not be read has ended the dialog without an outcome.
    if (this.dialog.terminal !== 'none') this.#conclude(outcome);
    this.#apply('lost', undefined, undefined, outcome);
  }

  /** This end does something. `send` puts the message of the event on the channel, when the dialog allows it. */
  act(event: DialogEvent, send: () => void, outcome?: Outcome): void {
    this.#apply(event, undefined, undefined, outcome, send);
  }

  /** Fails this context at both ends, at once. @param isTold whether somebody was told of the error already */
  fail(error: unknown, isTold = false): void {
    this.#isTold ||= isTold;
    // The code that pushed the value at fault says more than the call.
    if (isOfLibrary(error)) beginAtCall(error, this.role.place, framesAbove(this.fail, true), this.role.site);
    this.act('fail', () => this.sendError(error, {settled: false, cancelled: false}), {kind: 'failed', error});
  }

  /** Fails this context because code of its consumer threw. When the context has ended before, only the owner is left to be told. */
  failFor(owner: Scope, error: unknown, isTold: boolean): void {
    if (!this.outcome) this.fail(error, isTold);
    else if (!isTold) owner.fail(error);
  }

  /** Fails this context because the peer broke the rules of the dialog. The channel lives on. */
  violate(text: string): void {
    this.fail(new ProtocolError(text, {actor: this.channel.peer}));
  }

  /** This end waits no longer: the outcome stands, whatever may still arrive. */
  giveUp(outcome: Outcome): void {
    this.#isReading = false;
    this.#conclude(outcome);
  }

  /** Sends the box of an error. */
  sendError(error: unknown, state: {readonly settled: boolean; readonly cancelled: boolean}): void {
    const payload: ErrorPayload = [boxError(error, this.channel.self), state.settled, state.cancelled];
    this.channel.send(Kind.Error, this.id, this.lastSent, this.channel.codec.encode(payload));
  }

  /** The number of the last value that was sent from here. A terminal carries it. */
  get lastSent(): number {
    return this.#halves?.outlet?.sent ?? 0;
  }

  /** Puts a message on the channel, or keeps it while the arguments of the call are being checked. */
  post(send: () => void): void {
    if (this.#held) this.#held.push(send);
    else send();
  }

  /**
   * Keeps all messages back until `checked` resolves. When it rejects, nothing is ever sent, and the context fails with its
   * error.
   */
  holdFor(checked: PromiseLike<unknown>): void {
    const held: (() => void)[] = [];
    this.#held = held;
    void whenSettled(
      checked,
      () => {
        if (this.#held !== held) return;
        this.#held = undefined;
        for (const send of held) send();
      },
      error => {
        if (this.#held === held) this.neverSent(error as ActorError);
      },
    );
  }

  /** Forgets the messages that were kept back. Returns whether there were any. */
  dropHeld(): boolean {
    const wasHeld = this.#held !== undefined;
    this.#held = undefined;
    return wasHeld;
  }

  /** The peer has never heard of this context and never will: nothing has to be acknowledged. */
  neverSent(error: ActorError): void {
    this.#held = undefined;
    this.channelEnded(error);
    this.channel.detach(this.id);
  }

  #apply(event: DialogEvent, message?: Message, list?: readonly unknown[], outcome?: Outcome, send?: () => void): void {
    const {next, effects} = step(this.dialog, event);
    this.dialog = next;
    for (const effect of effects) this.#carryOut(effect, event, message, list, outcome, send);
  }

  #carryOut(
    effect: DialogEffect,
    event: DialogEvent,
    message: Message | undefined,
    list: readonly unknown[] | undefined,
    outcome: Outcome | undefined,
    send: (() => void) | undefined,
  ): void {
    switch (effect) {
      case 'send':
        return send && this.post(send);
      case 'deliver':
        return this.#deliver(message as Message, list);
      case 'conclude':
        return this.#conclude(outcome ?? this.#outcomeOf(message as Message, list));
      case 'conclude unstarted':
        return this.#conclude({kind: 'failed', error: unstartedError(this.channel)});
      case 'abort':
        return this.role.abort(message?.kind === Kind.Cancel ? message.payload : undefined);
      case 'send received':
        return this.#acknowledge('received');
      case 'send ended':
        return this.#acknowledge('ended');
      case 'ended':
        return this.role.ended();
      case 'release':
        return this.channel.detach(this.id);
      case 'ignore':
        this.late++;
        return;
      case 'violation':
        return this.violate(`${event} in a context that is ${describe(this.dialog)}`);
      case 'misuse':
        throw new ProtocolError('ctx.started takes one value, once, in a function marked with context()');
    }
  }

  #deliver(message: Message, list: readonly unknown[] | undefined): void {
    switch (message.kind) {
      case Kind.Started:
        return this.#deliverStarted(message);
      case Kind.Yield:
        return this.halves.accept(message);
      case Kind.Credit:
        return this.halves.granted(this.#listOf(message));
      case Kind.Stop:
        return this.halves.stopped(list as StopPayload, message.seq);
      default:
        throw new ProtocolError(`a message of kind ${message.kind} cannot be delivered`);
    }
  }

  /** A value that cannot be made here fails this context alone. */
  #deliverStarted(message: Message): void {
    let value: unknown;
    try {
      value = valueIn(this.channel.codec, message);
    } catch (error) {
      if (!(error instanceof MessageTypeError)) throw error;
      return this.fail(error);
    }
    this.role.started(value);
  }

  /** @throws ProtocolError when a value that was sent before the terminal is missing */
  #outcomeOf(message: Message, list: readonly unknown[] | undefined): Outcome | Promise<Outcome> {
    if (this.#halves || message.seq !== 0) this.halves.checkLast(message.seq);
    if (list) return this.role.outcomeOf(message.kind, list);
    let value: unknown;
    try {
      value = valueIn(this.channel.codec, message);
    } catch (error) {
      if (!(error instanceof MessageTypeError)) throw error;
      return {kind: 'failed', error};
    }
    return this.role.outcomeOf(message.kind, value);
  }

  #conclude(outcome: Outcome | Promise<Outcome>): void {
    if (this.outcome || this.#isReading) return;
    if (isThenable(outcome)) {
      this.#isReading = true;
      void outcome.then(read => this.giveUp(read));
      return;
    }
    this.outcome = outcome;
    this.role.tell?.(outcome);
    const isTold = this.#halves?.conclude(outcome) ?? false;
    this.role.concluded(outcome, isTold || this.#isTold);
  }

  #acknowledge(stage: AckStage): void {
    this.channel.send(Kind.CancelAck, this.id, 0, this.channel.codec.encode([stage]));
  }

  /** @throws ProtocolError for a payload that is not a list */
  #listOf(message: Message): readonly unknown[] {
    const payload = valueIn(this.channel.codec, message);
    if (!Array.isArray(payload))
      throw new ProtocolError(`the payload of a message of kind ${message.kind} is not a list`);
    return payload;
  }
}

/** Whether an error is one that this library has made here. */
function isOfLibrary(error: unknown): error is ActorError {
  return error instanceof ActorError && !(error instanceof RemoteActorError) && !(error instanceof ContextCancelled);
}

function unstartedError({peer}: Channel): ProtocolError {
  return new ProtocolError(
    'the remote function returned without calling ctx.started.next(value), which its caller waits for',
    {actor: peer},
  );
}

function describe(dialog: Dialog): string {
  if (dialog.terminal !== 'none') return dialog.terminal;
  if (dialog.synced && !dialog.started) return 'not started';
  return dialog.receiving === 'open' ? 'open' : 'closed to receiving';
}
