/**
 * The fate of a process when its program is ended, and the error that a caller is told when a function fails there, beside other libraries.
 * Writes two sections of docs/explain/reliability.md: `node dist/spec/bench/fates.js`, or one of them with `orphans` or
 * `errors`. Beside `main`; the programs are `peers/fate-*`.
 */
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {reliabilityPage, writeSection} from '../faults/pages.js';
import {isAlive, untilGone} from '../kit/processes.js';
import {installPeers, peerVersions} from './install.js';
import {peersFolder} from './peers-folder.js';

const subjects = ['fork', 'tinypool', 'jest-worker', 'workerpool', 'comedy', 'rxtractor'] as const;
const states = ['idle', 'busy'] as const;
const signals = ['SIGKILL', 'SIGTERM', 'SIGINT'] as const;
/** A process that has not ended after this time stays, in ms. */
const patienceMs = 5_000;
/** A program that does not come so far in this time has failed, in ms. */
const startMs = 120_000;

function start(
  program: string,
  ...args: readonly string[]
): {readonly child: ChildProcess; readonly text: () => string} {
  const path = fileURLToPath(new URL(`${program}.mjs`, peersFolder));
  const child = spawn(process.execPath, [path, ...args], {
    cwd: fileURLToPath(peersFolder),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  child.stdout?.on('data', chunk => {
    text += String(chunk);
  });
  return {child, text: () => text};
}

/** How a process fared whose program got a signal, for a cell of the table. */
async function fateOf(subject: string, state: string, signal: NodeJS.Signals): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'rxtractor-fate-'));
  const file = join(folder, 'pid');
  const {child, text} = start('fate-root', subject, state, file);
  const pids: number[] = [];
  try {
    await until(() => existsSync(file) && text().includes('ready'), `${subject}, ${state}`);
    pids.push(Number(readFileSync(file, 'utf8')));
    const exited = once(child, 'exit');
    const began = performance.now();
    child.kill(signal);
    if (await Promise.race([delay(patienceMs, true), exited.then(() => false)])) return 'the program goes on';
    return (await untilGone(pids, patienceMs)).length > 0 ? '**left**' : `${Math.round(performance.now() - began)} ms`;
  } finally {
    child.kill('SIGKILL');
    for (const pid of pids.filter(isAlive)) process.kill(pid, 'SIGKILL');
    rmSync(folder, {recursive: true, force: true});
  }
}

async function until(holds: () => boolean, what: string): Promise<void> {
  for (const end = performance.now() + startMs; !holds(); await delay(20))
    if (performance.now() > end) throw new Error(`${what}: it was not ready in time`);
}

async function orphansText(): Promise<string> {
  const rows: string[] = [];
  for (const subject of subjects) {
    const cells: string[] = [];
    for (const state of states) for (const signal of signals) cells.push(await fateOf(subject, state, signal));
    rows.push(row([titleOf(subject), ...cells]));
    console.log(rows.at(-1));
  }
  const columns = states.flatMap(state => signals.map(signal => `${state}, ${signal}`));
  return [
    `A program has one process, idle or in a loop that never ends, and gets a signal. The time is until both were gone; **left**: the process`,
    `was there ${patienceMs / 1_000} s after its program. On ${process.platform} with Node ${process.versions.node}.`,
    '',
    row(['', ...columns]),
    row(['---', ...columns.map(() => '---:')]),
    ...rows,
  ].join('\n');
}

/** The output of fate-errors.mjs. */
interface Told {
  readonly class?: string;
  readonly name?: string;
  readonly code?: string;
  readonly own?: number;
  readonly cause?: string;
  readonly members?: readonly string[];
  readonly stack: boolean;
  readonly crash?: string;
}

async function errorsOf(subject: string): Promise<Told> {
  const {child, text} = start('fate-errors', subject);
  const timer = setTimeout(() => child.kill('SIGKILL'), startMs);
  await once(child, 'close');
  clearTimeout(timer);
  const line = text().trim().split('\n').at(-1) ?? '';
  if (!line.startsWith('{')) throw new Error(`${subject} tells nothing`);
  return JSON.parse(line) as Told;
}

async function errorsText(): Promise<string> {
  const rows: string[] = [];
  for (const subject of subjects) {
    const told = await errorsOf(subject);
    rows.push(row([titleOf(subject), ...cellsOf(told)]));
    console.log(rows.at(-1));
  }
  const columns = [
    'its class',
    'name',
    '`code`',
    'own property',
    'cause',
    'members',
    'remote stack',
    'exit in mid-call',
  ];
  return [
    'A function throws an error of a class of its own, with a code, a property and a cause; another one throws an `AggregateError`; a third',
    'one exits. The caller is told this. A dash: it is lost. *Nothing*: the call never settles.',
    '',
    row(['', ...columns]),
    row(['---', ...columns.map(() => '---')]),
    ...rows,
  ].join('\n');
}

function cellsOf(told: Told): string[] {
  const {code, own, cause, members, stack, crash} = told;
  const kept = (value: unknown): string => (value === undefined || value === null ? '–' : String(value));
  return [
    kept(told.class),
    kept(told.name),
    kept(code),
    kept(own),
    kept(cause),
    kept(members?.join(', ')),
    stack ? 'yes' : '–',
    crash?.replaceAll('|', '\\|') ?? '*nothing*',
  ];
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** The name of a subject, with its version. */
function titleOf(subject: string): string {
  if (subject === 'fork') return '`child_process.fork`';
  const version = peerVersions()[subject];
  return version === undefined ? subject : `${subject} ${version}`;
}

const missing = await installPeers();
if (missing !== undefined) throw new Error(`the packages of the peers cannot be installed: ${missing}`);
const [only] = process.argv.slice(2);
for (const [name, measure] of Object.entries({orphans: orphansText, errors: errorsText}))
  if ((only ?? name) === name) writeSection(reliabilityPage, name, await measure());
