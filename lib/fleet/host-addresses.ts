/**
 * The options `hosts`, `nats`, `app` and `ship` of a root.
 * Floor 6: beside `hosts-of-root`, which is loaded only where there are hosts.
 */
import {inherits} from '../base/foreign.js';
import {checkText} from '../base/option-checks.js';
import {formatAddress, type NetworkAddress, parseAddress} from '../transport/address.js';
import type {TlsOptions} from '../transport/tls.js';
import {checkNats, type NatsOptions, natsServer} from './nats-options.js';

/** Where the hosts of a root are found. */
export interface HostPlan {
  /** Hosts. */
  readonly addresses: readonly NetworkAddress[];
  /** Servers of one broker, as `host:port`. */
  readonly servers: readonly string[];
  readonly nats: NatsOptions;
  readonly app: string | undefined;
  /** The file of a bundle. */
  readonly ship: string | URL | undefined;
}

interface Given {
  readonly hosts?: string | readonly string[];
  readonly nats?: NatsOptions;
  readonly app?: string;
  readonly ship?: string | URL;
  readonly tls?: TlsOptions;
}

const forms = "'nats://broker:4222', or a list of addresses: ['tls://gpu1:7400']";

/** Undefined: no hosts. @throws TypeError for what names no hosts and no broker, or without certificates */
export function hostPlanOf({hosts, nats, app, ship, tls}: Given): HostPlan | undefined {
  if (hosts === undefined) {
    for (const [name, value] of Object.entries({nats, app, ship}))
      if (value !== undefined) throw new TypeError(`${name} is for a program with hosts: ${forms}`);
    return undefined;
  }
  const texts = typeof hosts === 'string' ? [hosts] : hosts;
  if (!Array.isArray(texts) || texts.length === 0) throw new TypeError(`hosts takes ${forms}`);
  if (!tls) throw new TypeError('hosts needs certificates: tls: {cert, key, ca}');
  if (app !== undefined) checkText('app', app);
  if (ship !== undefined && !inherits(ship, URL)) checkText('ship', ship);
  const servers = texts.filter(isBroker).map(natsServer);
  if (nats !== undefined) {
    if (servers.length === 0) throw new TypeError('nats needs the address of the broker: hosts: nats://broker:4222');
    checkNats(nats);
  }
  return {addresses: texts.filter(text => !isBroker(text)).map(hostAddress), servers, nats: nats ?? {}, app, ship};
}

const isBroker = (text: unknown): text is string => typeof text === 'string' && text.startsWith('nats:');

function hostAddress(text: string): NetworkAddress {
  const address = parseAddress(text);
  if (address.kind !== 'tls')
    throw new TypeError(
      `hosts: ${formatAddress(address)} is refused: a host is reached by tls://, a broker by nats://`,
    );
  return address;
}
