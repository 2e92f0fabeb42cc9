/**
 * The two FIFO links between the ends of one context, as a channel that a model delivers by hand.
 * Below model.ts. Keeps the order that `channel/outbox` keeps: Cancel and Credit may pass the others of their
 * context, though never its Start, and values that meet at the end of the link share a frame.
 */
import type {ActorId} from '../../../lib/base/actor-id.js';
import type {ActorError} from '../../../lib/base/errors.js';
import type {Channel, Endpoint} from '../../../lib/channel/channel.js';
import {WindowBudget} from '../../../lib/channel/window-budget.js';
import {type Codec, messagePack} from '../../../lib/msg/codec.js';
import {Kind, type Message} from '../../../lib/msg/types.js';

/** One message on its way. */
interface Packet {
  readonly kind: Kind;
  readonly seq: number;
  readonly payload: Uint8Array;
  /** The values of a Yield. */
  readonly values: Uint8Array[];
}

/** The messages on their way to one end. */
export class Wire {
  readonly ordered: Packet[] = [];
  readonly urgent: Packet[] = [];
  /** Behind what is on its way comes the end of the channel. */
  ends = false;
  /** Nobody is there to hear: what is sent goes nowhere. */
  deaf = false;

  get empty(): boolean {
    return this.ordered.length === 0 && this.urgent.length === 0;
  }

  /** Whether an urgent message may be heard now: it passes everything but the Start. */
  get mayPass(): boolean {
    return this.urgent.length > 0 && this.ordered[0]?.kind !== Kind.Start;
  }

  add(row: 'ordered' | 'urgent', packet: Packet): void {
    if (!this.deaf) this[row].push(packet);
  }

  clear(): void {
    this.ordered.length = 0;
    this.urgent.length = 0;
  }

  /** The next message of one of the two rows. */
  shift(row: 'ordered' | 'urgent', id: number): Message | undefined {
    const packet = this[row].shift();
    if (!packet) return undefined;
    const payload = packet.kind === Kind.Yield ? frameOf(packet.values) : packet.payload;
    return {kind: packet.kind, context: id, seq: packet.seq, payload};
  }
}

/** A listener of the model, which hears what an end sends before it is on its way. */
export type OnSend = (kind: Kind, seq: number, payload: Uint8Array) => void;

/** As much of a channel as one end of a context uses. */
export class WireChannel {
  readonly codec: Codec = messagePack;
  readonly self: ActorId;
  readonly peer: ActorId;
  readonly out: Wire;
  /** As under a flood of calls: no frames are captured. */
  readonly size = 1_000;
  closed: ActorError | undefined;
  readonly windows = new WindowBudget();
  readonly stallMs = (): number => 5_000;
  endpoint: Endpoint | undefined;
  /** Whether values that meet share a frame. */
  shares = false;
  /** Whether the Start, undelivered, counts as not yet sent. */
  holdsStart = false;
  withdrawn = false;
  onSend: OnSend = () => {};

  constructor(self: ActorId, peer: ActorId, out: Wire) {
    this.self = self;
    this.peer = peer;
    this.out = out;
  }

  /** For `End`, which uses no other members than these. */
  asChannel(): Channel {
    return this as unknown as Channel;
  }

  newId(): number {
    return 1;
  }

  attach(_id: number, endpoint: Endpoint): void {
    this.endpoint = endpoint;
  }

  detach(): void {
    this.endpoint = undefined;
  }

  send(kind: Kind, _id: number, seq = 0, payload: Uint8Array = nothing): void {
    if (this.closed) return;
    this.onSend(kind, seq, payload);
    this.out.add('ordered', {kind, seq, payload, values: []});
  }

  sendUrgent(kind: Kind, _id: number, payload: Uint8Array = nothing): void {
    if (this.closed) return;
    this.onSend(kind, 0, payload);
    this.out.add('urgent', {kind, seq: 0, payload, values: []});
  }

  sendValue(_id: number, seq: number, value: Uint8Array): void {
    if (this.closed) return;
    this.onSend(Kind.Yield, seq, value);
    const last = this.out.ordered.at(-1);
    if (this.shares && last?.kind === Kind.Yield) last.values.push(value);
    else this.out.add('ordered', {kind: Kind.Yield, seq, payload: nothing, values: [value]});
  }

  withdraw(): boolean {
    if (!this.holdsStart || this.out.ordered[0]?.kind !== Kind.Start) return false;
    this.out.clear();
    this.withdrawn = true;
    return true;
  }
}

/** Values are shorter than 128 bytes here: their length is one byte. */
function frameOf(values: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(values.flatMap(value => [Buffer.from([value.length]), value]));
}

const nothing = new Uint8Array(0);
