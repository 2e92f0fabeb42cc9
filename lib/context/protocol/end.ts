/**
 * One end of a context with its two stream halves: what `caller` and `callee` have in common.
 * Floor 4: above `link` (the dialog) and the halves; no RxJS.
 */
import {formatActor} from '../../base/actor-id.js';
import {MessageTypeError, ProtocolError, StreamClosed, Unserializable} from '../../base/errors.js';
import {log} from '../../base/log.js';
import {boxError, unboxError} from '../../msg/boxed-error.js';
import {splitValues} from '../../msg/frame.js';
import {parseNow, type Schemas, type StandardSchema} from '../../msg/schema.js';
import {type CreditPayload, Kind, type Message, type StopPayload} from '../../msg/types.js';
import type {Grant} from '../flow/credit.js';
import {Inlet, type StreamEnd} from '../flow/inlet.js';
import {type FlowOptions, flowOf} from '../flow/options.js';
import {closedByPeer, Outlet} from '../flow/outlet.js';
import {StallWatch} from '../flow/stall.js';
import {Link, type Outcome} from './link.js';

/** What the values of one direction are checked against. */
export interface StreamSchema {
  readonly part: 'in' | 'out';
  readonly schema: StandardSchema;
}

export function streamSchema(part: 'in' | 'out', schemas: Schemas | undefined): StreamSchema | undefined {
  const schema = schemas?.[part];
  return schema && {part, schema};
}

export abstract class End extends Link {
  #inlet: Inlet | undefined;
  #outlet: Outlet | undefined;
  /** Credit that came before this end had anything to send. */
  #earlyCredit: Grant | undefined;
  #stall: StallWatch | undefined;
  /** The peer's Stop, when it came before this end had opened its stream. */
  #earlyEnd: StreamEnd | undefined;
  /** The error of a source that this end pumped: it may come back, and is then recognised. */
  sourceError: {readonly error: unknown} | undefined;
  /** Whether somebody has been, or will be, told of the outcome. */
  asked = false;

  get inlet(): Inlet | undefined {
    return this.#inlet;
  }

  get outlet(): Outlet | undefined {
    return this.#outlet;
  }

  protected get lastSent(): number {
    return this.#outlet?.sent ?? 0;
  }

