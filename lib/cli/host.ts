/**
 * `rxtractor host`: the daemon of a host, on which other programs start actors.
 * Floor 10: a command; `fleet/daemon` does the work.
 */
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {hostname} from 'node:os';
import {resolve} from 'node:path';
import {appIn} from '../actor/codebase.js';
import {log} from '../base/log.js';
import type {BrokerOptions} from '../fleet/broker-link.js';
import type {BundleOptions} from '../fleet/bundle-door.js';
import type {Daemon} from '../fleet/daemon.js';
import type {Drainable} from '../fleet/drain.js';
import {nowhere} from '../fleet/host-info.js';
import {checkNats, type NatsOptions, natsServer} from '../fleet/nats-options.js';
import {type Quota, quotaIn} from '../fleet/quotas.js';
import {isSubject, subjectIn} from '../fleet/subject.js';
import {formatAddress, type NetworkAddress, parseAddress} from '../transport/address.js';
import {type Command, type ExitCode, exit, type Given, UsageError} from './command.js';
import {makeCertificates} from './dev-certificates.js';
import {type Io, line} from './io.js';

type Options = Given['options'];

export const host: Command = {
  name: 'host',
  summary: 'lets other programs start actors on this host',
  operands: [],
  options: {
    listen: {type: 'string', value: 'ADDR', help: 'Where it is reached. Default tls://127.0.0.1:7400.'},
    advertise: {type: 'string', value: 'ADDR', help: 'Where others reach it, if not at --listen. none: nowhere.'},
    nats: {type: 'string', many: true, value: 'URL', help: 'A broker: nats://broker:4222. May be repeated.'},
    'nats-creds': {type: 'string', value: 'FILE', help: 'Credentials for the broker.'},
    'nats-user': {type: 'string', value: 'NAME', help: 'A user of the broker.'},
    'nats-pass-file': {type: 'string', value: 'FILE', help: 'The file with the password of this user.'},
    'nats-nkey': {type: 'string', value: 'FILE', help: 'The file with the seed of an nkey for the broker.'},
    labels: {type: 'string', value: 'LIST', help: "What programs may choose it by: 'gpu,eu'."},
    app: {type: 'string', value: 'DIR', help: 'The app whose modules may run here: a folder.'},
    name: {type: 'string', value: 'N', help: 'The name of this host. Default: that of the system.'},
    cert: {type: 'string', value: 'FILE', help: 'The certificate of this host, as PEM.'},
    key: {type: 'string', value: 'FILE', help: 'Its private key.'},
    ca: {type: 'string', value: 'FILE', help: 'The certificate of the authority to trust.'},
    'may-spawn': {
      type: 'string',
      many: true,
      value: 'SUBJ',
      help: "Who may start actors: 'CN=deploy'. May be repeated.",
    },
    'max-actors': {type: 'string', value: 'N', help: 'How many at a time. Default 64.'},
    'subject-actors': {type: 'string', many: true, value: 'N', help: 'How many at a time for each of --may-spawn.'},
    'subject-spawns': {type: 'string', many: true, value: 'N', help: 'How many each of them starts within a second.'},
    'accept-bundles': {type: 'boolean', help: 'Run bundles that programs ship: any code of theirs.'},
    'bundles-from': {type: 'string', many: true, value: 'SUBJ', help: 'Who may ship them. May be repeated.'},
    'bundle-folder': {type: 'string', value: 'DIR', help: 'Where they are kept. Default: among temporary files.'},
    'allow-env': {type: 'string', value: 'NAMES', help: "Variables: 'NODE_ENV,APP_*'."},
    'allow-exec-argv': {type: 'string', value: 'ARGS', help: "Arguments for Node: '--expose-gc,--trace-gc'."},
    user: {type: 'string', value: 'NAME', help: 'Run as this user. Needed when started by root.'},
    drain: {type: 'boolean', help: 'Let the daemon --name end after its actors.'},
    dev: {type: 'string', value: 'DIR', help: 'Make certificates for trying out in DIR, and end.'},
  },
  about: `
Starts a process for each actor that a program places here with startActor(name,
{host}), and kills it when that program has not been heard for timeouts.lease.
Programs show a certificate of the same authority, and its whole subject must be
one of --may-spawn. Modules run from DIR alone: a program of the same name in
package.json names them by their paths. With --nats it tells at the broker that
it is there, so that programs need no list of hosts, and those that cannot reach
it directly reach it through the broker.

--subject-actors and --subject-spawns take 16 for each subject, or 'CN=ci:4' for
one of them, and may be repeated. --max-actors is for all together.

With --accept-bundles it runs what the programs of --bundles-from ship: any code,
as the user of the daemon.

SIGTERM drains it: it takes no new actors, and ends with 0 when the last one has
ended. So does rxtractor host --drain --name N, which waits until the daemon is
gone. Ctrl-C ends it at once: with 1 when it has killed actors, else with 0. A
second signal kills it, and the system its actors.
`,
  async run({options}, io) {
    if (typeof options.dev === 'string') {
      for (const file of await makeCertificates(resolve(options.dev))) line(io.out, file);
      return exit.fine;
    }
    return options.drain ? drain(options, io) : serve(options, io);
  },
};

