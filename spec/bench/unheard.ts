/**
 * Measures what it costs that a tree can be observed, while nobody does: beside a copy of the library in which the hooks of observers are
 * cut out, and with and without the control socket. And what it costs a tree of a hundred actors to be observed. Writes the table of
 * the guide. By hand: `node dist/spec/bench/unheard.js`, with `--write` into the page, and `--rounds N`.
 *
 * The costs are a few in a thousand. Time varies by more than that on any machine, so instructions are counted (valgrind).
 */
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {watchTree} from '../../lib/window/index.js';
import {type Counted, type Counts, count, whyNot} from './callgrind.js';
import {median} from './measure.js';
import {cutHooks} from './unheard-cuts.js';
import {type PerRoad, type RoadName, roadNames} from './work.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const page = join(root, 'docs', 'guide', 'tracing.md');
const [begin, end] = ['<!-- unheard: written by spec/bench/unheard.ts -->', '<!-- /unheard -->'];

/** For how long the crowd is measured, observed and not, in ms. */
const crowdMs = 20_000;

/** Enough for the compiler to have done its part. */
const warmUps: PerRoad = {...nothing(), 'a call, 64 in flight': 6_000, 'a small object, gathered': 20_000};
const units: PerRoad = {...nothing(), 'a call, 64 in flight': 4_000, 'a small object, gathered': 20_000};
/** The compiler runs between the code that it compiles, and not beside it, so that two runs of one program count the same. */
const nodeArgs = ['--single-threaded'];

/** A program that answers each line with one of JSON. */
class Subject {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(file: string, ...args: readonly string[]) {
    this.#child = spawn(process.execPath, [file, ...args], {stdio: ['pipe', 'pipe', 'inherit']});
    this.#lines = createInterface({input: this.#child.stdout as NodeJS.ReadableStream})[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  async ask<T>(line: string): Promise<T> {
    this.#child.stdin?.write(`${line}\n`);
    const {value, done} = await this.#lines.next();
    if (done) throw new Error('a subject has ended');
    return JSON.parse(value) as T;
  }

  async end(): Promise<void> {
    this.#child.stdin?.end();
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
  }
}

/** A ratio that must not be more than its bound in most of the rounds. */
interface Row {
  readonly what: string;
  readonly bound: number;
  readonly rounds: readonly number[];
}

async function measureUnheard(rounds: number): Promise<Row[]> {
  const why = whyNot();
  if (why !== undefined) throw new Error(`instructions cannot be counted: ${why}`);
  const copy = copyWithoutHooks();
  const without = join(copy, 'dist', 'spec', 'bench', 'instructed.js');
  const hooks: Counts[][] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      const subjects: Counted[] = [{program: without}, {}, {window: true}];
      const counts: Counts[] = [];
      for (const subject of subjects)
        counts.push(await count(process.execPath, warmUps, units, {nodeArgs, ...subject}));
      hooks.push(counts);
    }
  } finally {
    rmSync(copy, {recursive: true});
  }
  const ratios = (road: RoadName, over: number, under: number): number[] =>
    hooks.map(counts => both(counts[over], road) / both(counts[under], road));
  const of = {'a call, 64 in flight': 'a call', 'a small object, gathered': 'a value of a stream'} as const;
  return (Object.keys(of) as (keyof typeof of)[]).flatMap(road => [
    {what: `${of[road]}, nobody listens / the hooks cut out`, bound: 1.03, rounds: ratios(road, 1, 0)},
    {what: `${of[road]}, with / without the control socket`, bound: 1.01, rounds: ratios(road, 2, 1)},
  ]);
}

/** The instructions of a unit at both ends. */
function both(counts: Counts | undefined, road: RoadName): number {
  const {here, there} = (counts as Counts)[road];
  return here + there;
}

function nothing(): PerRoad {
  return Object.fromEntries(roadNames.map(name => [name, 0])) as PerRoad;
}

/** A copy of what is compiled. It finds its dependencies where this package does. */
function copyWithoutHooks(): string {
  const folder = mkdtempSync(join(tmpdir(), 'unheard-'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  for (const part of ['lib', 'spec/bench', 'spec/kit'])
    cpSync(join(root, 'dist', part), join(folder, 'dist', part), {recursive: true});
  cutHooks(join(folder, 'dist', 'lib'));
  return folder;
}

/** The share of a core that a tree of a hundred actors uses more when it is observed once a second. */
async function measureCrowd(rounds: number): Promise<Row> {
  const crowd = new Subject(fileURLToPath(new URL('unheard-crowd.js', import.meta.url)));
  const shares: number[] = [];
  const usedIn = async (ms: number): Promise<number> => {
    const before = await crowd.ask<number>('');
    await new Promise(resolve => setTimeout(resolve, ms));
    return (await crowd.ask<number>('')) - before;
  };
  try {
    await crowd.ask<number>('');
    await usedIn(5_000);
    for (let round = 0; round < rounds; round++) {
      const alone = await usedIn(crowdMs);
      const watching = watchTree({root: String(crowd.pid), every: 1_000}).subscribe();
      const observed = await usedIn(crowdMs);
      watching.unsubscribe();
      shares.push((observed - alone) / (1_000 * crowdMs));
    }
  } finally {
    await crowd.end();
  }
  return {what: 'a hundred actors looked at once a second, as a share of a core', bound: 0.02, rounds: shares};
}

function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(({what, bound, rounds}) => {
    const kept = rounds.filter(ratio => ratio <= bound).length;
    return `| ${what} | ${median(rounds).toFixed(3)} | ${bound} | ${kept} of ${rounds.length} |`;
  });
  return ['| what | median | goal | kept in rounds |', '|---|---|---|---|', ...lines].join('\n');
}

function write(table: string): void {
  const [head, rest = ''] = readFileSync(page, 'utf8').split(begin);
  const [, tail] = rest.split(end);
  if (tail === undefined) throw new Error(`${page} has no place for the table`);
  writeFileSync(page, `${head}${begin}\n\n${table}\n\n${end}${tail}`);
}

const {values: given} = parseArgs({
  options: {rounds: {type: 'string', default: '3'}, write: {type: 'boolean', default: false}},
});
const rounds = Number(given.rounds);
const table = tableOf([...(await measureUnheard(rounds)), await measureCrowd(Math.min(rounds, 3))]);
console.log(table);
if (given.write) write(table);
