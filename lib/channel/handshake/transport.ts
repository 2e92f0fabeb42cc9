/**
 * The transport behind a greeting: what came with the last message of it, or before anybody has opened this one, waits.
 * Floor 3: below `handshake/run`.
 */
import {ProtocolError} from '../../base/errors.js';
import {SocketTransport} from '../../transport/socket.js';
import type {Ending, Transport, TransportSink} from '../../transport/transport.js';

/** What may have come with the end of the greeting, before reading was paused: a chunk at most, unless it cannot be paused. */
const maxHeldBytes = 1024 * 1024;

export class GreetedTransport implements Transport {
  readonly #inner: Transport;
  #greeting: Pick<TransportSink, 'frame' | 'ended'> | undefined;
  #sink: TransportSink | undefined;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #ending: Ending | undefined;
  #flows = false;

  constructor(inner: Transport) {
    this.#inner = inner;
  }

  /** Begins to read: for the greeting. */
  watch(frame: (bytes: Uint8Array) => void, ended: (ending: Ending) => void): void {
    this.#greeting = {frame, ended};
    this.#inner.open({
      frame: bytes => this.#frame(bytes),
      drained: () => {
        if (this.#flows) this.#sink?.drained();
      },
      ended: ending => this.#ended(ending),
    });
  }

  /** The greeting is done: what follows is for whoever opens this. */
  pass(): void {
    this.#greeting = undefined;
    this.#pause(true);
  }

  open(sink: TransportSink): void {
    this.#sink = sink;
    if (this.#held.length === 0 && !this.#ending) this.#flow();
    else queueMicrotask(() => this.#deliver());
  }

  write(chunks: readonly Uint8Array[]): boolean {
    return this.#inner.write(chunks);
  }

  close(): void {
    this.#inner.close();
  }

  destroy(ending?: Ending): void {
    // What waits is lost, as all is that has not been delivered.
    this.#held = [];
    this.#inner.destroy(ending);
  }

  keepAlive(on: boolean): void {
    this.#inner.keepAlive(on);
  }

  drainSync(ms: number): void {
    this.#inner.drainSync(ms);
  }

  #frame(bytes: Uint8Array): void {
    if (this.#greeting) this.#greeting.frame(bytes);
    else if (this.#flows) this.#sink?.frame(bytes);
    else this.#hold(bytes);
  }

  #hold(bytes: Uint8Array): void {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#heldBytes <= maxHeldBytes) return;
    const cause = new ProtocolError(`more than ${maxHeldBytes} bytes arrived before anybody read them`);
    this.destroy({kind: 'protocol', cause});
  }

  #ended(ending: Ending): void {
    if (this.#greeting) this.#greeting.ended(ending);
    else if (this.#flows) this.#sink?.ended(ending);
    else this.#ending = ending;
  }

  #deliver(): void {
    // A receiver may destroy within a frame: then nothing is held any more.
    for (let bytes = this.#held.shift(); bytes; bytes = this.#held.shift()) this.#sink?.frame(bytes);
    this.#flow();
    if (this.#ending) this.#sink?.ended(this.#ending);
  }

  #flow(): void {
    this.#flows = true;
    this.#pause(false);
  }

  /** Every road is a socket; the pairs of the specs may send what they like. */
  #pause(on: boolean): void {
    if (this.#inner instanceof SocketTransport) this.#inner.pauseReading(on);
  }
}
