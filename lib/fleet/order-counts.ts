/**
 * Counts the orders of this program that a host has not counted in what it tells of itself, so that actors that are placed side by side
 * are spread.
 * Floor 6: below `fixed-hosts` and `hosts-of-root`; pure.
 */
import type {HostInfo} from './host-info.js';

export class OrderCounts<H extends object> {
  readonly #sent = new WeakMap<H, number>();
  /** How many orders had been sent to a host when it told this. */
  readonly #before = new WeakMap<HostInfo, number>();

  /**
   * The host is asked now how it is. Returns how to note its answer. An order that is sent before the answer has come is not counted in
   * it, because orders and questions arrive in the order in which they are sent.
   */
  asked(host: H): (info: HostInfo) => void {
    const before = this.#sentTo(host);
    return info => void this.#before.set(info, before);
  }

  /** How many orders the host has not counted in this. What it has told without a question counts from the first look at it. */
  underWay(host: H, info: HostInfo): number {
    const sent = this.#sentTo(host);
    const before = this.#before.get(info) ?? sent;
    this.#before.set(info, before);
    return Math.max(0, sent - before);
  }

  /** An order is sent. Returns how to take it back, when the host has not taken it. */
  sent(host: H): () => void {
    this.#change(host, 1);
    return () => this.#change(host, -1);
  }

  #change(host: H, by: number): void {
    this.#sent.set(host, this.#sentTo(host) + by);
  }

  #sentTo(host: H): number {
    return this.#sent.get(host) ?? 0;
  }
}
