/**
 * The hosts of a root, as its user lists them by address: it connects to them when an actor is to be placed for the first time.
 * Floor 6: above `host-link` and `remote-body`; the boot of a root makes and closes it, the nursery places actors with it.
 */
import type {Actor} from '../actor/actor.js';
import {SpawnFailed} from '../base/errors.js';
import {thrownText} from '../base/foreign.js';
import {Lazy} from '../base/lazy.js';
import type {PlaceRequest, Placer, Spawned} from '../nursery/backends/spawner.js';
import {formatAddress, type NetworkAddress} from '../transport/address.js';
import type {TlsOptions} from '../transport/tls.js';
import {HostLink} from './host-link.js';
import {placeOn} from './remote-body.js';
import {Road} from './road.js';

export class FixedHosts implements Placer {
  readonly #hosts: readonly Host[];

  constructor(actor: Actor, addresses: readonly NetworkAddress[], tls: TlsOptions) {
    this.#hosts = addresses.map(address => new Host(actor, address, tls));
  }

  async place(request: PlaceRequest): Promise<Spawned> {
    const link = await this.#find(request);
    return placeOn(link, request);
  }

  close(): void {
    for (const host of this.#hosts) host.close();
  }

  /** @throws SpawnFailed `place` that says why each host is not the one that is wanted */
  async #find({name, host: wanted}: PlaceRequest): Promise<HostLink> {
    const byAddress = wanted.includes('://');
    const candidates = byAddress ? this.#hosts.filter(host => host.address === wanted) : this.#hosts;
    const looks = candidates.map(host => host.look());
    const link = await firstLink(looks, ({host}) => byAddress || host.name === wanted);
    if (link) return link;
    const found = await Promise.all(looks);
    const offers = found.map(({host, link: other, fault}) => ({
      host: other?.host.name ?? host.address,
      refused: other ? `its name is ${other.host.name}` : (fault ?? 'it is not there'),
    }));
    const why = offers.map(({host, refused}) => `${host}: ${refused}`).join('; ');
    throw new SpawnFailed(
      `actor ${name} could not be placed on ${wanted}: ${why || `it is not among the hosts of this program (${this.#hosts.map(({address}) => address).join(', ')})`}`,
      {phase: 'place', offers},
    );
  }
}

/** The outcome of a look at one host: its link, or why there is none. */
interface Look {
  readonly host: Host;
  readonly link?: HostLink;
  readonly fault?: string;
}

/** The first one that is there and is wanted, because a host that is not there would hold up the others. Undefined: none is. */
async function firstLink(
  looks: readonly Promise<Look>[],
  isWanted: (link: HostLink) => boolean,
): Promise<HostLink | undefined> {
  const wanted = looks.map(async look => {
    const {link} = await look;
    if (link && isWanted(link)) return link;
    throw new Error('another host');
  });
  return Promise.any(wanted).catch(() => undefined);
}

/** One host of the list. It is connected while somebody has asked for it and it was there. */
class Host {
  readonly address: string;
  readonly #open: () => Promise<HostLink>;
  #link: Lazy<HostLink>;
  #isClosed = false;

  constructor(actor: Actor, address: NetworkAddress, tls: TlsOptions) {
    this.address = formatAddress(address);
    this.#open = async () => {
      const link = await HostLink.open(actor, new Road(actor, {host: address.host, address, tls}));
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

  close(): void {
    this.#isClosed = true;
    void this.#link.known().then(link => link?.close());
  }
}
