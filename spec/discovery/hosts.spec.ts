// Two programs on two hosts, and the line between them cut: what each side is told, and that nobody rises from the dead.
// The hosts are network namespaces of Linux with a pair of veth between them.
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import type {ExecutionContext} from 'ava';
import {makeSpaces, type Space, titleWithSpaces, whyNoSpaces} from '../kit/namespaces.js';
import {untilGone} from '../kit/processes.js';
import {type Program, startProgram} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';
import {certificates} from '../transport/ends.js';
import {folder} from './linked.js';

const test = spawning();

/** The names are those that the certificates of the specs are for; each host means the same two by them. */
const hosts = [
  {address: '10.231.77.1', hostname: 'elsewhere.invalid', certificate: 'elsewhere'},
  {address: '10.231.77.2', hostname: 'localhost', certificate: 'actor'},
] as const;

interface Host extends Space {
  readonly listen: readonly string[];
  readonly tls: {cert: string; key: string; ca: string};
}

function makeHosts(t: ExecutionContext): readonly [Host, Host] {
  const [one, two] = makeSpaces(t, 'rx', hosts);
  const hostOf = (space: Space, {hostname, certificate}: (typeof hosts)[number]): Host => {
    const {cert, key, ca} = certificates(certificate);
    return {
      ...space,
      listen: [`tls://${hostname}:0`],
      tls: {cert: String(cert), key: String(key), ca: String(ca)},
    };
  };
  return [hostOf(one, hosts[0]), hostOf(two, hosts[1])];
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

(whyNoSpaces === '' ? test : test.skip)(
  titleWithSpaces(
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
