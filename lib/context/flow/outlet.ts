/**
 * The sending half of a stream: values leave in order, as soon as the receiver has granted room for them.
 * Floor 4, room `flow`: above `credit`; `protocol/halves` connects it to the channel.
 */
import {formatActor} from '../../base/actor-id.js';
import {plainClock} from '../../base/clock.js';
import {StreamClosed, StreamOverrun} from '../../base/errors.js';
import {Fifo} from '../../base/fifo.js';
import {Moment} from '../../base/moment.js';
import {Wakeups} from '../../base/wakeups.js';
import type {Bytes} from '../../msg/encoded.js';
import {SendCredit} from './credit.js';
import type {Flow, Overflow} from './options.js';

/** The world as an outlet sees it. */
export interface OutletPort {
  /** Hands one value to the channel. */
  value(seq: number, bytes: Bytes): void;
  /** Tells the receiver that no more values come, and why when the source has failed. */
  stop(last: number, failure?: {readonly error: unknown}): void;
  /** More values were pushed than may wait. */
  overrun(error: StreamOverrun): void;
  /** Something waits for room. */
  blocked?(): void;
}

/**
 * The bytes that a value takes while it waits, besides its encoded size: its place in the queue, and the object that refers to its
 * memory. Without them a burst of tiny values would take many times what `bufferBytes` allows.
 */
export const placeBytes = 160;

/** A value that waits for room. */
interface Waiting {
  readonly bytes: Bytes;
  /** It was pushed: nobody waits for it, so that it may be dropped. */
  readonly isPushed?: true;
  readonly settle?: {readonly resolve: () => void; readonly reject: (error: unknown) => void};
}

/** Why nothing more can be sent, and whether this end decided that. */
interface Closing {
  readonly error: unknown;
  readonly byUs: boolean;
}

export class Outlet {
  readonly #port: OutletPort;
  readonly #bufferBytes: number;
  readonly #overflow: Overflow;
  readonly #credit = new SendCredit();
  readonly #queue = new Fifo<Waiting>();
  /** Bytes that wait for room: for each value its encoded size and `placeBytes`. */
  queuedBytes = 0;
  /** Values that were dropped. */
  dropped = 0;
  /** How often something has waited too long. */
  stalls = 0;
  /** When something began to wait for room; undefined while nothing waits. */
  #blockedSince: number | undefined;
  #stalledMs = 0;
  /** Set when nothing more can be sent. Every later `send` is answered with its error. */
  closed: Closing | undefined;
  readonly #onClosed = new Moment();
  /** Set while a Stop waits behind the queue. */
  #stopping: {readonly failure?: {readonly error: unknown}} | undefined;
  readonly #roomWaiters = new Wakeups();
  readonly #flushWaiters = new Wakeups();

  constructor(port: OutletPort, flow: Pick<Flow, 'bufferBytes' | 'overflow'>) {
    this.#port = port;
    this.#bufferBytes = flow.bufferBytes;
    this.#overflow = flow.overflow;
  }

  /** The number of the last value that has left. */
  get sent(): number {
    return this.#credit.sent;
  }

  /** Whether the receiver has opened its end. */
  get granted(): boolean {
    return this.#credit.granted;
  }

  /** How many values the receiver has granted in all. */
  get grantedMessages(): number {
    return this.#credit.grantedMessages;
  }

  /** For how long in all something has waited for room, in ms. */
  get stalledMs(): number {
    return this.#stalledMs + (this.#blockedSince === undefined ? 0 : plainClock.now() - this.#blockedSince);
  }

  /** @throws ProtocolError on credit that makes no sense */
  grant(messages: number, bytes: number): void {
    this.#credit.grant(messages, bytes);
    this.#flush();
  }

  /** Whether a small value could leave now, because there is room and nothing waits before it. */
  get hasRoom(): boolean {
    return this.#queue.size === 0 && this.#credit.open;
  }

  /** Whether something waits for room. */
  get isBlocked(): boolean {
    return this.#queue.size > 0 || this.#roomWaiters.size > 0;
  }

  /** Resolves when there is room, or when the outlet has closed. The caller looks again which one it is. */
  room(): Promise<void> {
    if (this.hasRoom || this.closed) return Promise.resolve();
    this.#blocked();
    return this.#roomWaiters.next();
  }

