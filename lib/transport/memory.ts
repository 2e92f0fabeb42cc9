/**
 * A pair of transports within one process: the reference implementation of the contract in `transport`.
 * Floor 2: beside `socket` and `port`. Frames arrive in a later turn of the event loop, as they do over a socket.
 */
import {plainClock} from '../base/clock.js';
import {ProtocolError} from '../base/errors.js';
import {FramedTransport} from './framed.js';
import type {Ending, Transport} from './transport.js';

/** Maximum number of bytes on their way before the writer must wait, because a socketpair holds about as many. */
const highWaterBytes = 64 * 1024;

/** Calls the function later, when something arrives at an end. The calls for one end keep their order. */
export type Courier = (deliver: () => void) => void;

const nextTurn: Courier = deliver => void plainClock.soon(deliver);

/**
 * Two ends: bytes that are written to one arrive at the other.
 *
 * @param options.maxFrameBytes a longer frame ends the transport (`protocol`)
 * @param options.couriers when something arrives at the first end, and at the second. Default: in the next turn
 */
export function memoryPair(options: {
  readonly maxFrameBytes: number;
  readonly couriers?: readonly [Courier, Courier];
}): [Transport, Transport] {
  const {maxFrameBytes, couriers: [toFirst, toSecond] = [nextTurn, nextTurn]} = options;
  const a = new MemoryTransport(maxFrameBytes, toFirst);
  const b = new MemoryTransport(maxFrameBytes, toSecond);
  a.peer = b;
  b.peer = a;
  return [a, b];
}

class MemoryTransport extends FramedTransport {
  peer: MemoryTransport | undefined;
  readonly #courier: Courier;
  /** The chunks on their way to this end, the oldest first. */
  #arriving: Uint8Array[] = [];
  #arrivingBytes = 0;
  #hasPeerEnded = false;
  #isScheduled = false;
  /** True when `write` of the peer has returned false, so that the peer must be told when there is room again. */
  #hasWaitingWriter = false;

  constructor(maxFrameBytes: number, courier: Courier) {
    super(maxFrameBytes);
    this.#courier = courier;
  }

  protected override startDelivery(): void {
    this.#schedule();
  }

  override write(chunks: readonly Uint8Array[]): boolean {
    const peer = this.peer;
    if (this.hasEnded || this.isClosing || !peer) return true;
    // Copied, as a kernel would do, because the writer may change its memory later.
    for (const chunk of chunks) {
      peer.#arriving.push(Uint8Array.from(chunk));
      peer.#arrivingBytes += chunk.length;
    }
    peer.#schedule();
    peer.#hasWaitingWriter = peer.#arrivingBytes >= highWaterBytes;
    return !peer.#hasWaitingWriter;
  }

  override close(): void {
    if (this.hasEnded || this.isClosing) return;
    this.isClosing = true;
    this.#leave();
    this.#schedule();
  }

  override destroy(ending: Ending = {kind: 'closed'}): void {
    if (this.hasEnded) return;
    this.#leave();
    this.end(ending);
  }

  override keepAlive(): void {}
  override drainSync(): void {}

  tellDrained(): void {
    if (!this.hasEnded) this.sink?.drained();
  }

  #leave(): void {
    const peer = this.peer;
    if (!peer) return;
    peer.#hasPeerEnded = true;
    peer.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || !this.sink) return;
    this.#isScheduled = true;
    this.#courier(() => {
      this.#isScheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const chunks = this.#arriving;
    this.#arriving = [];
    this.#arrivingBytes = 0;
    for (const chunk of chunks) if (!this.received(chunk)) return;
    if (this.#hasWaitingWriter) {
      this.#hasWaitingWriter = false;
      this.peer?.tellDrained();
    }
    if (this.#arriving.length > 0) return;
    if (this.isClosing) this.end({kind: 'closed'});
    else if (this.#hasPeerEnded && this.isWithinFrame)
      this.end({kind: 'protocol', cause: new ProtocolError('the last frame was cut short')});
    else if (this.#hasPeerEnded) this.end({kind: 'eof'});
  }
}
