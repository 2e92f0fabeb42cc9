/**
 * The network of a simulation: actors listen and connect in it as they do by Unix sockets, TCP and TLS, and it is as fast as `links` says.
 * Floor 9, room `simulation`: above `links`. It takes the place of the system's by `transport/network`.
 */
import {ResourceExhausted, TransportClosed} from '../../base/errors.js';
import {type Address, formatAddress} from '../../transport/address.js';
import type {ConnectToOptions, Listener, ListenerOptions, Network} from '../../transport/network.js';
import type {Transport} from '../../transport/transport.js';
import type {Agenda} from './agenda.js';
import type {Links} from './links.js';
import {type Place, placeHere, runAfresh} from './place.js';
import type {SimulatedActor} from './simulated-actor.js';

interface Listening {
  readonly actor: SimulatedActor;
  readonly address: Address;
  readonly options: ListenerOptions;
}

/** The first port that is given instead of port 0. */
const firstPort = 40_000;

export class SimulatedNetwork implements Network {
  readonly #agenda: Agenda;
  readonly #links: Links;
  readonly #listening = new Map<string, Listening>();
  #ports = 0;
  #paths = 0;

  constructor(agenda: Agenda, links: Links) {
    this.#agenda = agenda;
    this.#links = links;
  }

  async listen(address: Address, options: ListenerOptions): Promise<Listener> {
    const {actor} = placeHere() as Place;
    const chosen =
      address.kind !== 'unix' && address.port === 0 ? {...address, port: firstPort + this.#ports++} : address;
    const text = formatAddress(chosen);
    const before = this.#listening.get(text);
    if (before && !before.actor.isDead)
      throw new ResourceExhausted(`cannot listen on ${text}: somebody listens there already`, {what: 'address'});
    const listening = {actor, address: chosen, options};
    this.#listening.set(text, listening);
    return {
      address: text,
      keepAlive: () => {},
      close: async () => {
        if (this.#listening.get(text) === listening) this.#listening.delete(text);
      },
    };
  }

  async connect(address: Address, _options: ConnectToOptions): Promise<Transport> {
    const {actor} = placeHere() as Place;
    const text = formatAddress(address);
    const listening = this.#listening.get(text);
    if (!listening || listening.actor.isDead)
      throw new TransportClosed(`nobody could be reached at ${text}: nobody listens there`, {kind: 'reset'});
    const [near, far] = this.#links.connect(actor, listening.actor);
    const place = {agenda: this.#agenda, actor: listening.actor, isBackground: false};
    this.#agenda.add(this.#agenda.turnsOf(listening.actor), 0, {
      what: `accepts ${actor.name}`,
      act: () => runAfresh(place, () => listening.options.accept(far, listening.address)),
    });
    return near;
  }

  socketPath(treeId: string): string {
    // The third part of the folder is what `transport/folder` knows a tree by.
    return `/simulated/0-0-${treeId.slice(0, 8)}/${this.#paths++}`;
  }
}
