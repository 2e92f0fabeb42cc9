/**
 * A transport that first delivers to the handshake and then to its own sink. Frames that come between the end of the handshake
 * and `open` wait.
 * Floor 3: below `start-handshake`.
 */
import {ProtocolError} from '../../base/errors.js';
import {Fifo} from '../../base/fifo.js';
import {SocketTransport} from '../../transport/socket.js';
import type {Ending, Transport, TransportSink} from '../../transport/transport.js';

/**
 * Maximum number of bytes that wait for `open`, because a peer could send without end. Reading from a socket is paused as soon as
 * the handshake ends, so there it is at most one chunk.
 */
const maxWaitingBytes = 1024 * 1024;

export class HandshakeTransport implements Transport {
  readonly #inner: Transport;
  /** The receiver during the handshake; undefined after it. */
  #handshake: Pick<TransportSink, 'frame' | 'ended'> | undefined;
  /** The receiver after the handshake; undefined before `open`. */
  #sink: TransportSink | undefined;
  /** Frames that have come after the handshake and before delivery. */
  readonly #waiting = new Fifo<Uint8Array>();
  #waitingBytes = 0;
  #ending: Ending | undefined;
  /** Whether frames go to the sink directly. */
  #isFlowing = false;

  constructor(inner: Transport) {
    this.#inner = inner;
  }

  /** Starts to read, and delivers to the handshake. */
  startHandshake(frame: (bytes: Uint8Array) => void, ended: (ending: Ending) => void): void {
    this.#handshake = {frame, ended};
    this.#inner.open({
      frame: bytes => this.#frame(bytes),
      drained: () => {
        if (this.#isFlowing) this.#sink?.drained();
      },
      ended: ending => this.#ended(ending),
    });
  }

  /** From now on frames are for the sink. */
  endHandshake(): void {
    this.#handshake = undefined;
    this.#pauseReading(true);
  }

  open(sink: TransportSink): void {
    this.#sink = sink;
    if (this.#waiting.size === 0 && !this.#ending) this.#flow();
    else queueMicrotask(() => this.#deliver());
  }

  get unsentBytes(): number {
    return this.#inner.unsentBytes ?? 0;
  }

  write(chunks: readonly Uint8Array[]): boolean {
    return this.#inner.write(chunks);
  }

  close(): void {
    this.#inner.close();
  }

  destroy(ending?: Ending): void {
    // Frames that wait are lost, as all frames that were not delivered.
    this.#waiting.takeAll();
    this.#inner.destroy(ending);
  }

  keepAlive(on: boolean): void {
    this.#inner.keepAlive(on);
  }

  drainSync(ms: number): void {
    this.#inner.drainSync(ms);
  }

  #frame(bytes: Uint8Array): void {
    if (this.#handshake) this.#handshake.frame(bytes);
    else if (this.#isFlowing) this.#sink?.frame(bytes);
    else this.#wait(bytes);
  }

  #wait(bytes: Uint8Array): void {
    // The bytes of a frame are lent.
    this.#waiting.push(Uint8Array.from(bytes));
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes <= maxWaitingBytes) return;
    const cause = new ProtocolError(`more than ${maxWaitingBytes} bytes arrived before anybody read them`);
    this.destroy({kind: 'protocol', cause});
  }

  #ended(ending: Ending): void {
    if (this.#handshake) this.#handshake.ended(ending);
    else if (this.#isFlowing) this.#sink?.ended(ending);
    else this.#ending = ending;
  }

  #deliver(): void {
    // The receiver of a frame may destroy the transport: then no other frame waits.
    for (let bytes = this.#waiting.shift(); bytes; bytes = this.#waiting.shift()) this.#sink?.frame(bytes);
    this.#flow();
    if (this.#ending) this.#sink?.ended(this.#ending);
  }

  #flow(): void {
    this.#isFlowing = true;
    this.#pauseReading(false);
  }

  /** Connections between actors are always sockets. Only the pairs in memory of the specs cannot be paused. */
  #pauseReading(on: boolean): void {
    if (this.#inner instanceof SocketTransport) this.#inner.pauseReading(on);
  }
}
