/**
 * One connection to one peer: sends messages, hands those that arrive to their context, and closes once.
 * Floor 3: above transports, below contexts; it knows ids and bytes, not what they mean.
 */
import {type ActorId, formatActor} from '../base/actor-id.js';
import {plainClock} from '../base/clock.js';
import {type ActorError, ProtocolError, TransportClosed, type TransportEnd} from '../base/errors.js';
import {isError, thrownText} from '../base/foreign.js';
import {IdMap} from '../base/id-map.js';
import {Ring, type RingEntry} from '../base/ring.js';
import type {Codec} from '../msg/codec.js';
import {type Frame, readFrame} from '../msg/frame.js';
import {limits} from '../msg/limits.js';
import {Kind, type Message} from '../msg/types.js';
import type {Ending, Transport} from '../transport/transport.js';
import {WindowBudget} from './budget.js';
import {Outbox} from './outbox.js';

/** All messages of one peer that are being put together from pieces. */
const maxReassemblyBytes = 128 * 1024 * 1024;

/** One end of a context, as its channel sees it. */
export interface Endpoint {
  /** A message of this context. A ProtocolError thrown here (undecodable bytes) fails the channel. */
  receive(message: Message): void;
  /** The channel has ended: nothing more will come. Called once, in the order in which the contexts were opened. */
  channelEnded(error: ActorError): void;
}

/** What the owner of a channel is told. */
export interface ChannelOwner {
  /** A message about the channel itself (context 0), or one that opens a context. */
  control(message: Message): void;
  /** A message of a context that is not, or no longer, there. */
  stray(message: Message): void;
  /** The last context on it is gone. */
  quiet?(): void;
  /** After every endpoint has been told. */
  ended(error: TransportClosed): void;
}

const nothing = new Uint8Array(0);

export class Channel {
  readonly codec: Codec;
  readonly self: ActorId;
  /** Known once the handshake is done. */
  peer: ActorId | undefined;
  /** What the streams that this end receives may have on their way, all together. */
  readonly windows = new WindowBudget();
  /** After so many ms a sender that gets no room is reported. */
  readonly stallMs: () => number;
  /** When bytes last came in, for the heartbeat. */
  lastHeard = plainClock.now();
  readonly #transport: Transport;
  readonly #owner: ChannelOwner;
  readonly #outbox = new Outbox();
  /** Found by id; told of the end in the order in which they came. */
  readonly #endpoints = new IdMap<RingEntry<Endpoint>>();
  readonly #inOrder = new Ring<Endpoint>();
  readonly #partial = new IdMap<{readonly kind: Kind; readonly pieces: Uint8Array[]; bytes: number}>();
  #partialBytes = 0;
  #nextId: number;
  #flushScheduled = false;
  #writable = true;
  #keepsAlive = true;
  #closed: ActorError | undefined;
  /** The verdict that contexts get in place of the bare end, e.g. that the peer's process has died. */
  #verdict: ((error: TransportClosed) => Promise<ActorError>) | undefined;

  /** @param options.side `connected` for the end that has odd ids: the child of an inherited pair */
  constructor(
    transport: Transport,
    options: {
      codec: Codec;
      self: ActorId;
      side: 'connected' | 'accepted';
      owner: ChannelOwner;
      stallMs?: () => number;
    },
  ) {
    this.#transport = transport;
    this.codec = options.codec;
    this.self = options.self;
    this.#owner = options.owner;
    this.stallMs = options.stallMs ?? (() => 5_000);
    this.#nextId = options.side === 'connected' ? 1 : 2;
    transport.open({
      frame: bytes => this.#frame(bytes),
      drained: () => {
        this.#writable = true;
        this.#flush();
      },
      ended: ending => this.#ended(ending),
    });
  }

  /** Why the channel is closed; undefined while it is open. */
  get closed(): ActorError | undefined {
    return this.#closed;
  }

  /** The contexts that are open on it, in the order of their opening. */
  get endpoints(): Iterable<Endpoint> {
    return this.#inOrder;
  }

  /** How many contexts are open on it. */
  get size(): number {
    return this.#endpoints.size;
  }

  /** An id for a context that this side opens. */
  newId(): number {
    const id = this.#nextId;
    this.#nextId += 2;
    return id;
  }

  /** Whether the peer may open a context under this id: the parity is the peer's own. */
  isPeerId(context: number): boolean {
    return context > 0 && context % 2 !== this.#nextId % 2;
  }

