/**
 * The messages that a channel still has to send: urgent messages leave first, then one frame of each context in turn.
 * Floor 3: pure; `channel` fills and empties it.
 *
 * Within one context all messages keep their order; only `Cancel` and `Credit` pass values. A large payload leaves in pieces, so
 * that a small message of another context never waits for more than one piece. Only so many large ones are on their way at a time as
 * the peer may be given; others wait for their turn.
 */
import {IdMap} from '../base/id-map.js';
import {type Bytes, partsOf} from '../msg/encoded.js';
import {pieceBytes, varintLength, writeVarint} from '../msg/frame.js';
import {Kind} from '../msg/types.js';
import {ChunkWriter, flushBytes} from './chunk-writer.js';
import {UnderWay} from './under-way.js';
import {Unread} from './unread.js';

/**
 * When this many messages wait, the channel writes them at once and not at the end of its turn, because the peer can then work while the turn
 * goes on. A value of a stream counts as a message. Without this limit the two processes wait for each other: with 256 calls in flight they
 * make 0.67 (Node 20) and 0.55 (Node 26) times as many calls in a second.
 */
const longMessages = 128;
/** Maximum size in bytes of a payload that is sent as one frame: a little more than a piece, to save a tiny second frame. */
const wholeBytes = pieceBytes + 512;

/** The memory that a message takes beside its payload, in bytes. */
const messageOverhead = 128;
/** Fewer urgent messages than this are not looked through: where the peer reads, they leave at once. */
const smallCrowd = 1_024;
/** The memory in bytes of the object that refers to a value which shares its frame with others. */
const valueOverhead = 96;

/** A message that waits. */
interface QueuedMessage {
  readonly kind: Kind;
  readonly context: number;
  readonly seq: number;
  readonly payload: Bytes;
  /** For a Yield: the values that share its frame with the first one. Each is sent with its length before it. */
  others: Bytes[] | undefined;
  /** The size of all payloads, with the lengths before them. */
  bytes: number;
  /** The rest of a large message, once a first piece has left. */
  rest: readonly Uint8Array[] | undefined;
  /** The message behind it in its context. */
  next: QueuedMessage | undefined;
}

/** The messages of one context, in their order. */
interface ContextQueue {
  readonly context: number;
  first: QueuedMessage | undefined;
  last: QueuedMessage;
  /** The queue whose turn comes after this one. */
  next: ContextQueue | undefined;
}

export class Outbox {
  #urgent: QueuedMessage[] = [];
  /** At so many urgent messages those are dropped that a later one has made needless. */
  #crowd = smallCrowd;
  /** The queues that have something to send, by their context. */
  readonly #queues = new IdMap<ContextQueue>();
  /**
   * The queues in the order of their turns, as a linked list. It may also hold empty queues, whose messages were withdrawn. A
   * `Fifo` is slower here: this list is filled and emptied with every single call.
   */
  #first: ContextQueue | undefined;
  #last: ContextQueue | undefined;
  readonly #underWay = new UnderWay();
  /** The queues whose first message is large and may not begin yet, in their order. */
  #held: ContextQueue[] = [];
  readonly #writer = new ChunkWriter();
  /** How many messages, and values of streams, the channel has queued since it last took a chunk. `isLong` compares it with its limit. */
  #messages = 0;
  /** The bytes of their payloads. */
  #bytes = 0;
  /** The memory of what has not left, calls apart. */
  readonly unread = new Unread();

  get isEmpty(): boolean {
    return this.#urgent.length === 0 && this.#queues.size === 0;
  }

  /** Whether so much waits that the peer could work on it while this turn goes on. */
  get isLong(): boolean {
    return this.#messages >= longMessages || this.#bytes >= flushBytes;
  }

  /** Queues a message behind all others of its context. */
  push(kind: Kind, context: number, seq: number, payload: Uint8Array): void {
    const message = newMessage(kind, context, seq, payload, payload.length);
    this.#append(message, this.#queues.get(context));
  }

