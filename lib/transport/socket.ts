/**
 * Frames over a stream socket: the socketpair that a child inherits from its parent, a connection to a listener, or what a broker relays.
 * Floor 2: implements `Transport` over `node:net`, and over `relayed`.
 */
import {writeSync} from 'node:fs';
import type {Duplex} from 'node:stream';
import {plainClock} from '../base/clock.js';
import {ProtocolError, TransportClosed} from '../base/errors.js';
import {Fifo} from '../base/fifo.js';
import {FramedTransport} from './framed.js';
import type {Ending} from './transport.js';

/** Maximum number of bytes that wait in this process before `write` asks the channel to wait. */
const highWaterBytes = 128 * 1024;
/**
 * Minimum size in bytes of a chunk whose memory is given back at once. To give back a smaller one takes longer than the collector does.
 */
const givenBackBytes = 16 * 1024;
/** Timeout in ms for the end of the other side, after this end has closed and sent everything. */
const lingerMs = 1_000;

/** A socket, or a stream that behaves as one. */
export type StreamSocket = Duplex & {ref(): unknown; unref(): unknown};

export class SocketTransport extends FramedTransport {
  readonly #socket: StreamSocket;
  /** The descriptor, where it is known. `drainSync` needs it to write without the event loop. */
  readonly #fd: number | undefined;
  /** True after a write has failed: the peer reads nothing more, but what it has sent before can still be read. */
  #isPeerDeaf = false;
  /** True when `write` has returned false, so that the sink must be told when there is room again. */
  #hasWaitingWriter = false;
  /** The chunks that were given to the socket and may not be sent yet, the oldest first; for `drainSync`. */
  readonly #inFlight = new Fifo<Uint8Array>();
  #inFlightBytes = 0;

  /** @param maxFrameBytes a longer frame ends the transport (`protocol`) before it is buffered */
  constructor(socket: StreamSocket, options: {maxFrameBytes: number; fd?: number}) {
    super(options.maxFrameBytes);
    this.#socket = socket;
    this.#fd = options.fd;
    outliveFailedWrites(socket, () => {
      this.#isPeerDeaf = true;
    });
    // An error that comes before `open` is kept, and `open` reports it.
    socket.on('error', cause => this.end({kind: kindOf(cause), cause}));
    socket.on('close', () => this.end({kind: this.isClosing ? 'closed' : 'eof'}));
  }

