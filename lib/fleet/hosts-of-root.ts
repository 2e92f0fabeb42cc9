/**
 * Places the actors of a root on hosts: those that its user lists, and those that it hears at a broker.
 * Floor 6: above `known-hosts`, `fixed-hosts`, `heard-hosts` and `remote-body`; the boot of a root makes and closes it, the nursery places
 * actors with it.
 */
import type {Actor} from '../actor/actor.js';
import {placeInApp} from '../actor/codebase.js';
import {plainClock, type Stop} from '../base/clock.js';
import {deferred} from '../base/deferred.js';
import {SpawnFailed, TransportClosed} from '../base/errors.js';
import {inherits} from '../base/foreign.js';
import {platform} from '../base/platform.js';
import type {PlaceRequest, Placer, Spawned} from '../nursery/backends/spawner.js';
import type {TlsOptions} from '../transport/tls.js';
import {type Bundle, bundleAt, isBundle} from './bundle.js';
import {FixedHosts} from './fixed-hosts.js';
import {HeardHosts} from './heard-hosts.js';
import type {HostPlan} from './host-addresses.js';
import type {HostEvent, HostInfo} from './host-info.js';
import type {KnownHost, Look} from './known-host.js';
import {KnownHosts} from './known-hosts.js';
import {chooseOffers, type Need, type Offer, type Refusal} from './offers.js';
import {OrderCounts} from './order-counts.js';
import {placeOn} from './remote-body.js';

/** How many hosts are asked for one actor: another program may have taken the last place of the first. */
const maxTries = 3;
/** Maximum wait for a host that was not heard yet, in ms. */
const heardMs = 2_000;
/** How many hosts the text of an error names. */
const maxSaid = 8;

interface Candidate extends Offer {
  readonly host: KnownHost;
}

/** A host that is to be asked. */
interface Target {
  readonly host: KnownHost;
  /** The information that the host has told, where it was chosen by that. */
  readonly info?: HostInfo;
}

interface Found {
  readonly hosts: readonly Target[];
  readonly refused: readonly Refusal[];
}

/**
 * Chooses among what is known at the moment of the call. Whoever calls it sends the order in the same turn, so that actors that are
 * placed side by side are spread.
 */
type Choose = () => Found;

interface Opened {
  readonly tls: TlsOptions;
  readonly heard: HeardHosts | undefined;
  readonly bundle: Bundle | undefined;
}

export class HostsOfRoot implements Placer {
  readonly #app: string | undefined;
  readonly #bundle: Bundle | undefined;
  readonly #fixed: FixedHosts;
  readonly #heard: HeardHosts | undefined;
  readonly #hosts: KnownHosts;
  readonly #counts = new OrderCounts<KnownHost>();

  /** @throws ResourceExhausted `package` when a broker is named and its package is not installed, TypeError for a bundle that cannot be shipped */
  static async open(actor: Actor, plan: HostPlan, tls: TlsOptions): Promise<HostsOfRoot> {
    const {servers, nats, ship} = plan;
    const bundle = ship === undefined ? undefined : bundleAt(ship);
    const {lease} = actor.tree.timeouts;
    const heard = servers.length > 0 ? await HeardHosts.open({servers, nats, self: actor.id.name}, lease) : undefined;
    return new HostsOfRoot(actor, plan, {tls, heard, bundle});
  }

