// Runs chaos.ts once, and reads what it and its actors say. Below chaos.spec.ts and report.ts.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {fileURLToPath} from 'node:url';
import type {Outcome} from './chaos.js';

export interface Chaos {
  readonly outcome: Outcome;
  /** What must not happen, in words. */
  readonly findings: readonly string[];
}

export async function runChaos(seed: number, ms: number): Promise<Chaos> {
  const program = fileURLToPath(new URL('chaos.js', import.meta.url));
  const child = spawn(process.execPath, [program, String(seed), String(ms)], {stdio: ['ignore', 'pipe', 'pipe']});
  const texts = {stdout: '', stderr: ''};
  child.stdout.on('data', chunk => {
    texts.stdout += String(chunk);
  });
  child.stderr.on('data', chunk => {
    texts.stderr += String(chunk);
  });
  const [code] = await once(child, 'close');
  const line = texts.stdout.trim().split('\n').at(-1) ?? '';
  if (code !== 0 || !line.startsWith('{'))
    throw new Error(`chaos of seed ${seed} ended with ${code}:\n${texts.stderr.slice(-4_000)}`);
  return {outcome: JSON.parse(line) as Outcome, findings: texts.stderr.match(/^.*FINDING .*$/gm) ?? []};
}
