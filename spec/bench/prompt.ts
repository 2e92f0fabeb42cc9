/**
 * `node dist/spec/bench/prompt.js`: from `await breakpoint()` in a child to its prompt on the screen of a real
 * pseudo-terminal, the first time and later, beside the start of a bare Node in the same run; and the agent's memory.
 */
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {ExecutionContext} from 'ava';
import {PtyProgram} from '../kit/screen.js';
import {median} from './measure.js';

interface Stop {
  readonly at: number;
  readonly rss: number;
}

const rounds = 5;
const stops = 8;
const program = fileURLToPath(new URL('prompt-program.js', import.meta.url));
const now = (): number => performance.timeOrigin + performance.now();

const bare: number[] = [];
const first: number[] = [];
const later: number[] = [];
const memory: number[] = [];
for (let round = 0; round < rounds; round++) {
  const started = now();
  spawnSync(process.execPath, ['-e', '0']);
  bare.push(now() - started);
  const {waits, grown} = await measure();
  first.push(waits[0] as number);
  later.push(...waits.slice(1));
  memory.push(grown);
}
const node = median(bare);
const line = (what: string, ms: number): string =>
  `${what}: ${ms.toFixed(0)} ms, ${(ms / node).toFixed(2)} of a bare node`;
console.log(
  [
    line('start of a bare node', node),
    line('breakpoint to prompt, the first', median(first)),
    line('breakpoint to prompt, later', median(later)),
    `memory of the agent: ${(median(memory) / 2 ** 20).toFixed(1)} MiB`,
    `Medians of ${rounds} rounds with ${stops} stops each; Node ${process.versions.node}.`,
  ].join('\n'),
);

async function measure(): Promise<{readonly waits: number[]; readonly grown: number}> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const report = join(folder, 'report');
  const endings: (() => unknown)[] = [];
  // A program on a terminal must know from its test when that is over.
  const t = {teardown: (end: () => unknown) => endings.push(end), passed: true} as unknown as ExecutionContext;
  const terminal = new PtyProgram(t, '', {command: [process.execPath, program, report, String(stops)]});
  const prompts: number[] = [];
  for (let i = 0; i < stops; i++) {
    await terminal.prompt('actor');
    prompts.push(now());
    terminal.press('c\r');
  }
  await terminal.exited;
  const said = readFileSync(report, 'utf8')
    .trimEnd()
    .split('\n')
    .map(text => JSON.parse(text) as Stop);
  for (const end of endings) await end();
  rmSync(folder, {recursive: true});
  const waits = prompts.map((at, i) => at - (said[i] as Stop).at);
  return {waits, grown: (said.at(-1) as Stop).rss - (said[0] as Stop).rss};
}
