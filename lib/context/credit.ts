/**
 * Credit: how much one end may send, and how much the other has taken in.
 * Floor 4: pure counting, in messages and in bytes; `outlet` and `inlet` act on it.
 *
 * Grants are cumulative and absolute ("you may send up to n in all", the request-n of Reactive Streams without its
 * additions), so that one said twice, or lost and said again, changes nothing.
 */
import {ProtocolError} from '../base/errors.js';

/** What a receiver has granted to a sender since the beginning. */
export interface Grant {
  readonly messages: number;
  readonly bytes: number;
}

/** The sending half: how much may go. */
export class SendCredit {
  #messages = 0;
  #bytes = 0;
  /** The receiver's window in bytes, known from its first grant. */
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
  readonly #windowBytes: number;
  #granted: Grant = {messages: 0, bytes: 0};
  /** Values received so far: the sequence number of the last one. */
  received = 0;
  #receivedBytes = 0;
  #consumed = 0;
  #consumedBytes = 0;

  constructor(window: number, windowBytes: number) {
    this.#window = window;
    this.#windowBytes = windowBytes;
  }

  /** The first grant: the whole window. */
  open(): Grant {
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
    const grant = {messages: this.#consumed + this.#window, bytes: this.#consumedBytes + this.#windowBytes};
    const isDue =
      (grant.messages - this.#granted.messages) * 2 >= this.#window ||
      (grant.bytes - this.#granted.bytes) * 2 >= this.#windowBytes;
    if (!isDue) return undefined;
    this.#granted = grant;
    return grant;
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
