// A program and its actor on two hosts, and the line between them cut: network namespaces of Linux, and real daemons and processes in them.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import type {ExecutionContext} from 'ava';
import {makeSpaces, type Space, titleWithSpaces, whyNoSpaces} from '../kit/namespaces.js';
import {isAlive} from '../kit/processes.js';
import {type Program, startProgram} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';
import {folder, makeCertificates, ours, removeCertificates, startHost} from './daemons.js';

const test = spawning({takesLong: true, last: removeCertificates});

test.before(makeCertificates);

const testWithSpaces = whyNoSpaces === '' ? test : test.skip;
/** The certificate of the daemon is for localhost: each host means the second one by that. */
const hosts = [
  {address: '10.231.78.1', hostname: 'elsewhere.invalid'},
  {address: '10.231.78.2', hostname: 'localhost'},
] as const;
/** How much longer than its bound something may take on a machine that is busy, in ms. */
const slack = 6_000;

interface Cuttable {
  readonly program: Program;
  readonly far: Space;
  /** The lines that the holders have written: when, in ms of the system, and the token of who wrote. */
  writes(): {at: number; token: string}[];
}

async function start(t: ExecutionContext, lease: number): Promise<Cuttable> {
  const [near, far] = makeSpaces(t, 'rxc', hosts);
  const {address} = await startHost(t, 'h1', [], {listen: 'tls://localhost:7400', through: far.through});
  const file = join(folder, `lock-${lease}`);
  const args = [address, ours, String(lease), file];
  const program = startProgram(t, 'cut-root', {args, through: near.through});
  const writes = () =>
    readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map(line => line.split(' '))
      .map(([micros, token = '']) => ({at: Number(micros) / 1_000, token}));
  return {program, far, writes};
}

/** The next line of a kind; others are passed over. */
async function line<T>(program: Program, kind: string): Promise<T> {
  for (;;) {
    const said = await program.next<Record<string, unknown>>();
    if (kind in said) return said[kind] as T;
  }
}

interface Held {
  readonly pid: number;
  readonly token: string;
}

const systemMs = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000;

testWithSpaces(
  titleWithSpaces(
    'T17: an actor that is cut off is killed before its program takes it for ended, within the lease, and no other holds its lock meanwhile',
  ),
  async t => {
    const lease = 2_000;
    const {program, far, writes} = await start(t, lease);
    const ofToken = (wanted: string) => writes().filter(({token}) => token === wanted);
    let held = await line<Held>(program, 'held');
    for (let cut = 0; cut < 4; cut++) {
      await line(program, 'counted');
      while (ofToken(held.token).length < 5) await delay(5);
      const cutAt = systemMs();
      far.line('down');
      const call = await line<{code: string; lost: boolean; message: string}>(program, 'call');
      const seenAfter = systemMs() - cutAt;
      // No kill is seen before it has happened.
      t.false(isAlive(held.pid));
      const lastAfter = (ofToken(held.token).at(-1)?.at ?? 0) - cutAt;
      t.deepEqual([call.code, call.lost], ['ERR_DIED', true]);
      t.regex(call.message, /nothing is known of its end on h1: it was not heard for \d+ ms \(timeouts\.lease\)/);
      t.deepEqual(await line(program, 'ended'), {lost: true, message: call.message});
      // The last beat before the cut is at most 200 ms old, and its answer must have come.
      t.true(lastAfter > 0.5 * lease && lastAfter < lease + slack, `the last write came after ${lastAfter} ms`);
      t.true(seenAfter > lastAfter && seenAfter < 1.05 * lease + 500 + slack, `the end was told after ${seenAfter} ms`);
      far.line('up');
      const next = await line<Held>(program, 'held');
      while (ofToken(next.token).length === 0) await delay(5);
      // Nothing has risen, and who comes later has the larger token.
      const [first] = ofToken(next.token);
      t.true((first?.at ?? 0) > (ofToken(held.token).at(-1)?.at ?? Number.POSITIVE_INFINITY));
      t.true(next.token > held.token);
      held = next;
    }
    // Over all: once a later holder has written, none before it has.
    const tokens = writes().map(({token}) => token);
    t.deepEqual(tokens, tokens.toSorted());
  },
);

testWithSpaces(
  titleWithSpaces('a cut that is shorter than 0.6 of the lease loses nothing: the stream goes on with its next value'),
  async t => {
    const {program, far, writes} = await start(t, 60_000);
    const held = await line<Held>(program, 'held');
    t.is(await line(program, 'counted'), 1_000);
    far.line('down');
    await delay(2_500);
    far.line('up');
    // One may have been said before the cut, and one may have been under way.
    for (let after = 0; after < 4; after++) t.is(await line(program, 'counted'), 1_000);
    t.true(isAlive(held.pid));
    const last = writes().length;
    while (writes().length === last) await delay(5);
    t.is(program.stdout.split('"held"').length, 2, program.stdout);
    t.false(/"ended"/.test(program.stdout));
  },
);
