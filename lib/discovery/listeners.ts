/**
 * The addresses at which one actor listens. It starts to listen when somebody first looks for the actor.
 * Floor 6: a part of `peer-connections`, which takes the connections.
 */
import {Lazy} from '../base/lazy.js';
import {type Address, parseAddress} from '../transport/address.js';
import type {Listener} from '../transport/listener.js';

export class Listeners {
  readonly #listen: (address: Address) => Promise<Listener>;
  readonly #ownAddresses: () => Promise<readonly string[]>;
  readonly #open: Listener[] = [];
  readonly #started = new Lazy(() => this.#start());
  #isClosed = false;

  /**
   * @param listen starts to listen at an address
   * @param ownAddresses gives the addresses that belong to this actor alone, when they are first needed
   */
  constructor(listen: (address: Address) => Promise<Listener>, ownAddresses: () => Promise<readonly string[]>) {
    this.#listen = listen;
    this.#ownAddresses = ownAddresses;
  }

  /** Listens at addresses that a user has chosen. These listeners keep the process running until they are closed. */
  async listenAt(addresses: readonly Address[]): Promise<void> {
    for (const address of addresses) (await this.#listenTo(address)).keepAlive(true);
  }

  /** The addresses at which this actor is reached. It listens from now on. */
  async addresses(): Promise<string[]> {
    await this.#started.get();
    return this.#open.map(({address}) => address);
  }

  /** Whether this actor listens at the address at this moment. */
  has(address: string): boolean {
    return this.#open.some(listener => listener.address === address);
  }

  /** Stops listening, also at addresses that are still being opened. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.unlisten();
  }

  /** Stops listening. When an `exit` handler calls it, the paths of the sockets are removed within the call. */
  async unlisten(): Promise<void> {
    await Promise.all(this.#open.map(listener => listener.close()));
  }

  /** Listens at all of the own addresses, or at none of them: then the next call tries again. */
  async #start(): Promise<void> {
    const before = this.#open.length;
    try {
      for (const text of await this.#ownAddresses()) await this.#listenTo(parseAddress(text));
    } catch (error) {
      await Promise.all(this.#open.splice(before).map(listener => listener.close()));
      throw error;
    }
  }

  async #listenTo(address: Address): Promise<Listener> {
    const listener = await this.#listen(address);
    if (this.#isClosed) await listener.close();
    else this.#open.push(listener);
    return listener;
  }
}
