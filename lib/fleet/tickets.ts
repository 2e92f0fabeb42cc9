/**
 * The connections that wait to be handed over, and the orders that wait for their connection: either may come first.
 * Floor 6: a part of `daemon`.
 */
import type {Socket} from 'node:net';
import {onAbort} from '../base/abort.js';
import {plainClock} from '../base/clock.js';
import {type Deferred, deferred} from '../base/deferred.js';
import {SpawnFailed} from '../base/errors.js';

/** Maximum number of connections that wait, because each holds a descriptor before anybody knows who it is. */
const maxWaiting = 64;
/** Maximum wait of a connection for its order, in ms. */
const waitMs = 3_000;

export class Tickets {
  readonly #sockets = new Map<string, Socket>();
  readonly #orders = new Map<string, Deferred<Socket>>();

  arrived(ticket: string, socket: Socket): void {
    const order = this.#orders.get(ticket);
    if (order) return order.resolve(socket);
    const [oldest] = this.#sockets.values();
    if (this.#sockets.size >= maxWaiting) oldest?.destroy();
    this.#sockets.set(ticket, socket);
    const stop = plainClock.timer(waitMs, () => this.#sockets.get(ticket) === socket && socket.destroy(), {
      background: true,
    });
    socket.once('close', () => {
      stop();
      if (this.#sockets.get(ticket) === socket) this.#sockets.delete(ticket);
    });
  }

  /** @throws SpawnFailed when the connection does not come in time, or the order is taken back */
  async take(ticket: string, timeout: number, signal: AbortSignal): Promise<Socket> {
    const there = this.#sockets.get(ticket);
    if (there) {
      this.#sockets.delete(ticket);
      return there;
    }
    const order = deferred<Socket>();
    this.#orders.set(ticket, order);
    const refuse = (why: string) => () => order.reject(new SpawnFailed(why, {phase: 'place'}));
    const stop = plainClock.timer(timeout, refuse(`its connection did not come within ${timeout} ms`));
    const stopListening = onAbort(signal, refuse('the order was taken back'));
    try {
      return await order.promise;
    } finally {
      stop();
      stopListening();
      this.#orders.delete(ticket);
    }
  }
}
