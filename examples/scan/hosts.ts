/**
 * The scan on several hosts: how the root finds them, and how many actors they have room for.
 * Serves `main` where `--hosts` is given. Each host reads the files at the same paths, so they share a folder or have copies of it.
 */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {listHosts, type RootOptions} from 'rxtractor';
import {mostActors, UsageError} from './options.js';

/** The options of the command line that name other hosts, and the certificates with which the scan shows itself to them. */
export interface Hosts {
  /** `nats://…` of a broker that tells of hosts, or `tls://…` of each host. */
  readonly addresses: readonly string[];
  /** The folder of the certificates, as `rxtractor host --dev` makes it. */
  readonly certificates: string;
  /** The file with which the program proves to the broker who it is. */
  readonly credentials: string | undefined;
}

/** Throws `UsageError` for a file that cannot be read. */
export function rootOptionsOf({addresses, certificates, credentials}: Hosts): RootOptions {
  const pem = (name: string): string => textOf(join(certificates, `${name}.pem`));
  return {
    hosts: addresses,
    tls: {cert: pem('client'), key: pem('client-key'), ca: pem('ca')},
    ...(credentials !== undefined && {nats: {creds: textOf(credentials)}}),
  };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** One actor per core of each host, as far as the host takes them. */
export async function actorsOnHosts(): Promise<number> {
  const hosts = await listHosts();
  const room = hosts.map(({cores, actors, maxActors}) => Math.min(cores, maxActors - actors));
  const sum = room.reduce((all, each) => all + Math.max(0, each), 0);
  return Math.min(Math.max(sum, 1), mostActors);
}
