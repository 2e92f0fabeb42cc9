/**
 * Measures how soon it is seen that something between a program and its actor on another host has gone, and writes the table of
 * docs/explain/hosts.md.
 * By hand: `RXTRACTOR_CI=1 node dist/spec/bench/host-detection.js --rounds 5` prints it; with `--write` it goes into the page. With 0 rounds
 * it has the bounds alone. Above the kit of the specs.
 */
import {availableParallelism, loadavg} from 'node:os';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {BrokerLink} from '../../lib/fleet/broker-link.js';
import {leaseTimes} from '../../lib/fleet/lease.js';
import {writeSection} from '../faults/pages.js';
import {removeCertificates, spawnHost} from '../fleet/daemons.js';
import {makeSpaces, type Space, whyNoSpaces} from '../kit/namespaces.js';
import {type NatsServer, startNatsServer, withoutNatsServer} from '../kit/nats-server.js';
import {untilGone} from '../kit/processes.js';
import {type Owner, type Program, startProgram} from '../kit/program.js';
import {Certificates} from '../kit/relayed-host.js';
import {table} from './text.js';

const page = 'docs/explain/hosts.md';
/** `timeouts.lease` of the program, in ms. */
const lease = 2_000;
const {kill, fenced} = leaseTimes(lease);
/** The kernel and the library, from the first sign of a death to its verdict (rule T17). */
const verdict = 250;
/** Rule T11. */
const orphan = 2_000;
/** The watchdog kills later than the daemon by this. */
const grace = 100;

interface Faulty {
  readonly actor: number;
  readonly program: number;
  readonly daemon: number;
  readonly line: Space | undefined;
}

/** Times in ms, from the fault on. */
interface Seen {
  /** Until the call of the program has rejected. Undefined: nobody can be told. */
  readonly told: number | undefined;
  /** Until the process of the actor was gone. */
  readonly gone: number;
}

interface Case {
  readonly what: string;
  readonly fault: (at: Faulty) => void;
  /** The bounds of what is seen. */
  readonly told: number | undefined;
  readonly gone: number | undefined;
  readonly needsSpaces?: boolean;
}

const signal =
  (which: 'actor' | 'program' | 'daemon', name: NodeJS.Signals) =>
  (at: Faulty): void =>
    void process.kill(at[which], name);

const cases: readonly Case[] = [
  {what: 'the actor is killed', fault: signal('actor', 'SIGKILL'), told: verdict, gone: undefined},
  {what: 'the daemon is killed', fault: signal('daemon', 'SIGKILL'), told: verdict, gone: orphan},
  {what: 'the program is killed', fault: signal('program', 'SIGKILL'), told: undefined, gone: orphan},
  {what: 'the daemon stands still', fault: signal('daemon', 'SIGSTOP'), told: fenced, gone: kill + grace},
  {what: 'the program stands still', fault: signal('program', 'SIGSTOP'), told: undefined, gone: kill},
  {what: 'the line is cut', fault: ({line}) => line?.line('down'), told: fenced, gone: kill, needsSpaces: true},
];

/** What is started for one measurement ends with it, the last first. */
async function owning<T>(body: (owner: Owner) => Promise<T>): Promise<T> {
  const ends: (() => unknown)[] = [];
  try {
    return await body({teardown: end => void ends.unshift(end)});
  } finally {
    for (const end of ends) await end();
  }
}

/** The certificate of the daemon is for localhost: each host means the second one by that. */
const places = [
  {address: '10.231.79.1', hostname: 'elsewhere.invalid'},
  {address: '10.231.79.2', hostname: 'localhost'},
] as const;

let files = 0;

/** A program with an actor on another host, of which something goes. */
const measure = ({fault, told, needsSpaces = false}: Case, {folder}: Certificates): Promise<Seen> =>
  owning(async owner => {
    const [near, far] = needsSpaces ? makeSpaces(owner, 'rxd', places) : [];
    const listen = needsSpaces ? 'tls://localhost:7400' : 'tls://127.0.0.1:0';
    const host = await spawnHost(owner, 'h1', [], {listen, through: far?.through ?? [], certificates: folder});
    const args = [host.address, folder, String(lease), join(folder, `held-${files++}`)];
    const program = startProgram(owner, 'cut-root', {args, through: near?.through ?? []});
    const {pid} = await said<{pid: number}>(program, 'held');
    // Values flow.
    await said(program, 'counted');
    const began = performance.now();
    const since = (): number => performance.now() - began;
    fault({actor: pid, program: program.pid, daemon: host.daemon.pid as number, line: far});
    const isTold = told === undefined ? undefined : said(program, 'call').then(since);
    const left = await untilGone([pid], 60_000);
    if (left.length > 0) throw new Error('the actor has not ended');
    return {gone: since(), told: await isTold};
  });