  protected override startDelivery(): void {
    const socket = this.#socket;
    socket.on('data', (chunk: Uint8Array) => {
      this.received(chunk);
      giveBack(chunk);
    });
    // Node emits `drain` for every emptied buffer; with TLS also when `write` has not returned false.
    socket.on('drain', () => {
      if (!this.#hasWaitingWriter) return;
      this.#hasWaitingWriter = false;
      this.sink?.drained();
    });
    socket.on('end', () => {
      if (this.isWithinFrame) {
        this.destroy({kind: 'protocol', cause: new ProtocolError('the last frame was cut short')});
      } else if (this.isClosing) socket.destroy();
      else {
        this.end({kind: 'eof'});
        if (this.#isPeerDeaf) socket.destroy();
      }
    });
  }

  /** Node counts a write until all of it has been taken, and libuv what is left of it: the sum shrinks with each part. */
  get unsentBytes(): number {
    return this.#socket.writableLength + (queueSize(this.#socket) ?? 0);
  }

  override write(chunks: readonly Uint8Array[]): boolean {
    if (this.hasEnded || this.isClosing || this.#isPeerDeaf) return true;
    const socket = this.#socket;
    if (this.#fd !== undefined) this.#remember(chunks);
    if (chunks.length === 1) socket.write(chunks[0] as Uint8Array);
    else {
      socket.cork();
      for (const chunk of chunks) socket.write(chunk);
      socket.uncork();
    }
    // Node's own limit (16 KiB) is not used, because every large frame would make the channel wait.
    this.#hasWaitingWriter = socket.writableLength >= highWaterBytes;
    return !this.#hasWaitingWriter;
  }

  override close(): void {
    if (this.hasEnded || this.isClosing) return;
    this.isClosing = true;
    // A peer that has read everything and never ends its side must not keep this process for ever.
    this.#socket.end(() => plainClock.timer(lingerMs, () => this.#socket.destroy(), {background: true}));
  }

  override destroy(ending: Ending = {kind: 'closed'}): void {
    this.end(ending);
    this.#socket.destroy();
  }

  /** Stops reading, or reads again. While it does not read, the kernel keeps what arrives and makes the peer wait. */
  pauseReading(on: boolean): void {
    if (on) this.#socket.pause();
    else this.#socket.resume();
  }

  override keepAlive(on: boolean): void {
    if (on) this.#socket.ref();
    else this.#socket.unref();
  }

  /**
   * libuv may have written a part of the oldest write already. Without the number of bytes that are left it is not known where to continue, so nothing is written.
   */
  override drainSync(ms: number): void {
    const left = queueSize(this.#socket);
    if (this.#fd === undefined || this.hasEnded || left === undefined || this.#inFlight.size === 0) return;
    const all = Buffer.concat(this.#inFlight.takeAll());
    this.#inFlightBytes = 0;
    const unsent = left + this.#socket.writableLength - dispatchedBytes(this.#socket);
    let rest = all.subarray(Math.max(0, all.length - unsent));
    const deadline = plainClock.now() + ms;
    while (rest.length > 0 && plainClock.now() < deadline) {
      try {
        rest = rest.subarray(writeSync(this.#fd, rest));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
      }
    }
  }

  /** Keeps the chunks that may not be sent yet: these ones, and older ones of together about `writableLength` bytes. */
  #remember(chunks: readonly Uint8Array[]): void {
    const unsent = this.#socket.writableLength;
    for (let oldest = this.#inFlight.at(0); oldest; oldest = this.#inFlight.at(0)) {
      if (this.#inFlightBytes - oldest.length < unsent) break;
      this.#inFlight.shift();
      this.#inFlightBytes -= oldest.length;
    }
    for (const chunk of chunks) {
      this.#inFlight.push(chunk);
      this.#inFlightBytes += chunk.length;
    }
  }
}

/** A relayed stream says how it has ended. The system knows only that a connection has broken off. */
function kindOf(cause: Error): Ending['kind'] {
  if (cause instanceof TransportClosed) return cause.kind;
  return cause instanceof ProtocolError ? 'protocol' : 'reset';
}

/**
 * Gives the memory of a chunk back to the system at once, where JavaScript can do that (ES2024, from Node 22 on). Nobody has a part of the
 * chunk any more, because frames are lent. Memory outside the heap makes the collector run: without this, to receive 64 KiB buffers takes 1.15
 * times the processor time on Node 22, and 1.3 times on Node 26.
 */
function giveBack({buffer, length}: Uint8Array): void {
  // A part of a buffer may share it with others.
  if (length >= givenBackBytes && length === buffer.byteLength) (buffer as Transferable).transfer?.(0);
}

type Transferable = ArrayBufferLike & {transfer?(bytes: number): ArrayBuffer};

type WriteCallback = (error?: Error | null) => void;

/**
 * Keeps a socket readable after a failed write. When the peer is gone, a write fails (EPIPE) and Node would destroy the socket,
 * together with everything that the peer has sent before and that is still unread. The reading side reports the same end after
 * that data, so the failed write itself is not reported.
 */
function outliveFailedWrites(socket: StreamSocket, onFailed: () => void): void {
  const {_write: write, _writev: writev} = socket;
  // After a failed write its callback is never called, so Node keeps what follows until the end destroys it.
  const quiet =
    (written: WriteCallback): WriteCallback =>
    error => {
      if (!error) written();
      else if (socket.readable) onFailed();
      else written(error);
    };
  socket._write = (chunk, encoding, written) => write.call(socket, chunk, encoding, quiet(written));
  if (writev) socket._writev = (chunks, written) => writev.call(socket, chunks, quiet(written));
}

/** The bytes that libuv has and has not written yet. The field is private, so it may be missing. */
function queueSize(socket: StreamSocket): number | undefined {
  return (socket as unknown as {_handle?: {writeQueueSize?: number}})._handle?.writeQueueSize;
}

/** The bytes that Node counts as waiting although libuv has them already. The field is private, so it may be missing. */
function dispatchedBytes(socket: StreamSocket): number {
  return (socket as unknown as {_writableState?: {writelen?: number}})._writableState?.writelen ?? 0;
}