async function serve(options: Options, {out, err, interrupted}: Io): Promise<ExitCode> {
  const wanted = optionsOf(options);
  // After the keys were read, which may be for root alone.
  becomeUser(options.user);
  const {openDaemon} = await import('../fleet/daemon.js');
  const daemon = await openDaemon(wanted);
  const atBroker = wanted.broker && (await joinBroker(wanted.broker, daemon));
  const closeControl = await openControl(wanted.name, daemon);
  line(out, `rxtractor host ${wanted.name} is ready: ${daemon.address}`);
  const signal = await Promise.race([daemon.drained, aborted(interrupted)]);
  if (signal === 'SIGTERM') {
    line(err, `rxtractor host ${wanted.name} takes no new actors, and ends after those that it has: ${daemon.actors}`);
    daemon.drain();
    await daemon.drained;
  }
  const killed = daemon.actors;
  atBroker?.leave();
  await daemon.close();
  await atBroker?.close();
  await closeControl();
  if (killed === 0) return exit.fine;
  line(err, `rxtractor host ${wanted.name} has killed the actors that it had: ${killed}`);
  return exit.error;
}

/** Where no private folder can be made, signals alone drain it. */
async function openControl(name: string, daemon: Drainable): Promise<() => Promise<void>> {
  const {openHostControl} = await import('../fleet/host-control.js');
  try {
    return await openHostControl(name, daemon);
  } catch (error) {
    log('warn', 'rxtractor host --drain cannot find this daemon: SIGTERM drains it', {error});
    return async () => {};
  }
}

async function drain(options: Options, {out, interrupted}: Io): Promise<ExitCode> {
  if (options.user !== undefined) becomeUser(options.user);
  const {drainHost} = await import('../fleet/host-control.js');
  const name = nameIn(options);
  const draining = await drainHost(name);
  line(out, `${name} takes no new actors, and ends after those that it has: ${draining.actors}`);
  const signal = await Promise.race([draining.gone, aborted(interrupted)]);
  if (signal === undefined) return exit.fine;
  draining.leave();
  throw new Error(`${name} goes on draining: this command was interrupted`);
}

/** Resolves with the name of the signal. */
async function aborted(interrupted: AbortSignal): Promise<unknown> {
  if (!interrupted.aborted) await once(interrupted, 'abort');
  return interrupted.reason;
}

const nameIn = ({name}: Options): string => (name as string | undefined) ?? hostname();

interface AtBroker {
  /** Says that the host ends. */
  leave(): void;
  /** Closes the connections to the broker, so that programs reach the daemon only directly. */
  close(): Promise<void>;
}

/** The broker tells programs of the daemon, and those that cannot reach it directly reach it through the broker. */
async function joinBroker(broker: BrokerOptions, daemon: Daemon): Promise<AtBroker> {
  const [{BrokerLink}, {BrokerRelay}, {announce}] = await Promise.all([
    import('../fleet/broker-link.js'),
    import('../fleet/broker-relay.js'),
    import('../fleet/announcer.js'),
  ]);
  const link = await BrokerLink.open(broker);
  const relay = new BrokerRelay(link, broker.self);
  daemon.listenAt(relay);
  return {leave: announce(link, daemon), close: () => relay.close()};
}

function optionsOf(options: Options) {
  const needed = (name: string): string => {
    const value = options[name];
    if (typeof value !== 'string') throw new UsageError(`host needs --${name}`);
    return value;
  };
  const list = (name: string, otherwise: string): string[] =>
    ((options[name] as string | undefined) ?? otherwise).split(',').filter(entry => entry !== '');
  const maxActors = Number(options['max-actors'] ?? 64);
  if (!Number.isSafeInteger(maxActors) || maxActors < 1) throw new UsageError('--max-actors takes a number from 1 on');
  const maySpawn = (options['may-spawn'] ?? []) as readonly string[];
  if (maySpawn.length === 0) throw new UsageError("host needs --may-spawn 'CN=…': who may start actors here");
  const quotas = {
    actors: quotasOf(options, 'subject-actors', maySpawn),
    spawns: quotasOf(options, 'subject-spawns', maySpawn),
  };
  const bundles = bundlesOf(options);
  const name = nameIn(options);
  if (name === 'any' || name.includes('://')) throw new UsageError(`--name ${name}: this means something else`);
  const address = addressOf((options.listen as string | undefined) ?? 'tls://127.0.0.1:7400');
  return {
    name,
    address,
    advertised: advertisedOf(options, address),
    labels: list('labels', ''),
    broker: brokerOf(options, name),
    app: appIn(resolve(needed('app'))),
    tls: {cert: readFileSync(needed('cert')), key: readFileSync(needed('key')), ca: readFileSync(needed('ca'))},
    maySpawn,
    maxActors,
    quotas,
    bundles,
    allowEnv: list('allow-env', 'NODE_ENV,TZ,LANG,LC_*'),
    allowExecArgv: list('allow-exec-argv', ''),
  };
}

