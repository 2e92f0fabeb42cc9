// Daemons of hosts, started by the command, and roots that place actors on them. Each spec file has certificates of its own.
// Used by the specs of `fleet` that start whole programs.
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {ExecutionContext} from 'ava';
import {
  type ActorDied,
  type Nursery,
  openNursery,
  type Portal,
  type RemoteFn,
  type RootOptions,
} from '../../lib/index.js';
import * as hosted from '../fixtures/hosted.js';
import {commandFile, rxtractor} from '../kit/command.js';
import {hasEnded, killed} from '../kit/ended.js';
import {eventually} from '../kit/eventually.js';
import {patient, unhurried} from '../kit/patient.js';
import type {Owner} from '../kit/program.js';

export const appFolder = fileURLToPath(new URL('../../..', import.meta.url));
export const folder = mkdtempSync(join(tmpdir(), 'rxtractor-hosts-'));
/** The folders of the certificates of two authorities. The hosts have those of the first. */
export const [ours, others] = [join(folder, 'openssl'), join(folder, 'other')];
/** All functions of the fixture. */
export const expose: readonly RemoteFn[] = Object.values(hosted);

/** For `test.before`. */
export async function makeCertificates(t: ExecutionContext): Promise<void> {
  for (const dir of [ours, others]) {
    const {code, stdout} = await rxtractor(['host', '--dev', dir]);
    t.is(code, 0);
    t.deepEqual(
      stdout.trim().split('\n'),
      ['ca.pem', 'host.pem', 'host-key.pem', 'client.pem', 'client-key.pem'].map(file => join(dir, file)),
    );
  }
}

/** For the end of a spec file. */
export const removeCertificates = (): void => rmSync(folder, {recursive: true});

const pem = (dir: string, name: string) => readFileSync(join(dir, `${name}.pem`));
export const tlsOf = (dir: string, name: string) => ({
  cert: pem(dir, name),
  key: pem(dir, `${name}-key`),
  ca: pem(dir, 'ca'),
});

export interface Host {
  readonly address: string;
  readonly daemon: ChildProcess;
  /** All of its stderr so far. */
  stderr(): string;
}

export interface HostOptions {
  /** Default: a free port of 127.0.0.1. */
  readonly listen?: string;
  /** Default: the folder of this package. */
  readonly app?: string;
  /** The user of the daemon, where this process is root. Default: root. */
  readonly user?: string;
  /** A command that becomes Node, as `ip netns exec …` does. */
  readonly through?: readonly string[];
  /** Their folder. Default: those of the spec. */
  readonly certificates?: string;
}

export async function startHost(
  t: ExecutionContext,
  name: string,
  args: readonly string[] = [],
  options: HostOptions = {},
): Promise<Host> {
  const host = await spawnHost(t, name, args, options);
  t.teardown(() => {
    if (!t.passed && host.stderr() !== '') t.log(`${name}: ${host.stderr()}`);
  });
  return host;
}

/** Resolves when it serves. @throws Error with what it has said */
export async function spawnHost(
  owner: Owner,
  name: string,
  args: readonly string[] = [],
  {listen = 'tls://127.0.0.1:0', app = appFolder, user = 'root', through = [], certificates = ours}: HostOptions = {},
): Promise<Host> {
  const pemOf = (file: string): string => join(certificates, `${file}.pem`);
  const files = ['--cert', pemOf('host'), '--key', pemOf('host-key'), '--ca', pemOf('ca')];
  const asUser = process.getuid?.() === 0 ? ['--user', user] : [];
  const own = ['host', '--listen', listen, '--name', name, '--app', app, '--may-spawn', 'CN=client'];
  const [command = '', ...rest] = [...through, process.execPath, commandFile, ...own, ...files, ...asUser, ...args];
  const {TMPDIR, PATH} = process.env;
  const daemon = spawn(command, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {APP_HOME: 'there', SECRET: 'of the host', PATH, ...(TMPDIR !== undefined && {TMPDIR})},
  });
  let stderr = '';
  daemon.stderr.on('data', chunk => {
    stderr += String(chunk);
  });
  owner.teardown(() => killed(daemon));
  const said = await Promise.race([once(daemon.stdout, 'data').then(([line]) => String(line)), once(daemon, 'close')]);
  const [, address = ''] = new RegExp(`^rxtractor host ${name} is ready: (.*)\n$`).exec(String(said)) ?? [];
  if (!/^tls:\/\/[^:]+:\d+$/.test(address)) throw new Error(`${name} is not ready: ${stderr}`);
  return {address, daemon, stderr: () => stderr};
}

/** Resolves with the code or the signal of a daemon that has been asked to end. */
export async function exitOf({daemon}: Host): Promise<number | string> {
  await eventually(() => hasEnded(daemon), 'the end of the daemon');
  return daemon.exitCode ?? (daemon.signalCode as string);
}

/** Runs a body in a root that has these hosts. */
export function withHosts<T>(
  hosts: readonly Pick<Host, 'address'>[],
  body: (nursery: Nursery) => Promise<T>,
  options: RootOptions = {},
): Promise<T> {
  const addresses = hosts.map(({address}) => address);
  return openNursery(body, {...unhurried, hosts: addresses, tls: tlsOf(ours, 'client'), ...options});
}

/** The death of an actor whose owner asks for nothing: the nursery fails with it. */
export async function deathOf(
  t: ExecutionContext,
  host: Host,
  end: (portal: Portal) => unknown,
  lease: number = unhurried.timeouts.lease,
  exposed = expose,
): Promise<{died: ActorDied; pid: number}> {
  let pid = 0;
  const timeouts = {...patient.timeouts, lease};
  const died = (await t.throwsAsync(
    withHosts(
      [host],
      async nursery => {
        const portal = await nursery.startActor('worker', {expose: exposed, host: 'h1'});
        pid = portal.actor.pid;
        await end(portal);
        await portal.ended;
      },
      {timeouts},
    ),
  )) as ActorDied;
  return {died, pid};
}