  attach(context: number, endpoint: Endpoint): void {
    this.#endpoints.set(context, this.#inOrder.add(endpoint));
    if (!this.#keepsAlive) this.#transport.keepAlive(true);
  }

  detach(context: number): void {
    this.#endpoints.get(context)?.leave();
    this.#endpoints.delete(context);
    if (this.#endpoints.size === 0) this.#owner.quiet?.();
    if (!this.#keepsAlive && this.size === 0) this.#transport.keepAlive(false);
  }

  has(context: number): boolean {
    return this.#endpoints.has(context);
  }

  /** Sends behind everything of the same context. A closed channel takes nothing: the context has been told. */
  send(kind: Kind, context: number, seq = 0, payload: Uint8Array = nothing): void {
    if (this.#closed) return;
    this.#outbox.push(kind, context, seq, payload);
    this.#schedule();
  }

  /** Sends ahead of all values. */
  sendUrgent(kind: Kind, context: number, payload: Uint8Array = nothing): void {
    if (this.#closed) return;
    this.#outbox.pushUrgent(kind, context, payload);
    this.#schedule();
  }

  /** Sends one value of a stream; values of one turn share a frame. */
  sendValue(context: number, seq: number, value: Uint8Array): void {
    if (this.#closed) return;
    this.#outbox.pushValue(context, seq, value);
    this.#schedule();
  }

  /** Takes back a Start that has not left yet. */
  withdraw(context: number): boolean {
    return this.#outbox.withdraw(context);
  }

  /** Sends what waits, then ends. */
  close(): void {
    this.#flush(true);
    this.#transport.close();
  }

  /** Ends the channel because the peer broke the rules: it is told why, as far as that goes. */
  fail(error: ProtocolError): void {
    if (this.#closed) return;
    this.#transport.destroy({kind: 'protocol', cause: error});
  }

  /** Ends at once. */
  destroy(kind: TransportEnd = 'closed'): void {
    this.#transport.destroy({kind});
  }

  /** For the `exit` handler: what waits goes out, blocking. */
  drainSync(ms: number): void {
    this.#flush(true);
    this.#transport.drainSync(ms);
  }

  /** Whether it keeps the process alive by itself; where not, an open context does. */
  keepAlive(on: boolean): void {
    this.#keepsAlive = on;
    this.#transport.keepAlive(on || this.size > 0);
  }

  /** Lets the owner of the peer's process say what its contexts fail with, once it knows how that process ended. */
  awaitVerdict(verdict: (error: TransportClosed) => Promise<ActorError>): void {
    this.#verdict = verdict;
  }

  /** At the end of this turn: after all microtasks, so that everything said in it shares one write. */
  #schedule(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    queueMicrotask(() => process.nextTick(() => this.#flush()));
  }

  #flush(regardless = false): void {
    this.#flushScheduled = false;
    while ((this.#writable || regardless) && !this.#outbox.empty)
      this.#writable = this.#transport.write(this.#outbox.take());
  }

  #frame(bytes: Uint8Array): void {
    this.lastHeard = plainClock.now();
    try {
      const frame = readFrame(bytes);
      const message = frame.more || this.#partial.size > 0 ? this.#reassemble(frame) : frame;
      if (message) this.#route(message);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.fail(error);
    }
  }

  #route(message: Message): void {
    if (message.context === 0 || message.kind === Kind.Start) this.#owner.control(message);
    else this.deliver(message);
  }

  /** Hands a message to its context. */
  deliver(message: Message): void {
    const endpoint = this.#endpoints.get(message.context);
    if (endpoint) endpoint.value.receive(message);
    else this.#owner.stray(message);
  }

  /** Puts the pieces of a message together. Urgent messages pass between them, whole. */
  #reassemble(frame: Frame): Message | undefined {
    const partial = isUrgent(frame.kind) ? undefined : this.#partial.get(frame.context);
    if (!frame.more && !partial) return frame;
    if (partial && partial.kind !== frame.kind)
      throw new ProtocolError(`a message of kind ${frame.kind} arrived within one of kind ${partial.kind}`);
    const gathered = partial ?? {kind: frame.kind, pieces: [], bytes: 0};
    gathered.pieces.push(frame.payload);
    gathered.bytes += frame.payload.length;
    this.#partialBytes += frame.payload.length;
    if (gathered.bytes > limits.messageBytes)
      throw new ProtocolError(`a message of more than ${limits.messageBytes} bytes arrived`);
    if (this.#partialBytes > maxReassemblyBytes)
      throw new ProtocolError(`more than ${maxReassemblyBytes} bytes of unfinished messages arrived`);
    if (frame.more) {
      this.#partial.set(frame.context, gathered);
      return undefined;
    }
    this.#partial.delete(frame.context);
    this.#partialBytes -= gathered.bytes;
    return {kind: frame.kind, context: frame.context, seq: frame.seq, payload: Buffer.concat(gathered.pieces)};
  }

  #ended(ending: Ending): void {
    if (this.#closed) return;
    const error = new TransportClosed(endText(ending, this.peer), {
      kind: ending.kind,
      cause: ending.cause,
      actor: this.peer,
    });
    this.#closed = error;
    this.#outbox.clear();
    this.#partial.clear();
    const verdict = this.#verdict;
    if (verdict) void verdict(error).then(why => this.#tellAll(why, error));
    else this.#tellAll(error, error);
  }

  #tellAll(why: ActorError, error: TransportClosed): void {
    this.#closed = why;
    const entries = this.#inOrder.entries();
    this.#endpoints.clear();
    for (const {value} of entries) value.channelEnded(why);
    this.#owner.ended(error);
  }
}

/** Whether messages of a kind are sent with `sendUrgent`. */
function isUrgent(kind: Kind): boolean {
  return kind === Kind.Credit || kind === Kind.Cancel || kind === Kind.Ping || kind === Kind.Pong;
}

function endText(ending: Ending, peer: ActorId | undefined): string {
  const whom = peer ? formatActor(peer) : 'the peer';
  const because = isError(ending.cause) ? `: ${thrownText(ending.cause)}` : '';
  switch (ending.kind) {
    case 'eof':
      return `the channel to ${whom} ended`;
    case 'reset':
      return `the channel to ${whom} was reset${because}`;
    case 'protocol':
      return `the channel to ${whom} was closed because the protocol was broken${because}`;
    case 'heartbeat':
      return `the channel to ${whom} was closed because it fell silent`;
    case 'closed':
      return `the channel to ${whom} was closed by this side`;
  }
}