  /** Queues a message that passes values. It does not pass the Start of its own context. */
  pushUrgent(kind: Kind, context: number, payload: Uint8Array): void {
    const message = newMessage(kind, context, 0, payload, payload.length);
    this.unread.count(kind, sizeOf(message));
    const queue = this.#queues.get(context);
    const start = queue?.first;
    if (!queue || start?.kind !== Kind.Start) {
      this.#urgent.push(message);
      if (this.#urgent.length >= this.#crowd) this.#dropNeedless();
      return;
    }
    message.next = start.next;
    start.next = message;
    if (queue.last === start) queue.last = message;
  }

  /** Queues a value. Values of one stream that wait together share a frame. */
  pushValue(context: number, seq: number, value: Bytes): void {
    const bytes = value.length + varintLength(value.length);
    const queue = this.#queues.get(context);
    const last = queue?.last;
    if (last !== undefined && last.kind === Kind.Yield && last.rest === undefined && last.bytes + bytes <= pieceBytes) {
      this.#messages++;
      this.#bytes += bytes;
      last.others ??= [];
      last.others.push(value);
      last.bytes += bytes;
      this.unread.count(Kind.Yield, bytes + valueOverhead);
      return;
    }
    this.#append(newMessage(Kind.Yield, context, seq, value, bytes), queue);
  }

  /**
   * Takes back a Start that has not left, with all messages behind it. Returns true when that was possible: then the peer has
   * never heard of the context.
   */
  withdraw(context: number): boolean {
    const queue = this.#queues.get(context);
    if (queue?.first?.kind !== Kind.Start || queue.first.rest !== undefined) return false;
    this.#queues.delete(context);
    for (let message: QueuedMessage | undefined = queue.first; message; message = message.next) {
      this.#messages -= 1 + (message.others?.length ?? 0);
      this.#bytes -= message.bytes;
      this.#gone(message);
    }
    queue.first = undefined;
    return true;
  }

  /** Takes the next chunks for one write, of about 64 KiB together. */
  take(): readonly Uint8Array[] {
    const writer = this.#writer;
    this.#messages = 0;
    this.#bytes = 0;
    for (const message of this.#urgent) {
      writeWhole(writer, message);
      this.#gone(message);
    }
    this.#urgent.length = 0;
    this.#crowd = smallCrowd;
    while (writer.bytes < flushBytes) {
      const queue = this.#shiftQueue();
      if (!queue) break;
      const message = queue.first;
      if (!message) continue;
      if (this.#isHeld(message)) {
        this.#held.push(queue);
        continue;
      }
      if (this.#write(writer, message)) {
        this.#gone(message);
        queue.first = message.next;
        // A message that has left must not point at messages that stay. `base/ring` says why.
        message.next = undefined;
      }
      if (queue.first) this.#pushQueue(queue);
      else this.#queues.delete(queue.context);
    }
    return writer.take();
  }

  clear(): void {
    this.#messages = 0;
    this.#bytes = 0;
    this.#urgent.length = 0;
    this.#queues.clear();
    this.#first = undefined;
    this.#last = undefined;
    this.#held = [];
    this.#underWay.clear();
    this.unread.clear();
    this.#writer.clear();
  }

  /**
   * Credit counts from the beginning of its stream, so that the latest one of a context says all. Without this, a peer that sends on its
   * streams and never reads would let it pile up.
   */
  #dropNeedless(): void {
    const told = new Set<number>();
    const kept: QueuedMessage[] = [];
    for (const message of this.#urgent.toReversed()) {
      const isNeedless = message.kind === Kind.Credit && told.has(message.context);
      if (message.kind === Kind.Credit) told.add(message.context);
      if (isNeedless) this.#gone(message);
      else kept.push(message);
    }
    this.#urgent = kept.reverse();
    this.#crowd = Math.max(smallCrowd, 2 * kept.length);
  }

