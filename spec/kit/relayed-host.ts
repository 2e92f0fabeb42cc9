/**
 * A host that is reached through a server of NATS: its daemon in this process, and how a root places actors on it.
 * Above the kit; used by spec/fleet/relayed-host.spec.ts and by the benchmark of roads.
 */
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {Actor} from '../../lib/actor/actor.js';
import {appIn} from '../../lib/actor/codebase.js';
import {current} from '../../lib/base/current.js';
import {makeCertificates} from '../../lib/cli/dev-certificates.js';
import {type Daemon, openDaemon} from '../../lib/fleet/daemon.js';
import {HostLink} from '../../lib/fleet/host-link.js';
import {placeOn} from '../../lib/fleet/remote-body.js';
import {type Relay, Road} from '../../lib/fleet/road.js';
import {placers} from '../../lib/nursery/backends/spawner.js';
import {type NetworkAddress, parseAddress} from '../../lib/transport/address.js';
import type {TlsOptions} from '../../lib/transport/tls.js';
import {type NatsServer, natsBroker} from './nats-server.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Certificates for trying out, until they are disposed of. */
export class Certificates {
  readonly folder: string;

  static async make(): Promise<Certificates> {
    const made = new Certificates(mkdtempSync(join(tmpdir(), 'rxtractor-relayed-')));
    await makeCertificates(made.folder);
    return made;
  }

  /** @param folder where they were made */
  constructor(folder: string) {
    this.folder = folder;
  }

  of(name: 'host' | 'client'): TlsOptions {
    const read = (file: string): Buffer => readFileSync(join(this.folder, `${file}.pem`));
    return {cert: read(name), key: read(`${name}-key`), ca: read('ca')};
  }

  dispose(): void {
    rmSync(this.folder, {recursive: true});
  }
}

/** Two connections of a process to the broker. */
export async function relayOf(server: NatsServer, self: string): Promise<Relay> {
  const [control, data] = await Promise.all([server.connect(), server.connect()]);
  return {self, control: natsBroker(control), data: natsBroker(data)};
}

export async function openHost(certificates: Certificates, name: string, relay: Relay): Promise<Daemon> {
  const daemon = await openDaemon({
    name,
    address: {kind: 'tls', host: '127.0.0.1', port: 0},
    tls: certificates.of('host'),
    app: appIn(root),
    maySpawn: ['CN=client'],
    maxActors: 64,
    quotas: {actors: [], spawns: []},
    bundles: undefined,
    allowEnv: [],
    allowExecArgv: [],
    labels: [],
    advertised: undefined,
  });
  daemon.listenAt(relay);
  return daemon;
}

/** Lets the root whose code runs now place actors on these hosts, by their names. @param hosts where each can be reached */
export function placeByRoads(
  hosts: Readonly<Record<string, {address?: string; relay?: Relay | undefined}>>,
  tls: TlsOptions,
): (name: string) => Promise<HostLink> {
  const actor = current()?.runtime as Actor;
  const links = new Map<string, Promise<HostLink>>();
  const linkTo = (name: string): Promise<HostLink> => {
    const {address, relay} = hosts[name] as (typeof hosts)[string];
    const parsed = address === undefined ? undefined : (parseAddress(address) as NetworkAddress);
    const link = links.get(name) ?? HostLink.open(actor, new Road(actor, {host: 'h1', address: parsed, tls, relay}));
    links.set(name, link);
    return link;
  };
  placers.attach(actor, {
    place: async request => placeOn(await linkTo(request.host as string), request),
    list: async () => [],
    watch: () => () => {},
    close: async () => {
      for (const link of links.values())
        link.then(
          opened => opened.close(),
          () => {},
        );
    },
  });
  return linkTo;
}
