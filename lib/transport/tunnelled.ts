/**
 * A stream of bytes within the stream of a context: it leads to an actor that has no address which this one could dial.
 * Floor 2: beside `relayed`; `socket` makes a transport of it. `discovery/tunnels` brings the stream of the context.
 */
import {Duplex} from 'node:stream';
import {ProtocolError, TransportClosed} from '../base/errors.js';
import {thrownText} from '../base/foreign.js';

/** The stream of a context, as far as it is needed here. It has its own credit in each direction. */
export interface ByteStream extends AsyncIterable<Uint8Array> {
  /** Resolves when the receiver has granted room. The bytes are copied within this call. */
  send(bytes: Uint8Array): Promise<void>;
  /** Nothing follows. */
  complete(): void;
}

/** Larger packets are not faster, and smaller ones are fairer to other contexts of the connection. */
const packetBytes = 32 * 1024;

type Written = (error?: Error | null) => void;

/** Its errors are TransportClosed `reset` and ProtocolError. */
export class TunnelledStream extends Duplex {
  readonly #wire: ByteStream;
  readonly #incoming: AsyncIterator<Uint8Array>;
  readonly #left: (isBrokenOff: boolean) => void;

  /** @param left called once, at the end: with false when everything has gone both ways, else with true */
  constructor(wire: ByteStream, left: (isBrokenOff: boolean) => void) {
    // Nothing is read ahead: what waits for the reader is counted by the credit of the context.
    super({allowHalfOpen: false, readableHighWaterMark: 0});
    this.#wire = wire;
    this.#incoming = wire[Symbol.asyncIterator]();
    this.#left = left;
  }

  /** The context keeps the process running, because it is open on a channel. */
  ref(): this {
    return this;
  }

  /** See `ref`. */
  unref(): this {
    return this;
  }

  override _read(): void {
    this.#incoming.next().then(
      ({done, value}) => this.#arrived(done ? null : value),
      error => this.destroy(brokenOffError(error)),
    );
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, written: Written): void {
    this.#send(chunk, written);
  }

  /** Small writes share packets. */
  override _writev(chunks: {readonly chunk: Uint8Array}[], written: Written): void {
    this.#send(Buffer.concat(chunks.map(({chunk}) => chunk)), written);
  }

  override _final(finished: Written): void {
    this.#wire.complete();
    finished();
  }

  override _destroy(error: Error | null, destroyed: Written): void {
    void this.#incoming.return?.();
    this.#left(error !== null || !this.writableFinished || !this.readableEnded);
    destroyed(error);
  }

  /** @param bytes null: the other end sends no more */
  #arrived(bytes: Uint8Array | null): void {
    if (this.destroyed) return;
    if (bytes === null) this.push(null);
    // Node does not ask for more after a chunk without bytes.
    else if (bytes instanceof Uint8Array && bytes.length > 0) this.push(bytes);
    else this.destroy(new ProtocolError('something came through the tree that is no packet of bytes'));
  }

  #send(bytes: Uint8Array, written: Written): void {
    const sent: Promise<void>[] = [];
    for (let at = 0; at < bytes.length; at += packetBytes)
      sent.push(this.#wire.send(bytes.subarray(at, at + packetBytes)));
    Promise.all(sent).then(
      () => written(),
      error => written(brokenOffError(error)),
    );
  }
}

const brokenOffError = (cause: unknown): TransportClosed =>
  new TransportClosed(`the road through the tree has broken off: ${thrownText(cause)}`, {kind: 'reset', cause});
