/**
 * Frames over a stream socket: the inherited socketpair between a parent and its child, or a road to a listener.
 * Floor 2: implements `Transport` over `node:net`.
 */
import {writeSync} from 'node:fs';
import type {Socket} from 'node:net';
import {plainClock} from '../base/clock.js';
import {ProtocolError} from '../base/errors.js';
import {FramedTransport} from './framed.js';
import type {Ending} from './transport.js';

/** What may wait in this process before the channel is asked to hold back. */
const highWaterBytes = 128 * 1024;
/** How long a closing end, once all is sent, waits for the other side's end before it lets go. */
const lingerMs = 1_000;

export class SocketTransport extends FramedTransport {
  readonly #socket: Socket;
  /** The descriptor, where it is known: only then can `drainSync` write past the event loop. */
  readonly #fd: number | undefined;
  /** A write has failed: the peer hears nothing more, though it may have said something before. */
  #deaf = false;
  #writerWaits = false;
  /** What was given to the socket and may still be on its way, oldest first; for `drainSync`. */
  readonly #inFlight: Uint8Array[] = [];
  #inFlightBytes = 0;

  /** @param maxFrameBytes a longer frame ends the transport (`protocol`) before it is buffered */
  constructor(socket: Socket, options: {maxFrameBytes: number; fd?: number}) {
    super(options.maxFrameBytes);
    this.#socket = socket;
    this.#fd = options.fd;
    outliveFailedWrites(socket, () => {
      this.#deaf = true;
    });
    // Errors that come before `open` are told in `open`.
    socket.on('error', (cause: NodeJS.ErrnoException) => this.end({kind: 'reset', cause}));
    socket.on('close', () => this.end({kind: this.closing ? 'closed' : 'eof'}));
  }

  protected override opened(): void {
    const socket = this.#socket;
    socket.on('data', (chunk: Uint8Array) => this.received(chunk));
    // Node tells of every emptied buffer, TLS even of those that held nobody up.
    socket.on('drain', () => {
      if (!this.#writerWaits) return;
      this.#writerWaits = false;
      this.sink?.drained();
    });
    socket.on('end', () => {
      if (this.partial) this.destroy({kind: 'protocol', cause: new ProtocolError('the last frame was cut short')});
      else if (this.closing) socket.destroy();
      else {
        this.end({kind: 'eof'});
        if (this.#deaf) socket.destroy();
      }
    });
  }

  override write(chunks: readonly Uint8Array[]): boolean {
    if (this.ended || this.closing || this.#deaf) return true;
    const socket = this.#socket;
    if (this.#fd !== undefined) this.#remember(chunks);
    if (chunks.length === 1) socket.write(chunks[0] as Uint8Array);
    else {
      socket.cork();
      for (const chunk of chunks) socket.write(chunk);
      socket.uncork();
    }
    // Node's own mark (16 KiB) would stop the pump after every large frame.
    this.#writerWaits = socket.writableLength >= highWaterBytes;
    return !this.#writerWaits;
  }

  override close(): void {
    if (this.ended || this.closing) return;
    this.closing = true;
    // A peer that has read all and never ends its side must not keep us for ever.
    this.#socket.end(() => plainClock.timer(lingerMs, () => this.#socket.destroy(), {background: true}));
  }

  override destroy(ending: Ending = {kind: 'closed'}): void {
    this.end(ending);
    this.#socket.destroy();
  }

  /** Leaves what arrives to the kernel, which holds the peer back; or reads on. */
  pauseReading(on: boolean): void {
    if (on) this.#socket.pause();
    else this.#socket.resume();
  }

  override keepAlive(on: boolean): void {
    if (on) this.#socket.ref();
    else this.#socket.unref();
  }

  /**
   * libuv may have written a part of the oldest write already, and tells how much is left only through the
   * handle's `writeQueueSize`; without that private number nothing can be resumed, and we give up.
   */
  override drainSync(ms: number): void {
    const left = (this.#socket as unknown as {_handle?: {writeQueueSize?: number}})._handle?.writeQueueSize;
    if (this.#fd === undefined || this.ended || left === undefined || this.#inFlight.length === 0) return;
    const all = Buffer.concat(this.#inFlight);
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

  /** Keeps what may still be unsent: no more than `writableLength` bytes of the past, and these chunks. */
  #remember(chunks: readonly Uint8Array[]): void {
    const unsent = this.#socket.writableLength;
    while (this.#inFlight.length > 0 && this.#inFlightBytes - (this.#inFlight[0] as Uint8Array).length >= unsent) {
      this.#inFlightBytes -= (this.#inFlight.shift() as Uint8Array).length;
    }
    for (const chunk of chunks) {
      this.#inFlight.push(chunk);
      this.#inFlightBytes += chunk.length;
    }
  }
}

type Written = (error?: Error | null) => void;

/**
 * A write into a peer that has gone (EPIPE) makes Node destroy the socket, with all that the peer has sent before and
 * that is still unread. The reading side brings the same end behind that data, so a failed write is kept quiet.
 */
function outliveFailedWrites(socket: Socket, onFailed: () => void): void {
  const {_write: write, _writev: writev} = socket;
  // The writable side stays as if it still wrote: what follows is kept until the end, which destroys it.
  const quiet =
    (written: Written): Written =>
    error => {
      if (!error) written();
      else if (socket.readable) onFailed();
      else written(error);
    };
  socket._write = (chunk, encoding, written) => write.call(socket, chunk, encoding, quiet(written));
  if (writev) socket._writev = (chunks, written) => writev.call(socket, chunks, quiet(written));
}

/** The bytes that Node counts as waiting though libuv has them already. Private, hence the caution. */
function dispatchedBytes(socket: Socket): number {
  return (socket as unknown as {_writableState?: {writelen?: number}})._writableState?.writelen ?? 0;
}
