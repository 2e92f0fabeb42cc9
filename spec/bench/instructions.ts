/**
 * Counts the instructions of a call and of a value at both ends, by valgrind: a number that other programs on the machine do not change.
 * Beneath `main`; above `instructed`, which it runs with less and with more work, so that the start is not counted.
 */
import {execFile, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {roads} from './instructed.js';
import {machine} from './questions.js';
import type {Instructions} from './results.js';

const program = fileURLToPath(new URL('instructed.js', import.meta.url));
/** Less work and more: enough for the compiler to have done its part in both. */
const units: Readonly<Record<string, readonly [number, number]>> = {'a buffer of 64 KiB': [200, 600]};
const usual = [6_000, 12_000] as const;

interface Count {
  readonly here: number;
  readonly there: number;
}

export async function measureInstructions(node: string, version: string): Promise<Instructions> {
  const result = {machine: machine(), node: version, rows: []};
  const skipped = await whyNot();
  if (skipped !== undefined) {
    console.error(`Instructions are not counted: ${skipped}`);
    return {...result, skipped};
  }
  const rows: {road: string; here: number; there: number}[] = [];
  for (const road of Object.keys(roads)) {
    console.error(`instructions: ${road}`);
    const [less, more] = units[road] ?? usual;
    const [before, after] = [await count(node, road, less), await count(node, road, more)];
    const each = (end: keyof Count): number => Math.round((after[end] - before[end]) / (more - less));
    rows.push({road, here: each('here'), there: each('there')});
  }
  return {...result, rows};
}

async function whyNot(): Promise<string | undefined> {
  try {
    await promisify(execFile)('valgrind', ['--version']);
    return undefined;
  } catch {
    return 'there is no valgrind on this machine';
  }
}

/** All instructions of a run: of the process that calls, and of those that it has started. */
async function count(node: string, road: string, units: number): Promise<Count> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const options = ['--tool=callgrind', '--trace-children=yes', `--callgrind-out-file=${join(folder, '%p')}`];
  const child = spawn('valgrind', [...options, node, program, road, String(units)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${road} has failed under valgrind:\n${stderr.split('\n').slice(-20).join('\n')}`);
  const totals = new Map(readdirSync(folder).map(pid => [Number(pid), totalIn(join(folder, pid))]));
  rmSync(folder, {recursive: true});
  const here = totals.get(child.pid ?? 0) ?? Number.NaN;
  return {here, there: [...totals.values()].reduce((sum, total) => sum + total, 0) - here};
}

function totalIn(path: string): number {
  const [, total] = /^totals: (\d+)/m.exec(readFileSync(path, 'utf8')) ?? [];
  return Number(total);
}
