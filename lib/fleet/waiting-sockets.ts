/**
 * Connections that wait until it is known what they are for. Each holds a descriptor meanwhile, so their number and their time are bounded.
 * Floor 6: a part of `daemon`, and of `tickets`.
 */
import type {Duplex} from 'node:stream';
import {plainClock, type Stop} from '../base/clock.js';

/** Maximum number that waits. A new one ends the oldest, so that silent connections cannot shut out everybody. */
const maxWaiting = 64;

export class WaitingSockets<Key> {
  readonly #ms: number;
  /** The oldest first. */
  readonly #waiting = new Map<Key, {readonly socket: Duplex; readonly stop: Stop}>();

  /** @param ms a connection that nobody has taken after this time is ended */
  constructor(ms: number) {
    this.#ms = ms;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** A second connection with the same key is ended. */
  add(key: Key, socket: Duplex): void {
    if (this.#waiting.has(key)) return void socket.destroy();
    if (this.#waiting.size >= maxWaiting) this.#dropOldest();
    const stop = plainClock.timer(this.#ms, () => this.take(key)?.destroy(), {background: true});
    this.#waiting.set(key, {socket, stop});
    socket.once('close', () => {
      if (this.#waiting.get(key)?.socket === socket) this.take(key);
    });
  }

  /** It does not wait any more. Undefined when none with this key waits. */
  take(key: Key): Duplex | undefined {
    const waiting = this.#waiting.get(key);
    this.#waiting.delete(key);
    waiting?.stop();
    return waiting?.socket;
  }

  #dropOldest(): void {
    for (const key of this.#waiting.keys()) return void this.take(key)?.destroy();
  }
}
