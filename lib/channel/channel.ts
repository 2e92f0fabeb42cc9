/**
 * The channel to one peer: it sends messages, gives each message that arrives to its context, and closes once.
 * Floor 3: above transports, below contexts. It knows ids and bytes, but not what they mean.
 */
import {type ActorId, formatActor} from '../base/actor-id.js';
import {plainClock} from '../base/clock.js';
import {type ActorError, ProtocolError, TransportClosed, type TransportEnd} from '../base/errors.js';
import {isError, thrownText} from '../base/foreign.js';
import {IdMap} from '../base/id-map.js';
import {Ring, type RingEntry} from '../base/ring.js';
import {callApart, leaveUncaught} from '../base/uncaught.js';
import type {Codec} from '../msg/codec.js';
import type {Bytes} from '../msg/encoded.js';
import {readFrame} from '../msg/frame.js';
import {Kind, type Message} from '../msg/types.js';
import type {Ending, Transport} from '../transport/transport.js';
import {Outbox} from './outbox.js';
import {Reassembly} from './reassembly.js';
import type {Unread} from './unread.js';
import {WindowBudget} from './window-budget.js';

/** One end of a context, as its channel sees it. */
export interface Endpoint {
  /** Takes a message of this context. When it throws a ProtocolError (bytes that cannot be decoded), the channel fails. */
  receive(message: Message): void;
  /** The channel has ended, so that nothing more will come. Called once, in the order in which the contexts were opened. */
  channelEnded(error: ActorError): void;
}

/** The owner of a channel: the actor's side of a peer. */
export interface ChannelOwner {
  /** Takes a message about the channel itself (context 0), or one that opens a context. */
  control(message: Message): void;
  /** Takes a message of a context that is not there, or not there any more. */
  stray(message: Message): void;
  /** The last context on the channel has ended. */
  quiet?(): void;
  /** The peer is not behind any more, or never was: something has left. */
  caughtUp?(): void;
  /** The channel has ended, and every endpoint has been told. */
  ended(error: TransportClosed): void;
}

/**
 * Maximum number of answers to the peer's questions that wait while the transport takes no more. A question costs the peer
 * nothing, so one that asks and never reads could fill the memory (the ping flood of HTTP/2). An honest peer asks for as many
 * answers as it has calls to cancel: 10 000.
 */
const maxUnheardAnswers = 50_000;
/**
 * Maximum memory in bytes of errors and acknowledgements that wait for the peer. A call that is refused runs nothing, so that no limit of
 * calls holds it back, and its error is longer than the call. An honest peer reads errors while it makes calls: when the 10 000 calls
 * that a peer may have all fail at once, there is room for 26 KiB for each error.
 */
const maxRefusalBytes = 256 * 1024 * 1024;

/**
 * Maximum memory in bytes of everything that waits for the peer, the calls of this side apart: results of calls, values of streams whose
 * receiver grants credit without an end. A caller may ask for ten results of 64 MiB at a time, so that less would end honest channels.
 */
const maxUnreadBytes = 1024 * 1024 * 1024;
/** The part of that memory beyond which further calls of the peer should wait. Two of the largest results fit, beside small ones. */
const behindPart = 1 / 4;

const nothing = new Uint8Array(0);

export class Channel {
  readonly codec: Codec;
  /** The actor of this end. */
  readonly self: ActorId;
  /** The actor of the other end; undefined before the handshake is done. */
  peer: ActorId | undefined;
  /** The bytes that all streams towards this end may have on their way together. */
  readonly windows = new WindowBudget();
  /** The time in ms after which a sender without room is reported. */
  readonly stallMs: () => number;
  /**
   * Resolves with the reason for which the peer's process has ended, where this end owns that process. What the peer says of an
   * end that it began itself is not the last word then (rule T17).
   */
  fate: Promise<ActorError> | undefined;
  /** The time when bytes last came in, for the heartbeat. */
  lastHeard = plainClock.now();
  /** The time when the transport last had room again, after it had asked to wait. */
  lastDrained = plainClock.now();
  readonly #maxUnreadBytes: number;
  readonly #transport: Transport;
  readonly #owner: ChannelOwner;
  readonly #outbox = new Outbox();
  /** The open contexts by their id. */
  readonly #endpoints = new IdMap<RingEntry<Endpoint>>();
  /** The open contexts in the order in which they were opened. */
  readonly #inOrder = new Ring<Endpoint>();
  readonly #reassembly = new Reassembly();
  #nextId: number;
  #isFlushScheduled = false;
  /** False while the transport takes no more. */
  #isWritable = true;
  /** How many answers wait since the transport has taken no more. */
  #unheardAnswers = 0;
  /** Whether the channel keeps the process alive even without open contexts. */
  #keepsAlive = true;
  /** Nothing is sent or read any more. `closed` follows when it is known why. */
  #hasEnded = false;
  #closed: ActorError | undefined;
  /** Gives the error that contexts get instead of the end of the channel, for example that the peer's process has died. */
  #verdict: ((error: TransportClosed) => Promise<ActorError>) | undefined;

