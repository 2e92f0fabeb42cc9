/**
 * Measures the roads to an actor in one run: the socketpair of a child, TCP on loopback, TLS to a host, TLS through a server of NATS, and the
 * road through the tree to an actor behind the one on a host; and what a stream that nobody reads costs others on the last one.
 * Run by hand: `node .ci/setup.mjs && node dist/spec/bench/host-roads.js [ROUNDS]`. It prints times as parts of those over TCP, because
 * the times themselves are those of this machine. Above `work`.
 */
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {fileURLToPath} from 'node:url';
import {connect, type Nursery, openNursery, type Portal, waitForActor} from '../../lib/index.js';
import {freePort, NatsServer} from '../kit/nats-server.js';
import {Certificates, placeByRoads, relayOf} from '../kit/relayed-host.js';
import * as actors from './actors.js';
import {latency, median} from './measure.js';
import {type RoadName, roads} from './work.js';

const rounds = Number(process.argv[2] ?? 5);
const amounts = {
  'a call, one after the other': 1_000,
  'a buffer of 64 KiB': 800,
  'a small object, gathered': 60_000,
} satisfies Partial<Record<RoadName, number>>;
type Measured = keyof typeof amounts;

const end = fileURLToPath(new URL('road-end.js', import.meta.url));

/** Starts the other end of a road. Resolves with its address. */
async function startEnd(ends: ChildProcess[], ...args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [end, ...args], {stdio: ['pipe', 'pipe', 'inherit']});
  ends.push(child);
  const [address] = await once(child.stdout, 'data');
  return String(address).trim();
}

/** Asks each road for the same, in turn, and keeps the best time of each. */
async function measure(portals: Readonly<Record<string, Portal>>): Promise<Map<string, number>> {
  const best = new Map<string, number>();
  for (let round = 0; round <= rounds; round++)
    for (const what of Object.keys(amounts) as Measured[])
      for (const [road, portal] of Object.entries(portals)) {
        const begun = performance.now();
        await roads[what](portal, amounts[what]);
        const took = performance.now() - begun;
        const key = `${what} ${road}`;
        // The first round warms up.
        if (round > 0) best.set(key, Math.min(took, best.get(key) ?? Number.POSITIVE_INFINITY));
      }
  return best;
}

function print(names: readonly string[], best: Map<string, number>): void {
  const time = (what: Measured, road: string): number => best.get(`${what} ${road}`) as number;
  console.log('| road | time of a call | speed of buffers of 64 KiB | speed of small objects |\n|---|---|---|---|');
  for (const road of names) {
    const [call, buffers, objects] = (Object.keys(amounts) as Measured[]).map(
      what => time(what, road) / time(what, 'tcp'),
    );
    const ratio = (value = 0): string => value.toFixed(2);
    console.log(`| ${road} | ${ratio(call)} | ${ratio(1 / (buffers ?? 1))} | ${ratio(1 / (objects ?? 1))} |`);
  }
}

const stalledBytes = 16 * 1024;

/** How long calls to an actor behind the broker take: alone, and beside a stream of another one that nobody reads. In turns. */
async function printBesideStalled(nursery: Nursery): Promise<void> {
  const other = await nursery.startActor('other', {expose: [actors.echo], host: 'relayed'});
  const call = (value: number): Promise<number> => other.run(actors.echo, value);
  await latency(call);
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = await latency(call);
    const held = await nursery.startActor(`held-${round}`, {expose: [actors.floods], host: 'relayed'});
    const reading = (await held.openContext(actors.floods, stalledBytes)).openStream().iterate();
    await reading.next();
    const beside = await latency(call);
    await held.cancelActor();
    ratios.push((beside.p99 as number) / (before.p99 as number));
  }
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map(ratio => ratio.toFixed(2));
  console.log(
    `p99 of a call through the broker beside a stalled stream / alone: ${median(ratios).toFixed(2)} (${least}–${most})`,
  );
}

const ends: ChildProcess[] = [];
const server = await NatsServer.start();
const certificates = await Certificates.make();
try {
  const listening = await startEnd(ends, 'root', String(await freePort()));
  const direct = await startEnd(ends, 'host', String(server.port), certificates.folder);
  await openNursery(
    async nursery => {
      const nobody = `tls://127.0.0.1:${await freePort()}`;
      const relay = await relayOf(server, 'root');
      placeByRoads({direct: {address: direct}, relayed: {address: nobody, relay}}, certificates.of('client'));
      const expose = [new URL('actors.js', import.meta.url)];
      await using tcp = await connect(listening, {secret: actors.secret});
      const onHost = await nursery.startActor('direct', {expose, host: 'direct'});
      const held = await onHost.openContext(actors.hasBelow, 'below');
      const portals = {
        socketpair: await nursery.startActor('child', {expose}),
        tcp,
        'TLS to a host': onHost,
        'through the tree': await waitForActor('below'),
        'TLS through a broker': await nursery.startActor('relayed', {expose, host: 'relayed'}),
      };
      print(Object.keys(portals), await measure(portals));
      await held.cancel();
      await printBesideStalled(nursery);
    },
    {timeouts: {spawn: 120_000, handshake: 120_000, lease: 120_000}},
  );
} finally {
  for (const {stdin} of ends) stdin?.end();
  await server.close();
  certificates.dispose();
}
