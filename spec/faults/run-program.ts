// Runs a program of this folder to its end, and reads the last line that it prints, as JSON. Below the specs, and the parts of report.ts.
import {spawn} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {endOf} from '../kit/ended.js';

export interface Ran<T> {
  readonly outcome: T;
  /** Events that must not happen, in words: each process that notices something prints a line. */
  readonly findings: readonly string[];
}

/** @throws when the program fails */
export async function runProgram<T>(
  name: string,
  args: readonly unknown[],
  node: readonly string[] = [],
): Promise<Ran<T>> {
  const program = fileURLToPath(new URL(`${name}.js`, import.meta.url));
  const child = spawn(process.execPath, [...node, program, ...args.map(String)], {stdio: ['ignore', 'pipe', 'pipe']});
  const texts = {stdout: '', stderr: ''};
  child.stdout.on('data', chunk => {
    texts.stdout += String(chunk);
  });
  child.stderr.on('data', chunk => {
    texts.stderr += String(chunk);
  });
  const kill = (): boolean => child.kill('SIGKILL');
  // A spec that has given it up leaves it to nobody.
  process.once('exit', kill);
  const {code} = await endOf(child).finally(() => process.off('exit', kill));
  const line = texts.stdout.trim().split('\n').at(-1) ?? '';
  if (code !== 0 || !line.startsWith('{'))
    throw new Error(`${name} ${args.join(' ')} ended with ${code}:\n${texts.stderr.slice(-4_000)}`);
  return {outcome: JSON.parse(line) as T, findings: texts.stderr.match(/^.*FINDING .*$/gm) ?? []};
}
