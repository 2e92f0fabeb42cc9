/**
 * The option `nats` of a root, and the addresses of a broker.
 * Floor 6: beside `host-addresses`; it does not load the package of NATS, nor its types.
 */
import {checkKeys, checkText} from '../base/option-checks.js';

/** How a program proves to the broker who it is. One of the ways; none for a broker on this host that asks nothing. */
export interface NatsOptions {
  /** The text of a credentials file: a JWT and its seed. */
  readonly creds?: string;
  /** The name of a user of the broker. Needs `pass`. */
  readonly user?: string;
  /** The password of `user`. */
  readonly pass?: string;
  /** The seed of an nkey: `SU…`. */
  readonly nkey?: string;
}

/** The address of a server of NATS, as `host:port`. @throws TypeError */
export function natsServer(text: string): string {
  const [, host, port = '4222'] = /^nats:\/\/(\[[0-9a-f:.]+\]|[^\s:/?#@[\]]+)(?::(\d{1,5}))?\/?$/i.exec(text) ?? [];
  if (/^nats:\/\/[^/]*@/.test(text))
    throw new TypeError('hosts: the user and the password of a broker stand in nats: {user, pass}, not in its address');
  if (host === undefined || Number(port) > 65_535 || Number(port) === 0)
    throw new TypeError(`${JSON.stringify(text)} is not the address of a broker: nats://host:4222`);
  return `${host}:${port}`;
}

const known = new Set(['creds', 'user', 'pass', 'nkey']);

/** @throws TypeError */
export function checkNats(nats: NatsOptions): void {
  if (typeof nats !== 'object' || nats === null)
    throw new TypeError('nats is an object: {creds}, {user, pass} or {nkey}');
  checkKeys(nats, known, 'nats: ');
  for (const [key, value] of Object.entries(nats)) if (value !== undefined) checkText(`nats.${key}`, value);
  const ways = [nats.creds, nats.user, nats.nkey].filter(way => way !== undefined);
  if (ways.length > 1 || (nats.pass !== undefined) !== (nats.user !== undefined))
    throw new TypeError('nats takes one of {creds}, {user, pass} and {nkey}');
  if (nats.creds !== undefined && !nats.creds.includes('-----BEGIN'))
    throw new TypeError('nats.creds is the text of a credentials file, not its path');
}
