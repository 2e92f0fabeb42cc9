/**
 * Where the processor's time goes on the roads of a call, of a stream and of a start: the largest shares at each end.
 * Beneath `main`; above `profiled`.
 */
import {execFile} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {roads} from './instructed.js';
import {machine, versionOf} from './questions.js';
import type {Profiles} from './results.js';
import type {Share} from './self-profile.js';

const program = fileURLToPath(new URL('profiled.js', import.meta.url));
const largest = 5;

export async function measureProfiles(node: string): Promise<Profiles> {
  const rows: {road: string; end: string; shares: Share[]}[] = [];
  for (const road of [...Object.keys(roads), 'spawn']) {
    console.error(`profile: ${road}`);
    const {stdout} = await promisify(execFile)(node, [program, road], {maxBuffer: 64 * 2 ** 20});
    const ends = JSON.parse(stdout) as Record<string, Share[]>;
    for (const [end, shares] of Object.entries(ends))
      rows.push({
        road,
        end,
        shares: shares.slice(0, largest).map(({what, percent}) => ({what, percent: Number(percent.toFixed(1))})),
      });
  }
  return {machine: machine(), node: versionOf(node), rows};
}