  /** The receiving half; made on demand, granting nothing yet. */
  makeInlet(flow: FlowOptions): Inlet {
    if (!this.#inlet) {
      this.#inlet = new Inlet({
        ...flowOf(flow),
        budget: this.channel.windows,
        grant: grant => this.#sendCredit(grant),
      });
      if (this.#earlyEnd) this.#inlet.finish(this.#earlyEnd);
      if (this.outcome) this.#inlet.finish(endOf(this.outcome));
    }
    return this.#inlet;
  }

  makeOutlet(flow: FlowOptions): Outlet {
    if (!this.#outlet) {
      this.#outlet = new Outlet(
        {
          value: (seq, bytes) => this.channel.sendValue(this.id, seq, bytes),
          stop: (last, failure) => this.act('stop', () => this.#sendStop('send', last, failure)),
          overrun: error => this.fail(error),
          blocked: () => this.#blocked(),
        },
        flowOf(flow),
      );
      if (this.#earlyCredit) this.#outlet.grant(this.#earlyCredit.messages, this.#earlyCredit.bytes);
      if (this.dialog.sending === 'refused') this.#outlet.cut(closedByPeer(this.channel.peer));
      if (this.outcome) this.#outlet.cut(cutReason(this.outcome));
    }
    return this.#outlet;
  }

  /** For messages: how the function is called. */
  protected abstract readonly name: string;
  /** What goes out, and what comes in, is checked against: the directions are the function's own. */
  protected abstract readonly sends: StreamSchema | undefined;
  protected abstract readonly receives: StreamSchema | undefined;

  #blocked(): void {
    this.#stall ??= new StallWatch(
      this.channel.stallMs(),
      () => this.#outlet?.isBlocked === true,
      () => this.#reportStall(this.#outlet as Outlet),
    );
    this.#stall.blocked();
  }

  #reportStall(outlet: Outlet): void {
    outlet.stalls++;
    const {peer} = this.channel;
    const why = outlet.granted ? 'takes nothing from it' : 'has not opened its end';
    const {sent, queuedBytes, stalls} = outlet;
    log('warn', `the stream of ${this.name} is stalled: ${peer ? formatActor(peer) : 'the peer'} ${why}`, {
      event: 'stalled',
      context: this.id,
      peer,
      sent,
      queuedBytes,
      stalls,
    });
  }

  /** Encodes now: what happens to the value later changes nothing. @throws Unserializable, MessageTypeError */
  encode(value: unknown): Uint8Array {
    if (this.sends) this.#parse(this.sends, value);
    return this.channel.codec.encode(value, 'value');
  }

  /** Pushes a value that nobody waits for: within the bound. */
  push(outlet: Outlet, value: unknown): boolean {
    const bytes = this.#encodeOrFail(value);
    return bytes !== undefined && outlet.push(bytes);
  }

  /** Sends a value for which room was seen. One that is larger than the room waits, whatever its size. */
  pulled(outlet: Outlet, value: unknown): void {
    const bytes = this.#encodeOrFail(value);
    if (bytes !== undefined && !outlet.trySend(bytes)) outlet.waitToSend(bytes);
  }

  /** Ends both directions of the stream; the context goes on. */
  closeStream(): void {
    this.act('close', () => this.#sendStop('both', this.lastSent));
    this.#outlet?.cut(new StreamClosed('this end of the stream is closed: close() was called on it'), true);
    this.#inlet?.finish({});
  }

  protected override deliver(message: Message): void {
    switch (message.kind) {
      case Kind.Yield:
        return this.#accept(message);
      case Kind.Credit:
        return this.#granted(message);
      case Kind.Stop:
        return this.#stopped(message);
      default:
        throw new ProtocolError(`a message of kind ${message.kind} cannot be delivered`);
    }
  }

  protected override concluded(outcome: Outcome): void {
    this.#stall?.stop();
    const told = this.#outlet?.cut(cutReason(outcome)) ?? 0;
    if (told > 0 || (this.#inlet && this.#inlet.consumers > 0)) this.asked = true;
    this.#inlet?.finish(endOf(outcome));
  }

  /** Checks that every value before a terminal has come. */
  protected checkLast(message: Message): void {
    if (this.dialog.receiving === 'closed') return;
    if (this.#inlet) this.#inlet.checkLast(message.seq);
    else if (message.seq !== 0) throw new ProtocolError(`a stream of ${message.seq} values ended before any had come`);
  }

  /** A value that cannot be sent fails the context, never whoever pushed it. */
  #encodeOrFail(value: unknown): Uint8Array | undefined {
    try {
      return this.encode(value);
    } catch (error) {
      if (!(error instanceof Unserializable || error instanceof MessageTypeError)) throw error;
      this.fail(error);
      return undefined;
    }
  }

  #accept(message: Message): void {
    const inlet = this.#inlet;
    if (!inlet?.opened) {
      this.violate('values arrived though this end has granted no credit');
      return;
    }
    const codec = this.channel.codec;
    const schema = this.receives;
    let seq = message.seq;
    let inCredit = true;
    try {
      splitValues(message.payload, bytes => {
        const value = codec.decode(bytes);
        inCredit &&= inlet.accept(seq++, schema ? this.#parse(schema, value) : value, bytes.length);
      });
    } catch (error) {
      if (!(error instanceof MessageTypeError)) throw error;
      this.fail(error);
    } finally {
      inlet.deliver();
    }
    if (!inCredit) this.violate('more values arrived than were granted');
  }

  #parse({schema, part}: StreamSchema, value: unknown): unknown {
    return parseNow(schema, value, {part, name: this.name});
  }

  #granted(message: Message): void {
    const [messages, bytes] = this.readList(message) as Partial<CreditPayload>;
    const grant = {messages: messages as number, bytes: bytes as number};
    if (this.#outlet) {
      try {
        this.#outlet.grant(grant.messages, grant.bytes);
        this.#stall?.moved();
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        this.violate(error.message);
      }
    } else this.#earlyCredit = grant;
  }

  #stopped(message: Message): void {
    const [side, failure] = this.readList(message) as Partial<StopPayload>;
    this.checkLast(message);
    if (side === 'both') this.#outlet?.cut(closedByPeer(this.channel.peer));
    const end = failure ? {error: unboxError(failure)} : {};
    if (this.#inlet) this.#inlet.finish(end);
    else this.#earlyEnd = end;
  }

  #sendStop(side: 'send' | 'both', last: number, failure?: {readonly error: unknown}): void {
    const payload: StopPayload = [side, failure ? boxError(failure.error, this.channel.self) : null];
    this.channel.send(Kind.Stop, this.id, last, this.channel.codec.encode(payload));
  }

  #sendCredit(grant: Grant): void {
    if (this.dialog.terminal !== 'none') return;
    const payload: CreditPayload = [grant.messages, grant.bytes];
    const bytes = this.channel.codec.encode(payload);
    this.post(() => this.channel.sendUrgent(Kind.Credit, this.id, bytes));
  }
}

function endOf(outcome: Outcome): StreamEnd {
  return outcome.kind === 'failed' ? {error: outcome.error} : {};
}

function cutReason(outcome: Outcome): unknown {
  return outcome.kind === 'failed' ? outcome.error : new StreamClosed('the context has ended: its function returned');
}
