/**
 * A stream of bytes to a process that cannot be reached directly: a broker passes its packets on. TLS and frames go over it as over a
 * socket.
 * Floor 2: gives `relay/relay-end` the clock and the broker; `socket` makes a transport of it.
 */
import {Duplex} from 'node:stream';
import {plainClock, type Stop} from '../base/clock.js';
import {Fifo} from '../base/fifo.js';
import type {Broker} from './relay/broker.js';
import {headerBytes} from './relay/packet.js';
import {RelayEnd, type RelayOutput} from './relay/relay-end.js';

export interface RelayedOptions {
  /** The subject on which this end hears. */
  readonly here: string;
  /** The subject on which the other end hears. */
  readonly there: string;
  /** For so long, in ms, the other end may not be heard. Then the stream ends (TransportClosed `heartbeat`). */
  readonly silence: number;
}

/** The server of NATS cuts off a subscriber for whom it keeps much more than this. */
export const windowBytes = 512 * 1024;
/** Larger packets are not faster, and smaller ones are fairer to other streams of the connection. */
const packetBytes = 32 * 1024;
/** For so long, in ms, an end that is over tells the other end so when that has not heard. */
const lingerMs = 2_000;

type Written = (error?: Error | null) => void;

/** Its errors are TransportClosed and ProtocolError. */
export class RelayedStream extends Duplex {
  readonly #end: RelayEnd;
  readonly #stops: Stop[];
  /** The bytes that have come and were not read, the oldest first. */
  readonly #unread = new Fifo<Uint8Array>();
  /** True when the reader waits for bytes. */
  #isWanted = false;
  #hasOtherEnded = false;
  /** Why it is broken. The reader is told when it has read what came before. */
  #fault: Error | undefined;
  /** The bytes that are being written, from the first one for which there was no room. */
  #writing: {bytes: Uint8Array; written: Written} | undefined;
  #finished: Written | undefined;
  /** True when the end knows that nothing follows. */
  #isEnding = false;
  #hasSent = false;
  #stopLooking: Stop = () => {};
  /** When it looks next, on the clock. */
  #dueAt = Number.POSITIVE_INFINITY;

  constructor(broker: Broker, {here, there, silence}: RelayedOptions) {
    // Nothing is read ahead: what waits for the reader is counted here.
    super({allowHalfOpen: false, readableHighWaterMark: 0});
    const output: RelayOutput = {
      send: packet => broker.publish(there, packet),
      data: bytes => this.#arrived(bytes),
      ended: () => {
        this.#hasOtherEnded = true;
        this.#feed();
      },
      room: () => this.#send(),
      sent: () => {
        this.#hasSent = true;
        this.#finished?.();
        this.#leaveIfOver();
      },
      failed: error => this.#broken(error),
    };
    this.#end = new RelayEnd(output, {
      windowBytes,
      packetBytes: Math.min(packetBytes, broker.maxBytes - headerBytes),
      silence,
      now: plainClock.now(),
      isUp: broker.isUp,
    });
    this.#stops = [
      broker.subscribe(here, bytes => {
        this.#end.arrived(bytes, plainClock.now());
        this.#plan();
      }),
      broker.watch({
        cut: () => this.#end.cut(),
        back: () => this.#end.back(),
        closed: cause => this.#end.abandon(cause),
      }),
    ];
    this.#end.begin();
    this.#plan();
  }

  /** The connection to the broker decides whether the process stays, because other streams use it too. */
  ref(): this {
    return this;
  }

  /** See `ref`. */
  unref(): this {
    return this;
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, written: Written): void {
    this.#writing = {bytes: chunk, written};
    this.#send();
  }

  /** Small writes share packets. */
  override _writev(chunks: {readonly chunk: Uint8Array}[], written: Written): void {
    this.#writing = {bytes: Buffer.concat(chunks.map(({chunk}) => chunk)), written};
    this.#send();
  }

  override _final(finished: Written): void {
    // Who reads is told that it is broken.
    if (this.#fault) return finished();
    this.#finished = finished;
    this.#isEnding = true;
    this.#end.end();
    this.#plan();
  }

  override _read(): void {
    this.#isWanted = true;
    this.#feed();
  }

  /** Bytes that the relay end has taken are still sent, as the system does for a socket. The other end is told when some were not taken. */
  override _destroy(error: Error | null, destroyed: Written): void {
    const isBrokenOff = error !== null || this.writableLength > 0;
    if (isBrokenOff) this.#end.reset();
    else if (!this.#isEnding) this.#end.end();
    this.#writing = undefined;
    for (let unread = this.#unread.shift(); unread; unread = this.#unread.shift()) this.#end.took(unread.length);
    if (isBrokenOff || this.#fault || this.#hasSent) this.#leave();
    destroyed(error);
  }

  #send(): void {
    const writing = this.#writing;
    if (!writing) return;
    const taken = this.#end.write(writing.bytes);
    writing.bytes = writing.bytes.subarray(taken);
    this.#plan();
    if (writing.bytes.length > 0) return;
    this.#writing = undefined;
    writing.written();
  }

  #arrived(bytes: Uint8Array): void {
    if (!this.destroyed) {
      this.#unread.push(bytes);
      this.#feed();
    } else if (this.#hasSent) this.#end.reset();
    // Bytes that this end wrote before are still on their way, so the other end must not be held up.
    else this.#end.took(bytes.length);
  }

  /** Gives the reader what it waits for. */
  #feed(): void {
    if (!this.#isWanted || this.destroyed) return;
    const bytes = this.#unread.shift();
    if (bytes) {
      this.#isWanted = false;
      this.#end.took(bytes.length);
      this.push(bytes);
    } else if (this.#fault) this.destroy(this.#fault);
    else if (this.#hasOtherEnded) {
      this.#isWanted = false;
      this.push(null);
    }
  }

  #broken(error: Error): void {
    this.#fault = error;
    // Nothing that is written arrives any more. The reader is told, and not the writer, because unread bytes come first.
    const written = this.#writing?.written ?? this.#finished;
    this.#writing = undefined;
    this.#finished = undefined;
    written?.();
    if (this.destroyed) this.#leave();
    else this.#feed();
  }

  #plan(): void {
    const due = plainClock.now() + this.#end.nextLookIn;
    if (due >= this.#dueAt) return;
    this.#stopLooking();
    this.#dueAt = due;
    this.#stopLooking = plainClock.timer(due - plainClock.now(), () => this.#look(), {background: true});
  }

  #look(): void {
    const now = plainClock.now();
    const late = now - this.#dueAt;
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#end.look(now, late);
    this.#plan();
  }

  #leaveIfOver(): void {
    if (this.destroyed) this.#leave();
  }

  /** The other end may not have heard the last word. */
  #leave(): void {
    this.#stopLooking();
    // No more looks.
    this.#dueAt = Number.NEGATIVE_INFINITY;
    plainClock.timer(lingerMs, () => this.#stopHearing(), {background: true});
  }

  #stopHearing(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }
}
