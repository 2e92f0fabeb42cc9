/**
 * Runs one probe in a process of its own, and ends it with all that it has started when its time is over.
 * Beneath `main`; `probe` is what it starts.
 */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {fileURLToPath} from 'node:url';
import {type Figures, pause} from './measure.js';
import {plainEnv} from './plain-env.js';

const probeFile = fileURLToPath(new URL('probe.js', import.meta.url));

/** How long is waited for the rest of its output after its end, in ms. */
const lastWordsMs = 1_000;

export interface ProbeOptions {
  /** The path of the Node that runs it. */
  readonly node: string;
  readonly subject: string;
  readonly probe: string;
  readonly env?: Readonly<Record<string, string>>;
  /** How long it warms up and measures, in ms. */
  readonly pace: readonly [number, number];
  /** After this time in ms it is ended. */
  readonly limit: number;
}

/** @throws Error that says in one line why there are no figures */
export async function runProbe({node, subject, probe, env, pace, limit}: ProbeOptions): Promise<Figures> {
  const child = spawn(node, [probeFile, subject, probe], {
    env: {...plainEnv(), ...env, BENCH_MS: pace.join(',')},
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its own group, so that what it has started can be ended with it.
    detached: true,
  });
  const output = {stdout: '', stderr: ''};
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text));
  const code = await new Promise<number | string>((resolve, reject) => {
    const timer = setTimeout(() => resolve(`did not end within ${limit / 1_000} s`), limit);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      resolve(code ?? signal ?? 1);
    });
  });
  endGroup(child.pid);
  // Its output may still be on its way, and somebody who has left the group may hold the pipe.
  if (!child.stdout.closed) await Promise.race([once(child.stdout, 'close'), pause(lastWordsMs)]);
  if (code !== 0) throw new Error(typeof code === 'string' ? code : reasonIn(output.stderr));
  const last = output.stdout.trim().split('\n').at(-1) ?? '';
  return JSON.parse(last) as Figures;
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It is empty.
  }
}

/** The line of an error's report that says what happened. */
function reasonIn(stderr: string): string {
  const lines = stderr.split('\n').map(line => line.trim());
  return lines.find(line => /^(?:\w*Error|Uncaught)\b/.test(line)) ?? lines.filter(Boolean).at(-1) ?? 'it failed';
}