  #gone(message: QueuedMessage): void {
    this.unread.count(message.kind, -sizeOf(message));
  }

  /** Whether a large message must wait until one that is on its way has left. */
  #isHeld({rest, bytes}: QueuedMessage): boolean {
    return bytes > wholeBytes && rest === undefined && !this.#underWay.mayBegin(bytes);
  }

  /** Writes a message, or its next piece. Returns true when all of it has left. */
  #write(writer: ChunkWriter, message: QueuedMessage): boolean {
    if (message.bytes <= wholeBytes) {
      writeWhole(writer, message);
      return true;
    }
    if (message.rest === undefined) this.#underWay.begin(message.bytes);
    if (!writePiece(writer, message)) return false;
    this.#underWay.end(message.bytes);
    for (const queue of this.#held.splice(0)) this.#pushQueue(queue);
    return true;
  }

  #append(message: QueuedMessage, queue: ContextQueue | undefined): void {
    this.#messages++;
    this.#bytes += message.bytes;
    this.unread.count(message.kind, sizeOf(message));
    if (queue) {
      queue.last.next = message;
      queue.last = message;
      return;
    }
    const {context} = message;
    const opened: ContextQueue = {context, first: message, last: message, next: undefined};
    this.#queues.set(context, opened);
    this.#pushQueue(opened);
  }

  #pushQueue(queue: ContextQueue): void {
    if (this.#last) this.#last.next = queue;
    else this.#first = queue;
    this.#last = queue;
  }

  #shiftQueue(): ContextQueue | undefined {
    const queue = this.#first;
    if (!queue) return undefined;
    this.#first = queue.next;
    if (!this.#first) this.#last = undefined;
    queue.next = undefined;
    return queue;
  }
}

const sizeOf = ({bytes, others}: QueuedMessage): number =>
  bytes + messageOverhead + (others === undefined ? 0 : others.length * valueOverhead);

function newMessage(kind: Kind, context: number, seq: number, payload: Bytes, bytes: number): QueuedMessage {
  return {kind, context, seq, payload, others: undefined, bytes, rest: undefined, next: undefined};
}

/** Writes the next piece of a large message. Returns true when it was the last. */
function writePiece(writer: ChunkWriter, message: QueuedMessage): boolean {
  const {piece, rest} = cutPiece(message.rest ?? chunksOf(message));
  const bytes = piece.reduce((sum, chunk) => sum + chunk.length, 0);
  writer.frame(message.kind, rest.length > 0, message.context, message.seq, bytes);
  for (const chunk of piece) writer.bytesOf(chunk);
  message.rest = rest;
  return rest.length === 0;
}

function writeWhole(writer: ChunkWriter, message: QueuedMessage): void {
  writer.frame(message.kind, false, message.context, message.seq, message.bytes);
  const isYield = message.kind === Kind.Yield;
  if (isYield) writer.varint(message.payload.length);
  writePayload(writer, message.payload);
  if (!message.others) return;
  for (const value of message.others) {
    writer.varint(value.length);
    writePayload(writer, value);
  }
}

function writePayload(writer: ChunkWriter, payload: Bytes): void {
  if (payload instanceof Uint8Array) writer.bytesOf(payload);
  else for (const part of partsOf(payload)) writer.bytesOf(part);
}

/** A large message as it was handed over, without a copy. */
function chunksOf({kind, payload, others}: QueuedMessage): readonly Uint8Array[] {
  if (kind !== Kind.Yield) return partsOf(payload);
  return [payload, ...(others ?? [])].flatMap(value => {
    const length = new Uint8Array(varintLength(value.length));
    writeVarint(length, 0, value.length);
    return [length, ...partsOf(value)];
  });
}

/** Cuts off as many bytes as one piece has, or all that are left. */
function cutPiece(chunks: readonly Uint8Array[]): {
  readonly piece: readonly Uint8Array[];
  readonly rest: readonly Uint8Array[];
} {
  const piece: Uint8Array[] = [];
  let room = pieceBytes;
  for (const [at, chunk] of chunks.entries()) {
    if (chunk.length > room) {
      piece.push(chunk.subarray(0, room));
      return {piece, rest: [chunk.subarray(room), ...chunks.slice(at + 1)]};
    }
    piece.push(chunk);
    room -= chunk.length;
  }
  return {piece, rest: []};
}
