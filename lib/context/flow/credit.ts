/**
 * Credit: how much one end may send, and how much the other has taken in.
 * Floor 4: pure counting, in messages and in bytes; `outlet` and `inlet` act on it.
 *
 * Grants are cumulative and absolute ("you may send up to n in all", the request-n of Reactive Streams without its
 * additions), so that one said twice, or lost and said again, changes nothing.
 */
import {ProtocolError} from '../../base/errors.js';
import {WindowBudget} from '../../channel/budget.js';

/** What a receiver has granted to a sender since the beginning. */
export interface Grant {
  readonly messages: number;
  readonly bytes: number;
}

/** The sending half: how much may go. */
export class SendCredit {
  #messages = 0;
  #bytes = 0;
  /** The receiver's window in bytes as it was at first: it only grows. */
  #windowBytes = 0;
  /** Values sent so far: the sequence number of the last one. */
  sent = 0;
  #sentBytes = 0;

  /** @throws ProtocolError when the grant is no number or takes back what was granted */
  grant(messages: number, bytes: number): void {
    if (!isCount(messages) || !isCount(bytes))
      throw new ProtocolError(`credit for ${String(messages)} messages and ${String(bytes)} bytes arrived`);
    if (messages < this.#messages || bytes < this.#bytes)
      throw new ProtocolError('credit that was granted was taken back');
    if (this.#windowBytes === 0) this.#windowBytes = bytes;
    this.#messages = messages;
    this.#bytes = bytes;
  }

  get granted(): boolean {
    return this.#messages > 0;
  }

  /** Whether a value could go that is small. */
  get open(): boolean {
    return this.sent < this.#messages && this.#sentBytes < this.#bytes;
  }

  /**
   * Whether a value of so many bytes may go now. One larger than half the window is let through once there is any
   * room at all: the receiver speaks again at half its window, so waiting for more could be for ever.
   */
  fits(bytes: number): boolean {
    if (this.sent >= this.#messages) return false;
    if (this.#sentBytes + bytes <= this.#bytes) return true;
    return bytes > this.#windowBytes / 2 && this.#sentBytes < this.#bytes;
  }

  /** Counts a value as sent and gives its sequence number. */
  take(bytes: number): number {
    this.#sentBytes += bytes;
    return ++this.sent;
  }
}

/** The receiving half: what has come, what was consumed, and when to grant more. */
export class ReceiveCredit {
  readonly #window: number;
  /** The window in bytes: small at first, up to `#most` as it is used. */
  #windowBytes = 0;
  readonly #most: number;
  readonly #budget: WindowBudget;
  #closed = false;
  #granted: Grant = {messages: 0, bytes: 0};
  /** Values received so far: the sequence number of the last one. */
  received = 0;
  #receivedBytes = 0;
  #consumed = 0;
  #consumedBytes = 0;

  constructor(window: number, windowBytes: number, budget = new WindowBudget(Number.POSITIVE_INFINITY)) {
    this.#window = window;
    this.#most = windowBytes;
    this.#budget = budget;
  }

  /** Whether all has come that was granted. */
  get exhausted(): boolean {
    return this.received >= this.#granted.messages || this.#receivedBytes >= this.#granted.bytes;
  }

  /** The first grant. @param reserved what `firstWindow` gave for it, where it had to be known before */
  open(reserved = firstWindow(this.#budget, this.#most)): Grant {
    this.#windowBytes = reserved;
    this.#granted = {messages: this.#window, bytes: this.#windowBytes};
    return this.#granted;
  }

  /** False when the value is more than was granted. @throws ProtocolError on a gap: the channel has lost something */
  accept(seq: number, bytes: number): boolean {
    if (seq !== this.received + 1)
      throw new ProtocolError(`value ${seq} of a stream arrived where ${this.received + 1} was due`);
    if (seq > this.#granted.messages || this.#receivedBytes >= this.#granted.bytes) return false;
    this.received = seq;
    this.#receivedBytes += bytes;
    return true;
  }

  /** Counts what was consumed; returns the new grant when it is worth a message: at half the window. */
  consume(messages: number, bytes: number): Grant | undefined {
    this.#consumed += messages;
    this.#consumedBytes += bytes;
    if (this.#closed) return undefined;
    // A window may be as large as a count can be: what is added to it says no more.
    const granted = Math.min(this.#consumed + this.#window, Number.MAX_SAFE_INTEGER);
    const isUsed = (this.#consumedBytes + this.#windowBytes - this.#granted.bytes) * 2 >= this.#windowBytes;
    if (!isUsed && (granted - this.#granted.messages) * 2 < this.#window) return undefined;
    if (isUsed) this.#grow();
    this.#granted = {messages: granted, bytes: this.#consumedBytes + this.#windowBytes};
    return this.#granted;
  }

  /** Nothing more comes: what the window held of the budget is free. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#budget.giveBack(this.#windowBytes);
  }

  /** A window whose bytes are used doubles, as far as the channel can give. */
  #grow(): void {
    this.#windowBytes += this.#budget.take(Math.min(this.#windowBytes, this.#most - this.#windowBytes));
  }
}

/** What a window starts with, and what it gets where the channel has no more to give. */
const firstBytes = 64 * 1024;
const leastBytes = 1_024;

/** Takes what a new window of at most `most` bytes starts with. */
export function firstWindow(budget: WindowBudget, most: number): number {
  return budget.take(Math.min(most, firstBytes), leastBytes);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
