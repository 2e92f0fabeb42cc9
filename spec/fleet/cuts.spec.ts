// A program and its actor on two hosts, and the line between them cut: network namespaces of Linux, and real daemons and processes in them.
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import type {ExecutionContext} from 'ava';
import {eventually} from '../kit/eventually.js';
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
    (existsSync(file) ? readFileSync(file, 'utf8') : '')
      .split('\n')
      .slice(0, -1)
      .map(line => line.split(' '))
      .map(([micros, token = '']) => ({at: Number(micros) / 1_000, token}));
  return {program, far, writes};
}

/** The next line of a kind. Only lines that count values may come before it. */
async function line<T>(program: Program, kind: string): Promise<T> {
  for (;;) {
    const said = await program.next<Record<string, unknown>>();
    if (kind in said) return said[kind] as T;
    if (!('counted' in said)) throw new Error(`the program says ${JSON.stringify(said)} and not ${kind}`);
  }
}

interface Held {
  readonly pid: number;
  readonly token: string;
}

/** The most lines of a holder before it has written: it says one after each thousand values, and then waits for 50 ms. */
const maxLines = 2_000;

/**
 * The next holder that streams and has written. A machine that stands still for longer than a short lease ends some by itself: those are
 * passed over. The program ends when none is started any more.
 */
async function nextHolder({program, writes}: Cuttable): Promise<Held> {
  let held: Held | undefined;
  for (let lines = 0; lines < maxLines; lines++) {
    const said = await program.next<{held?: Held; counted?: number; ended?: object}>();
    if (said.ended) held = undefined;
    held = said.held ?? held;
    if (held && said.counted && writes().filter(({token}) => token === held?.token).length >= 5) return held;
  }
  throw new Error(`no holder has written: ${JSON.stringify(held)}`);
}

const systemMs = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000;

testWithSpaces(
  titleWithSpaces(
    'T17: an actor that is cut off is killed before its program takes it for ended, within the lease, and no other holds its lock meanwhile',
  ),
  async t => {
    const lease = 2_000;
    const cuttable = await start(t, lease);
    const {program, far, writes} = cuttable;
    const ofToken = (wanted: string) => writes().filter(({token}) => token === wanted);
    let held = await nextHolder(cuttable);
    for (let cut = 0; cut < 4; cut++) {
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
      const next = await nextHolder(cuttable);
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
    const cuttable = await start(t, 60_000);
    const {program, far, writes} = cuttable;
    const held = await nextHolder(cuttable);
    t.is(await line(program, 'counted'), 1_000);
    far.line('down');
    await delay(2_500);
    far.line('up');
    // One may have been said before the cut, and one may have been under way.
    for (let after = 0; after < 4; after++) t.is(await line(program, 'counted'), 1_000);
    t.true(isAlive(held.pid));
    const last = writes().length;
    await eventually(() => writes().length > last, 'a further write', {
      unless: () => (isAlive(held.pid) ? undefined : 'the holder has ended'),
    });
    t.is(program.stdout.split('"held"').length, 2, program.stdout);
    t.false(/"ended"/.test(program.stdout));
  },
);
