/**
 * The connections that wait to be handed over, and the orders that wait for their connection: either may come first.
 * Floor 6: a part of `daemon`.
 */
import type {Duplex} from 'node:stream';
import {onAbort} from '../base/abort.js';
import {plainClock} from '../base/clock.js';
import {type Deferred, deferred} from '../base/deferred.js';
import {SpawnFailed} from '../base/errors.js';
import {WaitingSockets} from './waiting-sockets.js';

/** Maximum wait of a connection for its order, in ms. */
const waitMs = 3_000;

export class Tickets {
  readonly #sockets = new WaitingSockets<string>(waitMs);
  readonly #orders = new Map<string, Deferred<Duplex>>();

  arrived(ticket: string, socket: Duplex): void {
    const order = this.#orders.get(ticket);
    if (!order) return this.#sockets.add(ticket, socket);
    this.#orders.delete(ticket);
    order.resolve(socket);
  }

  /** @throws SpawnFailed when the connection does not come in time, the order is taken back, or another order has the same ticket */
  async take(ticket: string, timeout: number, signal: AbortSignal): Promise<Duplex> {
    const there = this.#sockets.take(ticket);
    if (there) return there;
    if (this.#orders.has(ticket)) throw new SpawnFailed('another order has the same ticket', {phase: 'place'});
    const order = deferred<Duplex>();
    this.#orders.set(ticket, order);
    const refuse = (why: string) => () => {
      this.#orders.delete(ticket);
      order.reject(new SpawnFailed(why, {phase: 'place'}));
    };
    const stop = plainClock.timer(timeout, refuse(`its connection did not come within ${timeout} ms`));
    const stopListening = onAbort(signal, refuse('the order was taken back'));
    try {
      return await order.promise;
    } finally {
      stop();
      stopListening();
    }
  }
}