  private constructor(actor: Actor, {addresses, app}: HostPlan, {tls, heard, bundle}: Opened) {
    this.#app = app;
    this.#bundle = bundle;
    this.#heard = heard;
    this.#hosts = new KnownHosts(actor, addresses, tls, heard);
    this.#fixed = new FixedHosts(
      this.#hosts.listed.map(address => this.#hosts.listedAt(address)),
      actor.tree.timeouts.lease,
      this.#counts,
    );
  }

  /** @throws SpawnFailed `place` that says why each host has not taken the actor */
  async place(request: PlaceRequest): Promise<Spawned> {
    const due = plainClock.now() + request.timeout;
    const left = (): number => Math.max(1, due - plainClock.now());
    const choose = await this.#find(request, left());
    const {hosts, refused} = choose();
    const refusals = [...refused];
    let last: SpawnFailed | undefined;
    const targets = hosts.slice(0, maxTries);
    for (const [at, target] of targets.entries()) {
      // A host that falls silent just now leaves time to those after it.
      const timeout = Math.ceil(left() / (at < targets.length - 1 ? 2 : 1));
      try {
        return await this.#placeOn(target, {...request, timeout});
      } catch (error) {
        if (!inherits(error, SpawnFailed)) throw error;
        last = error as SpawnFailed;
        refusals.push(...(last.offers ?? []));
      }
    }
    throw last && refusals.length === 1 ? last : this.#refusal(request, refusals, last);
  }

  /** Those that are there. @throws TransportClosed when the broker was never there */
  async list(): Promise<HostInfo[]> {
    const answers = this.#fixed.ask();
    const [isCollected] = await Promise.all([this.#heard?.collected(heardMs), answers.all]);
    if (isCollected === false)
      throw new TransportClosed(`hosts cannot be listed: the broker is not there (${this.#heard?.fault})`, {
        kind: 'reset',
      });
    const heard = this.#heard?.members.list() ?? [];
    const others = answers.told.map(({info}) => info).filter(info => !this.#heard?.members.has(info.id));
    return [...heard, ...others].filter(info => this.#isOfApp(info));
  }

  /** Calls the watcher with those that are there, then with every change. Returns how to stop. */
  watch(watcher: (event: HostEvent) => void): Stop {
    const own = (event: HostEvent): void => {
      if (this.#isOfApp(event.host)) watcher(event);
    };
    const stops = [
      this.#heard?.members.watch(own),
      this.#fixed.watch(event => {
        if (!this.#heard?.members.has(event.host.id)) own(event);
      }),
    ];
    return () => {
      for (const stop of stops) stop?.();
    };
  }

  async close(): Promise<void> {
    this.#fixed.close();
    this.#hosts.close();
    await this.#heard?.close();
  }

  #isOfApp({apps}: HostInfo): boolean {
    return this.#app === undefined || apps.some(({name}) => name === this.#app);
  }

  async #find(request: PlaceRequest, ms: number): Promise<Choose> {
    const {host: wanted, name} = request;
    if (typeof wanted === 'string' && wanted.includes('://'))
      return () => ({hosts: this.#hosts.at(wanted).map(host => ({host})), refused: []});
    const need: Need = {name, wanted, app: this.#appOf(request)};
    return typeof wanted === 'string' && wanted !== 'any' ? this.#byName(need, wanted, ms) : this.#best(need, ms);
  }

  /** Undefined: any host will do, as far as it takes the bundle. */
  #appOf({modules}: PlaceRequest): string | undefined {
    const bundle = this.#bundle;
    const url = modules.find(module => !(bundle && isBundle(bundle, module)));
    return url === undefined ? undefined : placeInApp(url)?.app;
  }

  /** Takes the first host that shows that it has the name, because a host that is not there would hold up the others. */
  async #byName(need: Need, wanted: string, ms: number): Promise<Choose> {
    const looks = this.#fixed.looks();
    const listed = looks.map(async look => {
      const {host, link} = await look;
      if (link?.host.name !== wanted) throw new Error('another host');
      return (): Found => ({hosts: [{host}], refused: []});
    });
    const heard = this.#whenHeard(info => info.name === wanted, ms).then(() => {
      const choose = (): Found => this.#choose(need, []);
      if (choose().hosts.length === 0) throw new Error('not heard');
      return choose;
    });
    const first = await Promise.any([...listed, heard]).catch(() => undefined);
    if (first) return first;
    const notListed = (await Promise.all(looks)).map(look => whyNot(look));
    return () => ({hosts: [], refused: [...notListed, ...this.#choose(need, []).refused]});
  }

  async #best(need: Need, ms: number): Promise<Choose> {
    const answers = this.#fixed.ask();
    const choose = (): Found => {
      const {hosts, refused} = this.#choose(need, answers.told);
      return {hosts, refused: [...answers.faults.map(whyNot), ...refused]};
    };
    await Promise.all([
      plainClock.within(answers.expected, ms / 2),
      this.#heard?.collected(Math.min(ms, heardMs)).then(() => this.#whenHeard(() => true, ms)),
    ]);
    // Those that are there do not want it. One of the others may be there again.
    if (answers.isOpen && choose().hosts.length === 0) await plainClock.within(answers.all, ms / 4);
    return choose;
  }

  /** Resolves when such a host is heard, and at the latest when a host that is there must have been heard. */
  async #whenHeard(isWanted: (info: HostInfo) => boolean, ms: number): Promise<void> {
    if (!this.#heard) return;
    const found = deferred();
    const stop = this.#heard.members.watch(({host}) => isWanted(host) && found.resolve());
    await plainClock.within(found.promise, Math.min(ms, heardMs));
    stop();
  }

  #choose(need: Need, told: readonly Pick<Candidate, 'host' | 'info'>[]): Found {
    const offers = new Map(told.map(({host, info}) => [info.id, {host, info}]));
    for (const info of this.#heard?.members.list().filter(host => this.#isOfApp(host)) ?? [])
      if (!offers.has(info.id)) offers.set(info.id, {host: this.#hosts.heardAs(info), info});
    const counted = [...offers.values()].map(
      ({host, info}): Candidate => ({
        host,
        info,
        underWay: this.#counts.underWay(host, info),
        isSilent: this.#heard?.members.isSilent(info.id) === true,
      }),
    );
    const {chosen, refused} = chooseOffers(counted, need, platform.random);
    return {hosts: chosen, refused};
  }

  async #placeOn({host, info}: Target, request: PlaceRequest): Promise<Spawned> {
    const takeBack = this.#counts.sent(host);
    try {
      const {link, fault} = await this.#lookAt(host, request.timeout);
      if (!link)
        throw this.#refusal(request, [{host: info?.name ?? host.address, refused: fault ?? 'it is not there'}]);
      // Anybody who may publish can claim a name. The daemon has shown its certificate.
      if (info && link.host.name !== info.name)
        throw this.#refusal(request, [
          {host: info.name, refused: `${host.address} says that its name is ${link.host.name}`},
        ]);
      return await placeOn(link, request, this.#bundle);
    } catch (error) {
      takeBack();
      throw error;
    }
  }

  /** A host that was lost may take longer to refuse a connection than an actor may take to be placed. */
  async #lookAt(host: KnownHost, ms: number): Promise<Look> {
    const look = host.look();
    return (await plainClock.within(look, ms)) ? look : {host, fault: `it has not answered within ${ms} ms`};
  }

  #refusal({name, host: wanted}: PlaceRequest, offers: readonly Refusal[], cause?: unknown): SpawnFailed {
    const said = offers.slice(0, maxSaid).map(({host, refused}) => `${host}: ${refused}`);
    if (offers.length > maxSaid) said.push(`and ${offers.length - maxSaid} more (offers)`);
    const fault = this.#heard?.fault;
    if (fault !== undefined) said.push(`the broker is not there (${fault})`);
    said.push(...(this.#heard?.refusals ?? []));
    const where = typeof wanted === 'function' ? 'the host that its function chooses' : wanted;
    const nobody = [...this.#hosts.listed, ...(this.#heard ? [`those at ${this.#heard.where}`] : [])].join(', ');
    return new SpawnFailed(
      `actor ${name} could not be placed on ${where}: ${said.join('; ') || `it is not among the hosts of this program (${nobody})`}`,
      {phase: 'place', offers, ...(cause !== undefined && {cause})},
    );
  }
}

/** Why a host of the list does not have the name that is wanted. */
function whyNot({host, link, fault}: Look): Refusal {
  return {
    host: link?.host.name ?? host.address,
    refused: link ? `its name is ${link.host.name}` : (fault ?? 'it is not there'),
  };
}
