/**
 * A host that a root may connect to: it is connected while somebody has asked for it and it was there.
 * Floor 6: above `host-link`; `hosts-of-root` keeps those that it knows.
 */

import {thrownText} from '../base/foreign.js';
import {Lazy} from '../base/lazy.js';
import type {HostLink} from './host-link.js';

/** The outcome of a look at one host: its link, or why there is none. */
export interface Look {
  readonly host: KnownHost;
  readonly link?: HostLink;
  readonly fault?: string;
}

export class KnownHost {
  /** Where it is reached, for texts too. */
  readonly address: string;
  readonly #open: () => Promise<HostLink>;
  #link: Lazy<HostLink>;
  #isClosed = false;

  /** @param open makes a link. Which road it takes is a matter of the caller. */
  constructor(address: string, open: () => Promise<HostLink>) {
    this.address = address;
    this.#open = async () => {
      const link = await open();
      if (this.#isClosed) link.close();
      return link;
    };
    this.#link = new Lazy(this.#open);
  }

  async look(): Promise<Look> {
    const seen = this.#link;
    // Another look may have renewed it meanwhile: a second new link would never be closed.
    if ((await seen.known())?.isOver && this.#link === seen) this.#link = new Lazy(this.#open);
    try {
      return {host: this, link: await this.#link.get()};
    } catch (error) {
      return {host: this, fault: thrownText(error)};
    }
  }

  /** Whether it was reached, and is still connected. */
  async isConnected(): Promise<boolean> {
    const link = await this.#link.known();
    return link !== undefined && !link.isOver;
  }

  close(): void {
    this.#isClosed = true;
    void this.#link.known().then(link => link?.close());
  }
}
