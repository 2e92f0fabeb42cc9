/**
 * Counts the instructions of a start and of a unit of each road at both ends, by valgrind's callgrind: numbers that other programs on the
 * machine do not change.
 * Beneath `instructions` and its spec; above `instructed`, which it runs.
 */
import {execFile, execFileSync} from 'node:child_process';
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {plainEnv} from './plain-env.js';
import {type PerRoad, type RoadName, roadNames} from './work.js';

const program = fileURLToPath(new URL('instructed.js', import.meta.url));

/** Instructions: of the process that calls, and of the actor. */
export interface Count {
  readonly here: number;
  readonly there: number;
}

/** A whole program of one actor and its first call, and a unit of each road. */
export type Counts = Readonly<Record<RoadName | 'a start', Count>>;

/** @returns why nothing can be counted */
export function whyNot(): string | undefined {
  try {
    execFileSync('valgrind', ['--version'], {stdio: 'ignore'});
    return undefined;
  } catch {
    return 'there is no valgrind on this machine';
  }
}

/**
 * @param warmUps so many units of each road come first, so that the compiler has done its part
 * @param units so many are counted
 * @throws Error where the program fails, or a Node whose functions valgrind does not find
 */
export async function count(node: string, warmUps: PerRoad, units: PerRoad): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    const options = ['--dump-before=uv_uptime', '--trace-children=yes', `--callgrind-out-file=${join(folder, '%p')}`];
    const work = [warmUps, units].map(counts => JSON.stringify(counts));
    const running = promisify(execFile)('valgrind', ['--tool=callgrind', ...options, node, program, ...work], {
      env: plainEnv(),
    });
    const here = String(running.child.pid);
    await running;
    return countsOf(partsIn(folder), here, units);
  } finally {
    rmSync(folder, {recursive: true});
  }
}

/** The instructions that were counted before each mark, by process. */
function partsIn(folder: string): Map<string, number[]> {
  const parts = new Map<string, number[]>();
  for (const file of readdirSync(folder)) {
    // The file without a number holds what came after the last mark.
    const [pid = '', part] = file.split('.');
    if (part === undefined) continue;
    const counts = parts.get(pid) ?? [];
    counts[Number(part) - 1] = totalIn(join(folder, file));
    parts.set(pid, counts);
  }
  return parts;
}

function countsOf(parts: ReadonlyMap<string, readonly number[]>, here: string, units: PerRoad): Counts {
  const [caller, actor] = [parts.get(here), [...parts].find(([pid]) => pid !== here)?.[1]];
  const marks = 1 + 2 * roadNames.length;
  if (caller?.length !== marks || actor?.length !== marks)
    throw new Error('valgrind has not seen the marks: this Node may have no names of functions');
  // The start, and then for each road its warm-up and its units.
  const at = (part: number, divisor: number): Count => ({
    here: Math.round((caller[part] as number) / divisor),
    there: Math.round((actor[part] as number) / divisor),
  });
  const ofRoads = roadNames.map((name, i) => [name, at(2 + 2 * i, units[name])]);
  return {'a start': at(0, 1), ...Object.fromEntries(ofRoads)};
}

function totalIn(path: string): number {
  const [, total] = /^totals: (\d+)/m.exec(readFileSync(path, 'utf8')) ?? [];
  return Number(total);
}
