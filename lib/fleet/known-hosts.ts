/**
 * The hosts that a root may connect to: those of its list, and those that it hears at a broker.
 * Floor 6: above `known-host`, `heard-hosts` and `road`; `hosts-of-root` chooses among them.
 */
import type {Actor} from '../actor/actor.js';
import type {Stop} from '../base/clock.js';
import {attempt} from '../base/foreign.js';
import {formatAddress, type NetworkAddress, parseAddress} from '../transport/address.js';
import type {TlsOptions} from '../transport/tls.js';
import type {HeardHosts} from './heard-hosts.js';
import type {HostInfo} from './host-info.js';
import {HostLink} from './host-link.js';
import {KnownHost} from './known-host.js';
import {Road} from './road.js';

export class KnownHosts {
  /** The addresses that the user lists. */
  readonly listed: readonly string[];
  readonly #actor: Actor;
  readonly #tls: TlsOptions;
  readonly #heard: HeardHosts | undefined;
  /** All that were ever listed, by address, and those that were heard, by name and address. */
  readonly #known = new Map<string, KnownHost>();
  readonly #stop: Stop | undefined;

  constructor(actor: Actor, addresses: readonly NetworkAddress[], tls: TlsOptions, heard: HeardHosts | undefined) {
    this.listed = addresses.map(formatAddress);
    this.#actor = actor;
    this.#tls = tls;
    this.#heard = heard;
    this.#stop = heard?.members.watch(({type, host}) => type === 'left' && void this.#forget(host));
  }

  /** The host at an address of the list. It has a name at the broker when it is heard there. */
  listedAt(address: string): KnownHost {
    return this.#knownBy(address, address, () => this.#linkTo(this.#heardAt(address)[0]?.name, address));
  }

  /** The host that tells this of itself. */
  heardAs(info: HostInfo): KnownHost {
    const address = addressOf(info);
    if (address !== undefined && this.listed.includes(address)) return this.listedAt(address);
    const where = address ?? `${info.name} at ${this.#heard?.where}`;
    return this.#knownBy(keyOf(info), where, () => this.#linkTo(info.name, address));
  }

  /** All at an address: hosts behind different gateways may have the same one. */
  at(address: string): KnownHost[] {
    const listed = this.listed.includes(address) ? [this.listedAt(address)] : [];
    const heard = this.#heardAt(address).map(info => this.heardAs(info));
    return [...new Set([...listed, ...heard])];
  }

  close(): void {
    this.#stop?.();
    for (const host of this.#known.values()) host.close();
  }

  #knownBy(key: string, where: string, open: () => Promise<HostLink>): KnownHost {
    const known = this.#known.get(key) ?? new KnownHost(where, open);
    this.#known.set(key, known);
    return known;
  }

  /** @param name its name at the broker. Undefined: it is not heard there. @param address undefined: it is reached through the broker only */
  #linkTo(name: string | undefined, address: string | undefined): Promise<HostLink> {
    const where = address === undefined ? undefined : (parseAddress(address) as NetworkAddress);
    const host = name ?? where?.host ?? '';
    const relay = name === undefined ? undefined : this.#heard?.relay;
    const whyNotRelayed = (): string | undefined => this.#heard?.doubleText(host);
    const road = new Road(this.#actor, {host, address: where, tls: this.#tls, relay, whyNotRelayed});
    return HostLink.open(this.#actor, road);
  }

  #heardAt(address: string): HostInfo[] {
    return (this.#heard?.members.list() ?? []).filter(info => addressOf(info) === address);
  }

  /** A host that has left may still have actors: its connection stays until it ends by itself. */
  async #forget(info: HostInfo): Promise<void> {
    const key = keyOf(info);
    const known = this.#known.get(key);
    if (!known || (await known.isConnected())) return;
    if (this.#heard?.members.list().some(other => keyOf(other) === key)) return;
    this.#known.delete(key);
    known.close();
  }
}

/** By which a host that is heard is known. */
const keyOf = (info: HostInfo): string => `${info.name} ${addressOf(info) ?? ''}`;

/** Undefined for what is not an address of TLS. */
function addressOf({address}: HostInfo): string | undefined {
  if (address === undefined) return undefined;
  const read = attempt(() => parseAddress(address));
  return read?.kind === 'tls' ? formatAddress(read) : undefined;
}
