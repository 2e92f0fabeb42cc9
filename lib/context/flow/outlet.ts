/**
 * The sending half of a stream: values leave when the receiver has granted room for them, in order.
 * Floor 4: below `msg-stream`; knows iterables and anything with `subscribe`, no RxJS.
 */
import {formatActor} from '../../base/actor-id.js';
import {StreamClosed, StreamOverrun} from '../../base/errors.js';
import {SendCredit} from './credit.js';
import type {Flow, Overflow} from './options.js';

/** What an outlet does to the world. */
export interface OutletPort {
  /** Hands one value to the channel. */
  value(seq: number, bytes: Uint8Array): void;
  /** Says that no more comes; with the error of a source that failed. */
  stop(last: number, failure?: {readonly error: unknown}): void;
  /** More was pushed than may wait. */
  overrun(error: StreamOverrun): void;
  /** Something waits for room. */
  blocked?(): void;
}

/** A value that waits for room. */
interface Waiting {
  readonly bytes: Uint8Array;
  /** Nobody has seen room for it, nor waits: it may be dropped. */
  readonly pushed?: true;
  readonly settle?: {readonly resolve: () => void; readonly reject: (error: unknown) => void};
}

export class Outlet {
  readonly #port: OutletPort;
  readonly #bufferBytes: number;
  readonly #overflow: Overflow;
  readonly #credit = new SendCredit();
  #queue: Waiting[] = [];
  #queueFrom = 0;
  /** Bytes of what waits. */
  queuedBytes = 0;
  dropped = 0;
  /** How often something has waited too long. */
  stalls = 0;
  /** Set when nothing can be sent any more: with what a `send` is answered. */
  #closed: {readonly error: unknown; readonly byUs: boolean} | undefined;
  #stopping: {readonly failure?: {readonly error: unknown}} | undefined;
  #roomWaiters: (() => void)[] = [];
  #flushWaiters: (() => void)[] = [];
  #closedListeners: (() => void)[] = [];

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

  get closed(): {readonly error: unknown; readonly byUs: boolean} | undefined {
    return this.#closed;
  }

  /** @throws ProtocolError on credit that makes no sense */
  grant(messages: number, bytes: number): void {
    this.#credit.grant(messages, bytes);
    this.#flush();
  }

  /** Room for a small value right now, with nothing waiting before it. */
  get hasRoom(): boolean {
    return this.#queueFrom === this.#queue.length && this.#credit.open;
  }

  /** Whether something waits for room. */
  get isBlocked(): boolean {
    return this.#queueFrom < this.#queue.length || this.#roomWaiters.length > 0;
  }