/** @throws UsageError also for a subject that may place nothing: there the quota of the one that was meant would be missing */
function quotasOf(options: Options, name: string, maySpawn: readonly string[]): Quota[] {
  return ((options[name] ?? []) as readonly string[]).map(text => {
    const quota = quotaIn(text);
    if (!quota) throw new UsageError(`--${name} takes a number from 1 on, or 'CN=ci:4' for one subject, not ${text}`);
    const {subject} = quota;
    if (subject !== undefined && !maySpawn.some(allowed => isSubject(allowed, subjectIn(subject))))
      throw new UsageError(`--${name} ${text}: ${subject} is not one of --may-spawn`);
    return quota;
  });
}

/** Undefined: it takes none. */
function bundlesOf(options: Options): BundleOptions | undefined {
  const from = (options['bundles-from'] ?? []) as readonly string[];
  const folder = options['bundle-folder'] as string | undefined;
  if (!options['accept-bundles']) {
    if (from.length > 0 || folder !== undefined)
      throw new UsageError('--bundles-from and --bundle-folder are for --accept-bundles');
    return undefined;
  }
  if (from.length === 0)
    throw new UsageError("--accept-bundles needs --bundles-from 'CN=…': who may ship bundles here");
  return {from, folder: folder === undefined ? undefined : resolve(folder)};
}

function addressOf(text: string, option = 'listen'): NetworkAddress {
  const address = parseAddress(text);
  if (address.kind !== 'tls') throw new UsageError(`--${option} takes tls://HOST:PORT, not ${text}`);
  return address;
}

/** The address that programs get. No program can connect to one that means every interface, so the name of the system stands for it. */
function advertisedOf({advertise, nats}: Options, listen: NetworkAddress): string | undefined {
  const text = advertise as string | undefined;
  if (text === nowhere) {
    if (nats === undefined) throw new UsageError('--advertise none needs --nats: nobody else could reach this host');
    return nowhere;
  }
  if (text !== undefined) return formatAddress(addressOf(text, 'advertise'));
  if (listen.host !== '0.0.0.0' && listen.host !== '::') return undefined;
  if (listen.port === 0) throw new UsageError('--listen with all interfaces and port 0 needs --advertise');
  return formatAddress({...listen, host: hostname()});
}

/** Undefined: without a broker. */
function brokerOf(options: Options, self: string): BrokerOptions | undefined {
  const file = (name: string): string | undefined => {
    const path = options[name] as string | undefined;
    return path === undefined ? undefined : readFileSync(path, 'utf8').trim();
  };
  const given = {
    creds: file('nats-creds'),
    user: options['nats-user'] as string | undefined,
    pass: file('nats-pass-file'),
    nkey: file('nats-nkey'),
  };
  const nats = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as NatsOptions;
  const urls = (options.nats ?? []) as readonly string[];
  if (urls.length === 0 && Object.keys(nats).length > 0) throw new UsageError('--nats says where the broker is');
  if (urls.length === 0) return undefined;
  checkNats(nats);
  return {servers: urls.map(natsServer), nats, self};
}

/** Actors run as the user of the daemon. That must not be root by mistake. */
function becomeUser(name: Options[string]): void {
  const isRoot = process.getuid?.() === 0;
  if (typeof name !== 'string') {
    if (isRoot) throw new UsageError('it does not run as root: --user NAME says as whom');
    return;
  }
  const entry = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map(row => row.split(':'))
    .find(([user]) => user === name);
  if (!entry) throw new UsageError(`there is no user ${name}`);
  const [uid, gid] = [Number(entry[2]), Number(entry[3])];
  if (uid === process.getuid?.()) return;
  // With all groups of the user. The types of Node do not know it.
  (process as unknown as {initgroups?(user: string, group: number): void}).initgroups?.(name, gid);
  process.setgid?.(gid);
  process.setuid?.(uid);
}
