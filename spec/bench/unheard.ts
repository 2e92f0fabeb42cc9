/**
 * Measures what it costs that a tree can be observed, while nobody does: beside a copy of the library in which the hooks of observers are
 * cut out, and with and without the control socket. And what it costs a tree of a hundred actors to be observed. Writes the table of
 * the guide. By hand: `node dist/spec/bench/unheard.js`, with `--write` into the page, and `--rounds N`.
 *
 * All subjects run at the same time and take turns: the same moment of a noisy machine sees each of them. In a round the best
 * turn of a subject counts. Each round has subjects of its own, because the compiler makes other code in each process: two processes of
 * one program differ by more than what is looked for, and only the median of many tells it.
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
import {median} from './measure.js';
import {cutHooks} from './unheard-cuts.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const page = join(root, 'docs', 'guide', 'tracing.md');
const [begin, end] = ['<!-- unheard: written by spec/bench/unheard.ts -->', '<!-- /unheard -->'];

/** Units in a turn, and turns of each subject in a round. */
const [units, turns] = [20_000, 6];
/** For how long the crowd is measured, observed and not, in ms. */
const crowdMs = 20_000;

interface Cost {
  readonly call: number;
  readonly value: number;
}

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

type Road = keyof Cost;
type Best = Readonly<Record<Road, number>>;

async function best(subject: Subject, before: Best | undefined): Promise<Best> {
  const {call, value} = await subject.ask<Cost>(String(units));
  return {call: Math.min(call, before?.call ?? call), value: Math.min(value, before?.value ?? value)};
}

async function measureUnheard(rounds: number): Promise<Row[]> {
  const copy = copyWithoutHooks();
  const here = fileURLToPath(new URL('unheard-subject.js', import.meta.url));
  const without = join(copy, 'dist', 'spec', 'bench', 'unheard-subject.js');
  const ratios: Record<Road, {hooks: number[]; socket: number[]}> = {
    call: {hooks: [], socket: []},
    value: {hooks: [], socket: []},
  };
  try {
    for (let round = 0; round < rounds; round++) {
      const [base, off, observable] = await bestsOf([
        new Subject(without, 'closed'),
        new Subject(here, 'closed'),
        new Subject(here, 'open'),
      ]);
      for (const road of ['call', 'value'] as const) {
        ratios[road].hooks.push(costOf(off, road) / costOf(base, road));
        ratios[road].socket.push(costOf(observable, road) / costOf(off, road));
      }
    }
  } finally {
    rmSync(copy, {recursive: true});
  }
  const of: Readonly<Record<Road, string>> = {call: 'a call', value: 'a value of a stream'};
  return (['call', 'value'] as const).flatMap(road => [
    {what: `${of[road]}, nobody listens / the hooks cut out`, bound: 1.03, rounds: ratios[road].hooks},
    {what: `${of[road]}, with / without the control socket`, bound: 1.01, rounds: ratios[road].socket},
  ]);
}

/** The best turn of each. */
async function bestsOf(subjects: readonly Subject[]): Promise<Best[]> {
  const bests = new Map<Subject, Best>();
  try {
    // The compiler shall have done its part.
    for (let turn = 0; turn < 3; turn++) for (const subject of subjects) await best(subject, undefined);
    for (let turn = 0; turn < turns; turn++)
      for (const subject of subjects) bests.set(subject, await best(subject, bests.get(subject)));
  } finally {
    await Promise.all(subjects.map(subject => subject.end()));
  }
  return [...bests.values()];
}

const costOf = (best: Best | undefined, road: Road): number => best?.[road] ?? Number.NaN;

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
  return ['| processor time | median | goal | kept in rounds |', '|---|---|---|---|', ...lines].join('\n');
}

function write(table: string): void {
  const [head, rest = ''] = readFileSync(page, 'utf8').split(begin);
  const [, tail] = rest.split(end);
  if (tail === undefined) throw new Error(`${page} has no place for the table`);
  writeFileSync(page, `${head}${begin}\n\n${table}\n\n${end}${tail}`);
}

const {values: given} = parseArgs({
  options: {rounds: {type: 'string', default: '15'}, write: {type: 'boolean', default: false}},
});
const rounds = Number(given.rounds);
const table = tableOf([...(await measureUnheard(rounds)), await measureCrowd(Math.min(rounds, 3))]);
console.log(table);
if (given.write) write(table);
