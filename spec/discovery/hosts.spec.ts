// Two programs on two hosts, and the line between them cut: what each side is told, and that nobody rises from the dead.
// The hosts are network namespaces of Linux with a pair of veth between them, made and removed here.
import {execFileSync} from 'node:child_process';
import {mkdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import type {ExecutionContext} from 'ava';
import {untilGone} from '../kit/processes.js';
import {type Program, startProgram} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';
import {certificates} from '../transport/ends.js';
import {folder} from './linked.js';

const test = spawning();

const ip = (...args: string[]): string => execFileSync('ip', args, {encoding: 'utf8', stdio: 'pipe'});

const why = ((): string => {
  if (!process.env.RXTRACTOR_CI) return 'takes seconds: set RXTRACTOR_CI=1 to run';
  if (process.getuid?.() !== 0) return 'only root can make hosts';
  try {
    const name = `rxprobe${process.pid}`;
    ip('netns', 'add', name);
    ip('netns', 'del', name);
    return '';
  } catch (error) {
    return `no host can be made with ip of iproute2: ${String((error as Error).message)
      .split('\n')
      .at(-1)}`;
  }
})();
const title = (text: string): string => (why === '' ? text : `${text} (skipped: ${why})`);

/** The names are those that the certificates of the specs are for; each host means the same two by them. */
const hosts = [
  {address: '10.231.77.1', hostname: 'elsewhere.invalid', certificate: 'elsewhere'},
  {address: '10.231.77.2', hostname: 'localhost', certificate: 'actor'},
] as const;

interface Host {
  /** How to start something on it. */
  readonly through: readonly string[];
  /** Its end of the line. */
  line(state: 'up' | 'down'): void;
  readonly listen: readonly string[];
  readonly tls: {cert: string; key: string; ca: string};
}

function makeHosts(t: ExecutionContext): readonly [Host, Host] {
  const names = [`rxa${process.pid}`, `rxb${process.pid}`] as const;
  const [left, right] = names;
  t.teardown(() => {
    for (const name of names) {
      try {
        ip('netns', 'del', name);
      } catch {}
      rmSync(`/etc/netns/${name}`, {recursive: true, force: true});
    }
  });
  for (const name of names) {
    ip('netns', 'add', name);
    // Read instead of /etc/hosts by what `ip netns exec` starts.
    mkdirSync(`/etc/netns/${name}`, {recursive: true});
    writeFileSync(`/etc/netns/${name}/hosts`, hosts.map(({address, hostname}) => `${address} ${hostname}\n`).join(''));
  }
  ip('link', 'add', left, 'netns', left, 'type', 'veth', 'peer', 'name', right, 'netns', right);
  const [one, two] = names.map((name, i): Host => {
    const {address, hostname, certificate} = hosts[i as 0 | 1];
    ip('-n', name, 'addr', 'add', `${address}/24`, 'dev', name);
    for (const device of ['lo', name]) ip('-n', name, 'link', 'set', device, 'up');
    const {cert, key, ca} = certificates(certificate);
    return {
      through: ['ip', 'netns', 'exec', name],
      line: state => void ip('-n', name, 'link', 'set', name, state),
      listen: [`tls://${hostname}:0`],
      tls: {cert: String(cert), key: String(key), ca: String(ca)},
    };
  }) as [Host, Host];
  return [one, two];
}

const registry = `tls://${hosts[0].hostname}:4711`;
const silent = {code: 'ERR_TRANSPORT', kind: 'heartbeat'};
const hereMs = 8_000;

function far(t: ExecutionContext, host: Host, name: string, other: string): Program {
  const file = join(folder(t), `${name}${Math.random()}.json`);
  const {listen, tls} = host;
  const root = {name, tls, logLevel: 'silent', timeouts: {heartbeat: 1_000, handshake: 5_000}};
  const roads = name === 'registrar' ? {listen: [registry]} : {listen, registry};
  writeFileSync(file, JSON.stringify({other, root: {...root, ...roads}}));
  return startProgram(t, 'far-town', {args: [file], through: host.through});
}

/** The actors that each program found last, as it said it. */
const lastSeen = new Map<Program, string>();

/** The next line of a kind; others are passed over. */
async function line<T>(program: Program, kind: string): Promise<T> {
  for (;;) {
    const said = await program.next<Record<string, unknown>>();
    if ('seen' in said) lastSeen.set(program, JSON.stringify(said.seen));
    if (kind in said) return said[kind] as T;
  }
}

/** Waits until these are all whom it finds, or until this is why it finds nobody. */
async function sees(program: Program, wanted: unknown): Promise<void> {
  while (lastSeen.get(program) !== JSON.stringify(wanted)) await line(program, 'seen');
}

(why === '' ? test : test.skip)(
  title(
    'K29, K30, D4: of two hosts that lose one another each is told once, and neither finds the other again, nor a name twice',
  ),
  async t => {
    const [one, two] = makeHosts(t);
    const registrar = far(t, one, 'registrar', 'shop');
    await line(registrar, 'up');
    const shop = far(t, two, 'shop', 'registrar');
    t.is(await line(shop, 'streams'), registrar.pid);
    t.is(await line(registrar, 'streams'), shop.pid);
    await sees(registrar, [`registrar ${registrar.pid}`, `shop ${shop.pid}`]);
    two.line('down');
    const healing = delay(hereMs);
    t.deepEqual(await line(registrar, 'ended'), silent);
    t.deepEqual(await line(shop, 'ended'), silent);
    await sees(registrar, [`registrar ${registrar.pid}`]);
    await healing;
    two.line('up');
    // It has come back to the registrar, which does not take it for the one that it was.
    await sees(shop, {code: 'ERR_HANDSHAKE'});
    const anew = far(t, two, 'shop', 'registrar');
    t.is(await line(anew, 'streams'), registrar.pid);
    await sees(anew, [`registrar ${registrar.pid}`, `shop ${anew.pid}`]);
    await sees(registrar, [`registrar ${registrar.pid}`, `shop ${anew.pid}`]);
    // All that was said about an end, by anybody, has been read.
    for (const {stdout} of [registrar, shop]) t.is(stdout.split('"ended"').length, 2, stdout);
    t.is(registrar.stdout.split(String(shop.pid)).length, 3, registrar.stdout);
    for (const program of [shop, anew, registrar]) program.kill('SIGTERM');
    t.deepEqual(await untilGone([shop.pid, anew.pid, registrar.pid]), []);
  },
);
