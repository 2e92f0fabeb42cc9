/**
 * The two halves of the stream of a context: values that arrive go into the inlet, values that leave come from the outlet.
 * Floor 4, room `protocol`: below `link`, which says when; above `flow`, which counts and queues.
 */
import {MessageTypeError, ProtocolError, StreamClosed, Unserializable} from '../../base/errors.js';
import {instruments} from '../../base/instruments.js';
import type {Channel} from '../../channel/channel.js';
import {boxError} from '../../msg/boxed-error.js';
import {eachValue} from '../../msg/codec.js';
import type {Bytes} from '../../msg/encoded.js';
import {parseNow, type Schemas} from '../../msg/schema.js';
import {type CreditPayload, Kind, type Message, type StopPayload} from '../../msg/types.js';
import type {Grant} from '../flow/credit.js';
import {Inlet, type StreamEnd} from '../flow/inlet.js';
import {type FlowOptions, flowOf} from '../flow/options.js';
import {closedByPeerError, Outlet} from '../flow/outlet.js';
import {StallWatch} from '../flow/stall.js';
import type {Dialog, Outcome} from './dialog.js';
import type {Role} from './role.js';
import {taps, tellTaps} from './taps.js';
import {reportStall, tellFlow} from './told-flow.js';

/** The link, as its halves need it. */
export interface HalvesPort {
  readonly channel: Channel;
  readonly id: number;
  readonly dialog: Dialog;
  readonly outcome: Outcome | undefined;
  readonly schemas: Schemas | undefined;
  readonly role: Pick<Role, 'name' | 'interrupted' | 'streamError'>;
  readonly lastSent: number;
  act(event: 'stop' | 'close', send: () => void): void;
  post(send: () => void): void;
  fail(error: unknown): void;
  violate(text: string): void;
}

export class Halves {
  readonly #link: HalvesPort;
  inlet: Inlet | undefined;
  outlet: Outlet | undefined;
  /** Credit that came before this end had anything to send. */
  #earlyCredit: Grant | undefined;
  /** The Stop of the peer, when it came before this end had opened its stream. */
  #earlyEnd: StreamEnd | undefined;
  #stall: StallWatch | undefined;

  constructor(link: HalvesPort) {
    this.#link = link;
  }