async function said<T>(program: Program, kind: string): Promise<T> {
  for (;;) {
    const line = await program.next<Record<string, unknown>>();
    if (kind in line) return line[kind] as T;
  }
}

interface BrokerCase {
  readonly what: string;
  /** In ms. */
  readonly bound: number;
  readonly act: (server: NatsServer) => unknown;
  readonly isUp: boolean;
}

/** One after the other, with one server. */
const brokerCases: readonly BrokerCase[] = [
  {what: 'the broker is killed', bound: 1_000, act: server => server.kill(), isUp: false},
  {what: 'the broker is there again', bound: 1_000, act: server => server.start(), isUp: true},
  {what: 'the broker stands still', bound: 3_000, act: server => server.signal('SIGSTOP'), isUp: false},
];

/** Until a program sees it, in ms: one for each case. */
const measureBroker = (): Promise<number[]> =>
  owning(async owner => {
    const server = await startNatsServer(owner);
    const link = await BrokerLink.open({servers: [`127.0.0.1:${server.port}`], nats: {}, self: 'measured'});
    owner.teardown(() => link.close());
    await turned(link, true);
    const times: number[] = [];
    for (const {act, isUp} of brokerCases) {
      const began = performance.now();
      const seen = turned(link, isUp).then(() => performance.now() - began);
      await act(server);
      times.push(await seen);
    }
    return times;
  });

function turned(link: BrokerLink, wanted: boolean): Promise<void> {
  return new Promise(resolve => link.watch(isUp => isUp === wanted && resolve()));
}

const range = (times: readonly number[]): string =>
  times.length === 0 ? '–' : `${Math.round(Math.min(...times))}–${Math.round(Math.max(...times))}`;
const cell = (bound: number | undefined, times: readonly (number | undefined)[]): readonly string[] =>
  bound === undefined ? ['', ''] : [String(bound), range(times.filter(time => time !== undefined))];

/** Rounds go through all cases, so that a busy moment of the machine meets each of them. */
async function rowsOf(rounds: number): Promise<string[][]> {
  const certificates = await Certificates.make();
  const seen = new Map(cases.map(one => [one, [] as Seen[]]));
  const ofBroker: number[][] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      for (const [one, times] of seen)
        if (!one.needsSpaces || whyNoSpaces === '') times.push(await measure(one, certificates));
      if (withoutNatsServer === undefined) ofBroker.push(await measureBroker());
    }
  } finally {
    certificates.dispose();
    removeCertificates();
  }
  const rows = [...seen].map(([{what, told, gone}, times]) => [
    what,
    ...cell(
      told,
      times.map(time => time.told),
    ),
    ...cell(
      gone,
      times.map(time => time.gone),
    ),
  ]);
  const brokerRows = brokerCases.map(({what, bound}, at) => [
    what,
    ...cell(
      bound,
      ofBroker.map(times => times[at]),
    ),
    ...cell(undefined, []),
  ]);
  return [...rows, ...brokerRows];
}

const {values} = parseArgs({
  options: {rounds: {type: 'string', default: '5'}, write: {type: 'boolean', default: false}},
});
const rounds = Number(values.rounds);
const load = loadavg()[0] as number;
const text = [
  rounds === 0
    ? 'Bounds alone: nothing was measured. The lease is'
    : `${rounds} rounds on ${process.platform} with ${availableParallelism()} cores and Node ${process.versions.node}, at a load of ${load.toFixed(1)} before them. The lease is`,
  `${lease} ms. Times are in ms, the shortest and the longest.`,
  '',
  table(['what happens', 'told within', 'measured', 'process gone within', 'measured'], await rowsOf(rounds)),
].join('\n');
if (values.write) writeSection(page, 'detection', text);
else console.log(text);
