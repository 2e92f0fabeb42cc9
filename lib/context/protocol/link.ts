/**
 * One end of a context on its channel: feeds the dialog with what happens here and there, and does what it says.
 * Floor 4: above `dialog` (pure) and `channel`; below `caller` and `callee`, which give the messages their meaning.
 */
import {isThenable} from '../../base/answer.js';
import {type ActorError, ProtocolError} from '../../base/errors.js';
import type {Channel, Endpoint} from '../../channel/channel.js';
import {boxError} from '../../msg/boxed-error.js';
import {type AckStage, type ErrorPayload, Kind, type Message} from '../../msg/types.js';
import {type Dialog, type DialogEffect, type DialogEvent, newDialog, step} from './dialog.js';

/** How a context ended, seen from one end. */
export type Outcome =
  | {readonly kind: 'returned'; readonly value: unknown}
  | {readonly kind: 'failed'; readonly error: unknown};

export abstract class Link implements Endpoint {
  readonly channel: Channel;
  readonly id: number;
  #dialog: Dialog;
  #outcome: Outcome | undefined;
  /** The terminal has come, and what it says is still being checked. */
  #reading = false;
  /** Messages that came too late to matter. */
  late = 0;

  constructor(channel: Channel, id: number, side: 'caller' | 'callee', synced: boolean) {
    this.channel = channel;
    this.id = id;
    this.#dialog = newDialog(side, synced);
    channel.attach(id, this);
  }

  get dialog(): Dialog {
    return this.#dialog;
  }

  /** Undefined while the context is open. */
  get outcome(): Outcome | undefined {
    return this.#outcome;
  }

  receive(message: Message): void {
    switch (message.kind) {
      case Kind.Started:
        return this.#apply('peer started', message);
      case Kind.Yield:
        return this.#apply('peer yield', message);
      case Kind.Credit:
        return this.#apply('peer credit', message);
      case Kind.Stop: {
        const [side] = this.readList(message);
        return this.#apply(side === 'both' ? 'peer close' : 'peer stop', message);
      }
      case Kind.Return:
        return this.#apply('peer return', message);
      case Kind.Error: {
        const [, settled] = this.readList(message);
        return this.#apply(settled === false ? 'peer error, still running' : 'peer error', message);
      }
      case Kind.Cancel:
        return this.#apply('peer cancel', message);
      case Kind.CancelAck: {
        const [stage] = this.readList(message);
        return this.#apply(stage === 'ended' ? 'peer ended' : 'peer received', message);
      }
      default:
        throw new ProtocolError(`a message of kind ${message.kind} arrived within a context`);
    }
  }

  channelEnded(error: ActorError): void {
    const outcome: Outcome = {kind: 'failed', error};
    // A terminal that could not be read has ended the dialog, and left it without an outcome.
    if (this.#dialog.terminal !== 'none') this.#conclude(outcome);
    this.#apply('lost', undefined, outcome);
  }

  /** Puts a message of this context on the channel. */
  protected post(send: () => void): void {
    send();
  }

  /** Something this end does. `send` puts the event's message on the channel, where the dialog allows it. */
  protected act(event: DialogEvent, send: () => void, outcome?: Outcome): void {
    this.#apply(event, undefined, outcome, send);
  }

  /** Sends the box of an error; where even that cannot be sent, what can be said of it. */
  protected sendError(error: unknown, state: {readonly settled: boolean; readonly cancelled: boolean}): void {
    const payload: ErrorPayload = [boxError(error, this.channel.self), state.settled, state.cancelled];
    this.channel.send(Kind.Error, this.id, this.lastSent, this.channel.codec.encode(payload));
  }

  /** The payload of a message as the array that it must be. */
  protected readList(message: Message): readonly unknown[] {
    const payload = this.channel.codec.decode(message.payload);
    if (!Array.isArray(payload))
      throw new ProtocolError(`the payload of a message of kind ${message.kind} is not a list`);
    return payload;
  }

  /** Fails this context at both ends, at once. */
  fail(error: unknown): void {
    this.act('fail', () => this.sendError(error, {settled: false, cancelled: false}), {kind: 'failed', error});
  }

  /** This end has waited long enough: its outcome stands, whatever may still arrive. */
  protected giveUp(outcome: Outcome): void {
    this.#reading = false;
    this.#conclude(outcome);
  }

  /** Fails this context because the peer broke the rules of the dialog; the channel lives on. */
  protected violate(text: string): void {
    const error = new ProtocolError(text, {actor: this.channel.peer});
    this.fail(error);
  }

  /** The number of the last value sent from here: what a terminal carries. */
  protected abstract readonly lastSent: number;
  /** A message that means something: hand it up. */
  protected abstract deliver(message: Message): void;
  /** What a terminal message says. @throws ProtocolError when a value is missing before it */
  protected abstract readOutcome(message: Message): Outcome | Promise<Outcome>;
  /** The outcome is known. Called once. */
  protected abstract concluded(outcome: Outcome): void;
  /** Callee: the function is to end. */
  protected abort(_message: Message | undefined): void {}
  /** Caller: the function at the other end has ended. */
  protected ended(): void {}

  #apply(event: DialogEvent, message: Message | undefined, outcome?: Outcome, send?: () => void): void {
    const before = this.#dialog;
    const {next, effects} = step(before, event);
    this.#dialog = next;
    for (const effect of effects) this.#carryOut(effect, event, message, outcome, send);
  }

  #carryOut(
    effect: DialogEffect,
    event: DialogEvent,
    message: Message | undefined,
    outcome: Outcome | undefined,
    send: (() => void) | undefined,
  ): void {
    switch (effect) {
      case 'send':
        return send && this.post(send);
      case 'deliver':
        return this.deliver(message as Message);
      case 'conclude':
        return this.#conclude(outcome ?? this.readOutcome(message as Message));
      case 'conclude unstarted':
        return this.#conclude({
          kind: 'failed',
          error: new ProtocolError(
            'the remote function returned without calling ctx.started.next(value), which its caller waits for',
            {actor: this.channel.peer},
          ),
        });
      case 'abort':
        return this.abort(message);
      case 'send received':
        return this.#acknowledge('received');
      case 'send ended':
        return this.#acknowledge('ended');
      case 'ended':
        return this.ended();
      case 'release':
        return this.channel.detach(this.id);
      case 'ignore':
        this.late++;
        return;
      case 'violation':
        return this.violate(`${event} in a context that is ${describe(this.#dialog)}`);
      case 'misuse':
        throw new ProtocolError('ctx.started takes one value, once, in a function marked with context()');
    }
  }

  #acknowledge(stage: AckStage): void {
    this.channel.send(Kind.CancelAck, this.id, 0, this.channel.codec.encode([stage]));
  }

  #conclude(outcome: Outcome | Promise<Outcome>): void {
    if (this.#outcome || this.#reading) return;
    if (isThenable(outcome)) {
      this.#reading = true;
      void outcome.then(read => this.giveUp(read));
      return;
    }
    this.#outcome = outcome;
    this.concluded(outcome);
  }
}

function describe(dialog: Dialog): string {
  if (dialog.terminal !== 'none') return dialog.terminal;
  if (dialog.synced && !dialog.started) return 'not started';
  return dialog.receiving === 'open' ? 'open' : 'closed to receiving';
}