  /** The receiving half. It is made when it is first needed, and grants nothing before it is opened. */
  makeInlet(flow: FlowOptions): Inlet {
    if (this.inlet) return this.inlet;
    const {channel, outcome} = this.#link;
    const inlet = new Inlet({
      ...flowOf(flow),
      budget: channel.windows,
      grant: grant => this.#sendCredit(grant),
      lagged: missed => tellFlow('lagged', this.#link, this.outlet, missed),
    });
    this.inlet = inlet;
    if (this.#earlyEnd) inlet.finish(this.#earlyEnd);
    if (outcome) inlet.finish(endOf(outcome));
    return inlet;
  }

  /** The sending half. It is made when it is first needed. */
  makeOutlet(flow: FlowOptions): Outlet {
    if (this.outlet) return this.outlet;
    const {channel, id, dialog, outcome} = this.#link;
    const outlet = new Outlet(
      {
        value: (seq, bytes) => {
          if (taps.size > 0) tellTaps(this.#link, {way: 'out', seq, count: 1, bytes: bytes.length, encoded: bytes});
          channel.sendValue(id, seq, bytes);
        },
        stop: (last, failure) => this.#link.act('stop', () => this.#sendStop('send', last, failure)),
        overrun: error => {
          tellFlow('overrun', this.#link, outlet);
          this.#link.fail(error);
        },
        blocked: () => this.#blocked(outlet),
      },
      flowOf(flow),
    );
    this.outlet = outlet;
    instruments.senderOpened?.(outlet);
    if (this.#earlyCredit) outlet.grant(this.#earlyCredit.messages, this.#earlyCredit.bytes);
    if (dialog.sending === 'refused') outlet.cut(closedByPeerError(channel.peer));
    if (outcome) outlet.cut(cutReason(outcome));
    return outlet;
  }

  /**
   * Encodes a value now, so that later changes of the value do not matter.
   *
   * @param given whether the sender gives away the memory of the value
   * @throws Unserializable, MessageTypeError
   */
  encode(value: unknown, given = false): Bytes {
    const {channel, dialog, schemas, role} = this.#link;
    if (schemas) this.#parse(dialog.side === 'caller' ? 'in' : 'out', value);
    const {codec} = channel;
    return given ? codec.encodeGiven(value, 'value', role.name) : codec.encode(value, 'value', role.name);
  }

  /** Pushes a value within the bound. Nobody waits for it. Returns whether it was taken. */
  push(outlet: Outlet, value: unknown): boolean {
    const bytes = this.#encodeOrFail(value);
    return bytes !== undefined && outlet.push(bytes);
  }

  /** Sends a value for which the puller saw room. A value that is larger than the room waits. */
  pulled(outlet: Outlet, value: unknown): void {
    const bytes = this.#encodeOrFail(value);
    if (bytes !== undefined && !outlet.trySend(bytes)) outlet.waitToSend(bytes);
  }

  /** Ends both directions of the stream. The context goes on. */
  close(): void {
    const link = this.#link;
    const why = this.#interruption;
    link.act('close', () => this.#sendStop('both', link.lastSent, why));
    this.outlet?.cut(new StreamClosed('this end of the stream is closed: close() was called on it'), true);
    this.inlet?.finish({});
  }

  /** Nothing that the function awaits of its stream comes any more, because the function is cancelled. */
  abort(why: unknown): void {
    this.outlet?.cut(why);
    this.inlet?.finish({error: why});
  }

  /** The function was told to end, and gives a result nevertheless: its stream must not look complete (rule E7). */
  interrupt(): void {
    const why = this.#interruption;
    if (why) this.#link.act('stop', () => this.#sendStop('send', this.#link.lastSent, why));
  }

  /** The context has its outcome. Returns whether a consumer or a sender is told of it. */
  conclude(outcome: Outcome): boolean {
    this.#stall?.stop();
    const isSenderTold = this.outlet?.cut(cutReason(outcome)) ?? false;
    const isConsumerTold = this.inlet !== undefined && this.inlet.consumers > 0;
    this.inlet?.finish(endOf(outcome));
    return isSenderTold || isConsumerTold;
  }

  /** The values of a Yield have arrived. */
  accept(message: Message): void {
    const {inlet} = this;
    if (!inlet?.opened) {
      this.#link.violate('values arrived though this end has granted no credit');
      return;
    }
    const {codec} = this.#link.channel;
    const part = this.#link.dialog.side === 'caller' ? 'out' : 'in';
    const isChecked = this.#link.schemas?.[part] !== undefined;
    let seq = message.seq;
    let size = 0;
    let isInCredit = true;
    try {
      eachValue(codec, message, (value, bytes) => {
        size += bytes;
        isInCredit &&= inlet.accept(seq++, isChecked ? this.#parse(part, value) : value, bytes);
      });
    } catch (error) {
      if (!(error instanceof MessageTypeError)) throw error;
      this.#link.fail(error);
    } finally {
      if (taps.size > 0) tellTaps(this.#link, {way: 'in', seq: message.seq, count: seq - message.seq, bytes: size});
      inlet.deliver();
    }
    if (!isInCredit) this.#link.violate('more values arrived than were granted');
  }

  /** A Credit has arrived. */
  granted(credit: readonly unknown[]): void {
    const [messages, bytes] = credit as CreditPayload;
    if (!this.outlet) {
      this.#earlyCredit = {messages, bytes};
      return;
    }
    try {
      this.outlet.grant(messages, bytes);
      this.#stall?.moved();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#link.violate(error.message);
    }
  }

  /** A Stop has arrived. @throws ProtocolError when a value that was sent before it is missing */
  stopped([side, failure]: StopPayload, last: number): void {
    this.checkLast(last);
    if (side === 'both') this.outlet?.cut(closedByPeerError(this.#link.channel.peer));
    const end = failure ? {error: this.#link.role.streamError(failure)} : {};
    if (this.inlet) this.inlet.finish(end);
    else this.#earlyEnd = end;
  }

  /** @throws ProtocolError when a value is missing that the peer has sent before its Stop or its terminal */
  checkLast(last: number): void {
    if (this.#link.dialog.receiving === 'closed') return;
    if (this.inlet) this.inlet.checkLast(last);
    else if (last !== 0) throw new ProtocolError(`a stream of ${last} values ended before any had come`);
  }

  /** A value that cannot be sent fails the context, and never the code that pushed it. */
  #encodeOrFail(value: unknown): Bytes | undefined {
    try {
      return this.encode(value);
    } catch (error) {
      if (!(error instanceof Unserializable || error instanceof MessageTypeError)) throw error;
      this.#link.fail(error);
      return undefined;
    }
  }

  /** The directions are those of the function: `in` goes from the caller to the callee. */
  #parse(part: 'in' | 'out', value: unknown): unknown {
    const schema = this.#link.schemas?.[part];
    return schema ? parseNow(schema, value, {part, name: this.#link.role.name}) : value;
  }

  /** The cancellation that has cut off what this end was sending. Undefined when it had said that it sends no more. */
  get #interruption(): {readonly error: unknown} | undefined {
    const {role, dialog} = this.#link;
    return this.outlet && role.interrupted && dialog.sending === 'open' ? {error: role.interrupted} : undefined;
  }

  #blocked(outlet: Outlet): void {
    this.#stall ??= new StallWatch(
      this.#link.channel.stallMs(),
      () => outlet.isBlocked,
      () => reportStall(this.#link, outlet),
      () => tellFlow('moved', this.#link, outlet),
    );
    this.#stall.blocked();
  }

  #sendStop(side: 'send' | 'both', last: number, failure?: {readonly error: unknown}): void {
    const {channel, id} = this.#link;
    const payload: StopPayload = [side, failure ? boxError(failure.error, channel.self) : null];
    channel.send(Kind.Stop, id, last, channel.codec.encode(payload));
  }

  #sendCredit(grant: Grant): void {
    const {channel, id, dialog} = this.#link;
    if (dialog.terminal !== 'none') return;
    const payload: CreditPayload = [grant.messages, grant.bytes];
    const bytes = channel.codec.encode(payload);
    this.#link.post(() => channel.sendUrgent(Kind.Credit, id, bytes));
  }
}

function endOf(outcome: Outcome): StreamEnd {
  return outcome.kind === 'failed' ? {error: outcome.error} : {};
}

function cutReason(outcome: Outcome): unknown {
  return outcome.kind === 'failed' ? outcome.error : new StreamClosed('the context has ended: its function returned');
}
