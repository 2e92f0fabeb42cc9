/**
 * The names at a root: it keeps the list itself or joins the registrar of another program, and it listens where the user wants.
 * Floor 6: above `names` and `joined-registrar`; the boot of a root opens and closes it.
 */
import type {Actor} from '../actor/actor.js';
import {type Address, formatAddress, parseAddress} from '../transport/address.js';
import type {TlsOptions} from '../transport/tls.js';
import {JoinedRegistrar} from './joined-registrar.js';
import {Names} from './names.js';
import type {Reachability} from './reachability.js';
import {newSecret, secretOf} from './secret.js';

/** Options of a root: how its actors find actors of other programs, and are found by them. */
export interface DiscoveryOptions {
  /**
   * Addresses at which this program is reached, besides the private Unix socket of each actor: `unix:/path`, `tcp://127.0.0.1:0`
   * (this host only), `tls://host:port`. Port 0 lets the system choose. The other actors of the program listen at the same hosts,
   * on ports of their own. Default: none.
   */
  readonly listen?: readonly string[];
  /** The address of another program whose list of actors this program joins. Default: this program keeps its own list. */
  readonly registry?: string;
  /**
   * The secret that all programs that talk to one another share, at least 16 bytes. Required with a `unix:` or `tcp:` address in
   * `listen` or `registry`. Default: a random one for this tree alone; then other programs can connect only by `tls:`, and need
   * only a certificate.
   */
  readonly secret?: Uint8Array | string;
  /** Certificates of this side. Required for `tls:` addresses. */
  readonly tls?: TlsOptions;
}

/** Rejects with TypeError for options that do not fit, and with the error that keeps it from listening or joining. */
export async function openNamesAtRoot(root: Actor, options: DiscoveryOptions): Promise<Names> {
  const {listen = [], registry, secret, tls} = options;
  if (!Array.isArray(listen)) throw new TypeError('listen takes a list of addresses');
  const own = listen.map(parseAddress);
  const registrar = registry === undefined ? undefined : parseAddress(registry);
  const shared = [...own, ...(registrar ? [registrar] : [])].find(({kind}) => kind !== 'tls');
  if (shared && secret === undefined)
    throw new TypeError(`${formatAddress(shared)} needs a secret that both programs know: secret: '…'`);
  const proof = secret === undefined ? {secret: newSecret(), isTreeSecret: true, tls} : {secret: secretOf(secret), tls};
  const reachability: Reachability = {...proof, listen: own.flatMap(elsewhere)};
  root.tree = {...root.tree, reachability};
  const joined = registrar && new JoinedRegistrar(root, registrar);
  const names = new Names(root, {...proof, listen: []}, joined);
  try {
    if (own.length > 0) await (await names.connections()).listenAt(own);
    await joined?.open(names);
  } catch (error) {
    await names.close();
    throw error;
  }
  return names;
}

/** The address for another actor: the same host, and a port that the system chooses. A path belongs to one actor alone. */
function elsewhere(address: Address): string[] {
  return address.kind === 'unix' ? [] : [formatAddress({...address, port: 0})];
}