  /**
   * @param options.side `connected` gives this end odd ids. It is the end that has connected, or the child of an inherited pair
   * @param options.stallMs default: 5 000
   * @param options.unreadBytes the memory of what may wait for the peer. Default: 1 GiB
   */
  constructor(
    transport: Transport,
    options: {
      codec: Codec;
      self: ActorId;
      side: 'connected' | 'accepted';
      owner: ChannelOwner;
      stallMs?: () => number;
      unreadBytes?: number | undefined;
    },
  ) {
    this.#transport = transport;
    this.codec = options.codec;
    this.self = options.self;
    this.#owner = options.owner;
    this.stallMs = options.stallMs ?? (() => 5_000);
    this.#maxUnreadBytes = options.unreadBytes ?? maxUnreadBytes;
    this.#nextId = options.side === 'connected' ? 1 : 2;
    transport.open({
      frame: bytes => this.#frame(bytes),
      drained: () => {
        this.lastDrained = plainClock.now();
        this.#isWritable = true;
        this.#unheardAnswers = 0;
        this.#flush();
      },
      ended: ending => this.#ended(ending),
    });
  }

  /**
   * The reason why the channel is closed. Undefined while it is open, and while a verdict on its end is awaited: a context that
   * is opened then is told the verdict too, because otherwise it would be told of the end without the reason (rule T17).
   */
  get closed(): ActorError | undefined {
    return this.#closed;
  }

  /** The contexts that are open on it, in the order in which they were opened. */
  get endpoints(): Iterable<Endpoint> {
    return this.#inOrder;
  }

  /** How many contexts are open on it. */
  get size(): number {
    return this.#endpoints.size;
  }

  /** The bytes that were written and that the system has not taken yet, as far as the transport knows. */
  get unsentBytes(): number {
    return this.#transport.unsentBytes ?? 0;
  }

  /** Whether so much waits for the peer that its further calls should wait, because their results would wait too. */
  get isPeerBehind(): boolean {
    return this.#outbox.unread.bytes > this.#maxUnreadBytes * behindPart;
  }

  /** An id for a context that this side opens. */
  newId(): number {
    const id = this.#nextId;
    this.#nextId += 2;
    return id;
  }

  /** Whether the peer may open a context with this id. One end uses odd ids, the other even ones. */
  isPeerId(context: number): boolean {
    return context > 0 && context % 2 !== this.#nextId % 2;
  }