  /** Resolves when `hasRoom`, or when the outlet has closed: look again then. */
  room(): Promise<void> {
    if (this.hasRoom || this.#closed) return Promise.resolve();
    this.#port.blocked?.();
    return new Promise(resolve => this.#roomWaiters.push(resolve));
  }

  /** Queues within the bound. Says whether the value was taken. */
  push(bytes: Uint8Array): boolean {
    if (this.#closed) {
      this.dropped++;
      return false;
    }
    if (this.#goes(bytes)) return true;
    if (this.#overflow === 'latest') this.#dropPushed(0);
    else if (this.#overflow === 'dropOldest') this.#dropPushed(this.#bufferBytes - bytes.length);
    else if (this.queuedBytes + bytes.length > this.#bufferBytes) {
      this.dropped++;
      this.#port.overrun(
        new StreamOverrun(
          `more than ${this.#bufferBytes} bytes wait in a stream whose receiver grants no room: send() waits for it, pump() and an iterable are pulled by it, and bufferBytes sets the bound`,
        ),
      );
      return false;
    }
    this.#enqueue({bytes, pushed: true});
    return true;
  }

  /** Sends now if there is room. @throws StreamClosed, or what the context failed with */
  trySend(bytes: Uint8Array): boolean {
    if (this.#closed) throw this.#closed.error;
    return this.#goes(bytes);
  }

  /** Waits for room; `settle` learns when it has come, or why it never will. */
  waitToSend(bytes: Uint8Array, settle?: Waiting['settle']): void {
    this.#enqueue(settle ? {bytes, settle} : {bytes});
  }

  /** No more comes: said once what waits has left. */
  stop(failure?: {readonly error: unknown}): void {
    if (this.#closed) return;
    this.#closed = {error: closedHere(), byUs: true};
    this.#stopping = failure ? {failure} : {};
    this.#flush();
    this.#wakeRoomWaiters();
    this.#tellClosed();
  }

  /** Calls `listener` when the outlet closes, at once when it has. */
  onClosed(listener: () => void): void {
    if (this.#closed) listener();
    else this.#closedListeners.push(listener);
  }

  /** Resolves when nothing waits any more: all has left, or was cut. */
  async flushed(): Promise<void> {
    while (this.#queueFrom < this.#queue.length || this.#stopping) {
      await new Promise<void>(resolve => this.#flushWaiters.push(resolve));
    }
  }

  /** Nothing can leave any more: who waits is told why, what waits is dropped and counted. Says how many were told. */
  cut(error: unknown, byUs = false): number {
    const queue = this.#queue.slice(this.#queueFrom);
    this.#queue = [];
    this.#queueFrom = 0;
    this.queuedBytes = 0;
    this.#stopping = undefined;
    if (!this.#closed?.byUs) this.#closed = {error, byUs};
    for (const waiting of queue) {
      this.dropped++;
      waiting.settle?.reject(error);
    }
    const told = queue.filter(waiting => waiting.settle).length + this.#roomWaiters.length;
    this.#wakeRoomWaiters();
    this.#wakeFlushWaiters();
    this.#tellClosed();
    return told;
  }

  #goes(bytes: Uint8Array): boolean {
    if (this.#queueFrom < this.#queue.length || !this.#credit.fits(bytes.length)) return false;
    this.#port.value(this.#credit.take(bytes.length), bytes);
    return true;
  }

  /** Drops the oldest pushed values until so many bytes are left; what was sent or pulled stays. */
  #dropPushed(bytes: number): void {
    for (let at = this.#queueFrom; at < this.#queue.length && this.queuedBytes > bytes; at++) {
      const waiting = this.#queue[at] as Waiting;
      if (!waiting.pushed) continue;
      this.queuedBytes -= waiting.bytes.length;
      this.dropped++;
      // What stood before it stays: it moves up by one place.
      this.#queue.copyWithin(this.#queueFrom + 1, this.#queueFrom, at);
      this.#queue[this.#queueFrom++] = gone;
    }
    this.#compact();
  }

  #enqueue(waiting: Waiting): void {
    this.#queue.push(waiting);
    this.queuedBytes += waiting.bytes.length;
    this.#port.blocked?.();
  }

  #flush(): void {
    while (this.#queueFrom < this.#queue.length) {
      const next = this.#queue[this.#queueFrom] as Waiting;
      if (!this.#credit.fits(next.bytes.length)) break;
      this.#queue[this.#queueFrom++] = gone;
      this.queuedBytes -= next.bytes.length;
      this.#port.value(this.#credit.take(next.bytes.length), next.bytes);
      next.settle?.resolve();
    }
    if (this.#queueFrom === this.#queue.length) {
      this.#queue = [];
      this.#queueFrom = 0;
      if (this.#stopping) {
        const {failure} = this.#stopping;
        this.#stopping = undefined;
        this.#port.stop(this.#credit.sent, failure);
      }
      this.#wakeFlushWaiters();
    } else this.#compact();
    if (this.hasRoom) this.#wakeRoomWaiters();
  }

  #compact(): void {
    if (this.#queueFrom <= 1_024 || this.#queueFrom * 2 <= this.#queue.length) return;
    this.#queue = this.#queue.slice(this.#queueFrom);
    this.#queueFrom = 0;
  }

  #wakeRoomWaiters(): void {
    const waiters = this.#roomWaiters;
    this.#roomWaiters = [];
    for (const wake of waiters) wake();
  }

  #tellClosed(): void {
    const listeners = this.#closedListeners;
    this.#closedListeners = [];
    for (const listener of listeners) listener();
  }

  #wakeFlushWaiters(): void {
    const waiters = this.#flushWaiters;
    this.#flushWaiters = [];
    for (const wake of waiters) wake();
  }
}

/** In the place of what has left the queue, so that no memory is held until it is compacted. */
const gone: Waiting = {bytes: new Uint8Array(0)};

export function closedHere(): StreamClosed {
  return new StreamClosed('this end of the stream is closed: complete() or close() was called on it');
}

export function closedByPeer(peer: Parameters<typeof formatActor>[0] | undefined): StreamClosed {
  return new StreamClosed(`the stream was closed by ${peer ? formatActor(peer) : 'the peer'}`);
}
