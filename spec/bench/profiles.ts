/**
 * Where the processor's time goes on the roads of a call, of a stream and of a start: the largest shares at each end.
 * Beneath `main`; above `profiled`.
 */
import {execFile} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {plainEnv} from './plain-env.js';
import {machine, versionOf} from './questions.js';
import type {ProfileRow, Profiles} from './results.js';
import type {Share, Shares} from './self-profile.js';
import {roadNames} from './work.js';

const program = fileURLToPath(new URL('profiled.js', import.meta.url));
const largest = 3;

export async function measureProfiles(nodes: readonly string[]): Promise<Profiles> {
  const rows: ProfileRow[] = [];
  for (const road of [...roadNames, 'a start', 'a start from a standby'])
    for (const node of nodes) rows.push(...(await rowsOf(road, node)));
  return {machine: machine(), rows};
}

async function rowsOf(road: string, node: string): Promise<ProfileRow[]> {
  const version = versionOf(node);
  console.error(`profile: ${road}, Node ${version}`);
  const {stdout} = await promisify(execFile)(node, [program, road], {env: plainEnv(), maxBuffer: 64 * 2 ** 20});
  return Object.entries(JSON.parse(stdout) as Record<string, Shares>).map(([end, {parts, functions}]) => ({
    road,
    node: version,
    end,
    parts: rounded(parts),
    functions: rounded(functions),
  }));
}

function rounded(shares: readonly Share[]): Share[] {
  return shares.slice(0, largest).map(({what, percent}) => ({what, percent: Number(percent.toFixed(1))}));
}