  /** Sends a value that nobody waits for, or queues it within the bound. Returns whether the value was taken. */
  push(bytes: Bytes): boolean {
    if (this.closed) {
      this.dropped++;
      return false;
    }
    if (this.#leaves(bytes)) return true;
    if (this.#overflow === 'latest') this.#dropPushed(0);
    else if (this.#overflow === 'dropOldest') this.#dropPushed(this.#bufferBytes - heldBytes(bytes));
    else if (this.queuedBytes + heldBytes(bytes) > this.#bufferBytes) {
      this.dropped++;
      this.#port.overrun(overrunError(this.#bufferBytes));
      return false;
    }
    this.#enqueue({bytes, isPushed: true});
    return true;
  }

  /** Sends the value when there is room for it now. @throws StreamClosed, or the error of the context */
  trySend(bytes: Bytes): boolean {
    if (this.closed) throw this.closed.error;
    return this.#leaves(bytes);
  }

  /** Queues a value until there is room. `settle` learns that the value has left, or why it never will. */
  waitToSend(bytes: Bytes, settle?: Waiting['settle']): void {
    this.#enqueue(settle ? {bytes, settle} : {bytes});
  }

  /** No more values come. The receiver is told when the queue is empty. */
  stop(failure?: {readonly error: unknown}): void {
    if (this.closed) return;
    this.closed = {error: closedHereError(), byUs: true};
    this.#stopping = failure ? {failure} : {};
    this.#flush();
    this.#roomWaiters.wake();
    this.#onClosed.happen();
  }

  /** Calls `listener` when the outlet closes, at once when it has closed. Returns how to stop listening. */
  onClosed(listener: () => void): () => void {
    return this.#onClosed.on(listener);
  }

  /** Resolves when the queue is empty, because all values have left or were cut off. */
  async flushed(): Promise<void> {
    while (this.#queue.size > 0 || this.#stopping) await this.#flushWaiters.next();
  }

  /**
   * Nothing can leave any more: what waits is dropped and counted, and everybody who waits is told why.
   * Returns whether anybody waited.
   */
  cut(error: unknown, byUs = false): boolean {
    const queue = this.#queue.takeAll();
    this.queuedBytes = 0;
    this.#stopping = undefined;
    if (!this.closed?.byUs) this.closed = {error, byUs};
    for (const waiting of queue) {
      this.dropped++;
      waiting.settle?.reject(error);
    }
    const isTold = this.#roomWaiters.size > 0 || queue.some(waiting => waiting.settle);
    this.#roomWaiters.wake();
    this.#flushWaiters.wake();
    this.#relieved();
    this.#onClosed.happen();
    return isTold;
  }

  #leaves(bytes: Bytes): boolean {
    if (this.#queue.size > 0 || !this.#credit.fits(bytes.length)) return false;
    this.#port.value(this.#credit.take(bytes.length), bytes);
    return true;
  }

  /** Drops the oldest pushed values until at most so many bytes wait. Values that somebody waits for stay. */
  #dropPushed(bytes: number): void {
    for (let at = 0; at < this.#queue.size && this.queuedBytes > bytes; ) {
      const waiting = this.#queue.at(at) as Waiting;
      if (waiting.isPushed) {
        this.#queue.remove(at);
        this.queuedBytes -= heldBytes(waiting.bytes);
        this.dropped++;
      } else at++;
    }
  }

  #enqueue(waiting: Waiting): void {
    this.#queue.push(waiting);
    this.queuedBytes += heldBytes(waiting.bytes);
    this.#blocked();
  }

  /** Something waits for room. The clock is read once when a wait begins, and once when it ends. */
  #blocked(): void {
    this.#blockedSince ??= plainClock.now();
    this.#port.blocked?.();
  }

  /** Nothing may wait any more. */
  #relieved(): void {
    if (this.#blockedSince === undefined || this.isBlocked) return;
    this.#stalledMs = this.stalledMs;
    this.#blockedSince = undefined;
  }

  #flush(): void {
    for (let next = this.#queue.at(0); next && this.#credit.fits(next.bytes.length); next = this.#queue.at(0)) {
      this.#queue.shift();
      this.queuedBytes -= heldBytes(next.bytes);
      this.#port.value(this.#credit.take(next.bytes.length), next.bytes);
      next.settle?.resolve();
    }
    if (this.#queue.size === 0) {
      if (this.#stopping) {
        const {failure} = this.#stopping;
        this.#stopping = undefined;
        this.#port.stop(this.#credit.sent, failure);
      }
      this.#flushWaiters.wake();
    }
    if (this.hasRoom) this.#roomWaiters.wake();
    this.#relieved();
  }
}

const heldBytes = (bytes: Bytes): number => bytes.length + placeBytes;

function overrunError(bufferBytes: number): StreamOverrun {
  return new StreamOverrun(
    `more than ${bufferBytes} bytes wait in a stream whose receiver grants no room. An Observable and next() cannot be made to wait for it: return or pump() an iterable, which is pulled when there is room, or await send(). bufferBytes sets the bound`,
  );
}

function closedHereError(): StreamClosed {
  return new StreamClosed('this end of the stream is closed: complete() or close() was called on it');
}

export function closedByPeerError(peer: Parameters<typeof formatActor>[0] | undefined): StreamClosed {
  return new StreamClosed(`the stream was closed by ${peer ? formatActor(peer) : 'the peer'}`);
}
