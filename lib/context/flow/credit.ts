/**
 * Credit: how much the sender may send, and how much the receiver has consumed.
 * Floor 4, room `flow`: pure counting, in messages and in bytes; `outlet` and `inlet` act on it.
 *
 * Grants are cumulative and absolute: "you may send n values in all". They are the request-n of Reactive Streams without
 * the additions. Therefore a grant that arrives twice, or that is lost and sent again, changes nothing.
 */
import {ProtocolError} from '../../base/errors.js';
import {WindowBudget} from '../../channel/window-budget.js';

/** The messages and bytes that a receiver has granted since the beginning of the stream. */
export interface Grant {
  readonly messages: number;
  readonly bytes: number;
}

/** The sender's count: how much may leave. */
export class SendCredit {
  #messages = 0;
  #bytes = 0;
  /** The receiver's first window in bytes. The window only grows. */
  #windowBytes = 0;
  /** How many values were sent; also the sequence number of the last one. */
  sent = 0;
  #sentBytes = 0;

  /** @throws ProtocolError when the grant is not a count, or takes back what was granted */
  grant(messages: number, bytes: number): void {
    if (!isCount(messages) || !isCount(bytes))
      throw new ProtocolError(`credit for ${String(messages)} messages and ${String(bytes)} bytes arrived`);
    if (messages < this.#messages || bytes < this.#bytes)
      throw new ProtocolError('credit that was granted was taken back');
    if (this.#windowBytes === 0) this.#windowBytes = bytes;
    this.#messages = messages;
    this.#bytes = bytes;
  }

  /** How many values the receiver has granted in all. */
  get grantedMessages(): number {
    return this.#messages;
  }

  get granted(): boolean {
    return this.#messages > 0;
  }

  /** Whether a small value could leave now. */
  get open(): boolean {
    return this.sent < this.#messages && this.#sentBytes < this.#bytes;
  }

  /**
   * Whether a value of this size may leave now. A value larger than half of the first window may leave as soon as there is
   * any room at all. The reason: the receiver grants again only when half of its window is used, so that a wait for more
   * room could last for ever. When nothing is outstanding, there is some room, so that a value of any size leaves (rule F7:
   * this lifts the bound in bytes only).
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

/** The receiver's count: what has arrived, what was consumed, and when to grant more. */
export class ReceiveCredit {
  readonly #window: number;
  /** The window in bytes. It starts small and grows with use, up to `#most`. */
  #windowBytes = 0;
  readonly #most: number;
  readonly #budget: WindowBudget;
  #closed = false;
  #granted: Grant = {messages: 0, bytes: 0};
  /** How many values have arrived; also the sequence number of the last one. */
  received = 0;
  #receivedBytes = 0;
  #consumed = 0;
  #consumedBytes = 0;

  constructor(window: number, windowBytes: number, budget = new WindowBudget(Number.POSITIVE_INFINITY)) {
    this.#window = window;
    this.#most = windowBytes;
    this.#budget = budget;
  }

  /** Whether the sender has used up its credit. */
  get exhausted(): boolean {
    return this.received >= this.#granted.messages || this.#receivedBytes >= this.#granted.bytes;
  }

  /** The first grant. @param reserved the bytes from `firstWindow`, when they had to be known before */
  open(reserved = firstWindow(this.#budget, this.#most)): Grant {
    this.#windowBytes = reserved;
    this.#granted = {messages: this.#window, bytes: this.#windowBytes};
    return this.#granted;
  }

  /** Returns false when the value is beyond the credit. @throws ProtocolError on a gap, because the channel has lost a value */
  accept(seq: number, bytes: number): boolean {
    if (seq !== this.received + 1)
      throw new ProtocolError(`value ${seq} of a stream arrived where ${this.received + 1} was due`);
    if (seq > this.#granted.messages || this.#receivedBytes >= this.#granted.bytes) return false;
    this.received = seq;
    this.#receivedBytes += bytes;
    return true;
  }

  /** Counts consumed values. Returns the new grant when it is worth a message, which is when half of the window is used. */
  consume(messages: number, bytes: number): Grant | undefined {
    this.#consumed += messages;
    this.#consumedBytes += bytes;
    if (this.#closed) return undefined;
    // The window itself may be the largest safe integer. A sum beyond that would not be exact.
    const granted = Math.min(this.#consumed + this.#window, Number.MAX_SAFE_INTEGER);
    const isUsed = (this.#consumedBytes + this.#windowBytes - this.#granted.bytes) * 2 >= this.#windowBytes;
    if (!isUsed && (granted - this.#granted.messages) * 2 < this.#window) return undefined;
    if (isUsed) this.#grow();
    this.#granted = {messages: granted, bytes: this.#consumedBytes + this.#windowBytes};
    return this.#granted;
  }

  /** Nothing more comes: the window gives its bytes back to the budget of the channel. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#budget.giveBack(this.#windowBytes);
  }

  /** A window whose bytes are used doubles, as far as the budget of the channel allows. */
  #grow(): void {
    this.#windowBytes += this.#budget.take(Math.min(this.#windowBytes, this.#most - this.#windowBytes));
  }
}

/** The bytes of a new window: small, so that ten thousand open streams stay bounded too. */
const firstBytes = 64 * 1024;
/** The bytes of a new window when the budget of the channel is used up: a stream must be able to move at all. */
const leastBytes = 1_024;

/** Takes the first bytes of a window, which may grow up to `most` bytes, out of the budget. */
export function firstWindow(budget: WindowBudget, most: number): number {
  return budget.take(Math.min(most, firstBytes), leastBytes);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