  /** Opens a context, or hands over one that is open: from now on its messages go to the endpoint. */
  attach(context: number, endpoint: Endpoint): void {
    const known = this.#endpoints.get(context);
    if (known) {
      known.value = endpoint;
      return;
    }
    this.#endpoints.set(context, this.#inOrder.add(endpoint));
    if (!this.#keepsAlive) this.#transport.keepAlive(true);
  }

  /** Ends a context. */
  detach(context: number): void {
    this.#endpoints.get(context)?.leave();
    this.#endpoints.delete(context);
    if (this.#endpoints.size === 0) this.#owner.quiet?.();
    if (!this.#keepsAlive && this.size === 0) this.#transport.keepAlive(false);
  }

  has(context: number): boolean {
    return this.#endpoints.has(context);
  }

  /** Sends behind everything of the same context. On a closed channel it does nothing, because the context has been told. */
  send(kind: Kind, context: number, seq = 0, payload: Uint8Array = nothing): void {
    if (this.#hasEnded) return;
    this.#outbox.push(kind, context, seq, payload);
    this.#queued();
  }

  /** Sends before all values that wait. */
  sendUrgent(kind: Kind, context: number, payload: Uint8Array = nothing): void {
    if (this.#hasEnded) return;
    this.#outbox.pushUrgent(kind, context, payload);
    this.#queued();
  }

  /** Sends what the peer has asked for without a call: a Pong, or the acknowledgement for a context that is gone. */
  answer(kind: Kind, context: number, payload: Uint8Array = nothing): void {
    if (!this.#isWritable && ++this.#unheardAnswers > maxUnheardAnswers)
      this.fail(new ProtocolError(`${maxUnheardAnswers} answers wait for a peer that does not read them`));
    else if (kind === Kind.Pong) this.sendUrgent(kind, context, payload);
    else this.send(kind, context, 0, payload);
  }

  /** Sends one value of a stream. Values that are sent in one turn share a frame. */
  sendValue(context: number, seq: number, value: Bytes): void {
    if (this.#hasEnded) return;
    this.#outbox.pushValue(context, seq, value);
    this.#queued();
  }

  /** Takes back a Start that has not left yet. Returns false when it has left. */
  withdraw(context: number): boolean {
    return this.#outbox.withdraw(context);
  }

  /** Sends everything that waits, then ends. */
  close(): void {
    this.#flush(true);
    this.#transport.close();
  }

  /** Ends the channel because the peer has broken the protocol. */
  fail(error: ProtocolError): void {
    if (this.#hasEnded) return;
    this.#transport.destroy({kind: 'protocol', cause: error});
  }

  /** Ends at once. */
  destroy(kind: TransportEnd = 'closed'): void {
    this.#transport.destroy({kind});
  }

  /** For the `exit` handler: sends everything that waits, and blocks for at most `ms` milliseconds. */
  drainSync(ms: number): void {
    this.#flush(true);
    this.#transport.drainSync(ms);
  }

  /** Whether the channel keeps the process alive by itself. If it does not, an open context still does. */
  keepAlive(on: boolean): void {
    this.#keepsAlive = on;
    this.#transport.keepAlive(on || this.size > 0);
  }

  /** Lets the owner of the peer's process decide, once it knows how that process ended, with which error the contexts fail. */
  awaitVerdict(verdict: (error: TransportClosed) => Promise<ActorError>): void {
    this.#verdict = verdict;
  }

  #queued(): void {
    if (this.#isWritable && this.#outbox.isLong) this.#write();
    // Also when nothing is left: who waits until the peer has caught up is told by the flush.
    this.#schedule();
    const {unread} = this.#outbox;
    if (unread.bytes > this.#maxUnreadBytes) this.fail(unreadError('', this.#maxUnreadBytes, unread));
    else if (unread.refusalBytes > maxRefusalBytes) this.fail(unreadError(' of errors', maxRefusalBytes, unread));
  }

  /** Flushes at the end of this turn, after all microtasks, so that what the turn sends shares one write. */
  #schedule(): void {
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    queueMicrotask(() => process.nextTick(() => this.#flush()));
  }

  /** @param regardless also when the transport has asked to wait */
  #flush(regardless = false): void {
    this.#isFlushScheduled = false;
    this.#write(regardless);
    if (!regardless && !this.#hasEnded && !this.isPeerBehind) this.#owner.caughtUp?.();
  }

  #write(regardless = false): void {
    while ((this.#isWritable || regardless) && !this.#outbox.isEmpty)
      this.#isWritable = this.#transport.write(this.#outbox.take());
  }

  #frame(bytes: Uint8Array): void {
    this.lastHeard = plainClock.now();
    try {
      const frame = readFrame(bytes);
      const message = frame.more || this.#reassembly.size > 0 ? this.#reassembly.add(frame) : frame;
      if (message) this.#route(message);
    } catch (error) {
      if (error instanceof ProtocolError) this.fail(error);
      // Thrown from here it would take the frames with it that came in the same chunk.
      else leaveUncaught(error);
    }
  }

  #route(message: Message): void {
    if (message.context === 0 || message.kind === Kind.Start) this.#owner.control(message);
    else this.deliver(message);
  }

  /** Gives a message to its context. */
  deliver(message: Message): void {
    const endpoint = this.#endpoints.get(message.context);
    if (endpoint) endpoint.value.receive(message);
    else this.#owner.stray(message);
  }

  #ended(ending: Ending): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const error = new TransportClosed(endText(ending, this.peer), {
      kind: ending.kind,
      cause: ending.cause,
      actor: this.peer,
    });
    this.#outbox.clear();
    this.#reassembly.clear();
    const verdict = this.#verdict;
    if (verdict) void verdict(error).then(why => this.#tellAll(why, error));
    else this.#tellAll(error, error);
  }

  /** @param why for the contexts @param error for the owner */
  #tellAll(why: ActorError, error: TransportClosed): void {
    this.#closed = why;
    const entries = this.#inOrder.entries();
    this.#endpoints.clear();
    for (const {value} of entries) callApart(() => value.channelEnded(why));
    this.#owner.ended(error);
  }
}

function unreadError(what: string, most: number, unread: Unread): ProtocolError {
  return new ProtocolError(`more than ${most} bytes${what} wait for a peer that does not read them: ${unread}`);
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
      return `the channel to ${whom} was closed because it fell silent (timeouts.heartbeat)`;
    case 'closed':
      return `the channel to ${whom} was closed by this side`;
  }
}
