/**
 * The connections of a process to the broker, as what a relayed stream needs: one for what is urgent, and one for data.
 * Floor 6: above `broker-link`; `road` and `daemon` get it.
 */
import type {Stop} from '../base/clock.js';
import type {Broker, BrokerWatcher} from '../transport/relay/broker.js';
import type {BrokerLink} from './broker-link.js';
import type {Relay} from './road.js';

export class BrokerRelay implements Relay {
  readonly self: string;
  readonly control: LinkBroker;
  readonly #link: BrokerLink;
  #data: LinkBroker | undefined;

  /** @param link the connection for what is urgent. It is closed with this. @param self the name of this process at the broker */
  constructor(link: BrokerLink, self: string) {
    this.#link = link;
    this.self = self;
    this.control = new LinkBroker(link);
  }

  /** Connects when it is first used, because most programs reach each host directly. */
  get data(): LinkBroker {
    this.#data ??= new LinkBroker(this.#link.another());
    return this.#data;
  }

  /** Sends what was published, and closes. */
  async close(): Promise<void> {
    await Promise.all([this.control.close(), this.#data?.close()]);
  }
}

/** A link to the broker that streams can use. It outlives connections: to a stream, a new one is the old one that is back. */
class LinkBroker implements Broker {
  readonly #link: BrokerLink;
  readonly #watchers = new Set<BrokerWatcher>();

  constructor(link: BrokerLink) {
    this.#link = link;
    // A link that is there says so at once. Nobody watches yet.
    link.watch(isUp => this.#tell(watcher => (isUp ? watcher.back() : watcher.cut())));
  }

  get isUp(): boolean {
    return this.#link.isUp;
  }

  get maxBytes(): number {
    return this.#link.maxBytes;
  }

  publish(subject: string, bytes: Uint8Array): void {
    this.#link.publish(subject, bytes);
  }

  subscribe(subject: string, heard: (bytes: Uint8Array, subject: string) => void): Stop {
    return this.#link.listen(subject, heard);
  }

  watch(watcher: BrokerWatcher): Stop {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  close(): Promise<void> {
    this.#tell(watcher => watcher.closed(undefined));
    return this.#link.close();
  }

  #tell(what: (watcher: BrokerWatcher) => void): void {
    for (const watcher of [...this.#watchers]) what(watcher);
  }
}
