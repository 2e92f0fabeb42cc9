/**
 * Takes a profile of both ends of one road while it is used: `profiled.js ROAD`.
 * Started by `profiles`.
 */
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {openNursery} from '../../lib/index.js';
import {echo} from './actors.js';
import {roads} from './instructed.js';
import {startThere, stopThere} from './profiled-actors.js';
import {type Share, sharesOf, startProfile, stopProfile} from './self-profile.js';

type Ends = Record<'caller' | 'actor', Share[]>;

const units: Readonly<Record<string, number>> = {
  'a call, one after the other': 20_000,
  'a call, 64 in flight': 100_000,
  'a buffer of 64 KiB': 10_000,
};
const usual = 400_000;
const spawns = 10;

const [road = ''] = process.argv.slice(2);
console.log(JSON.stringify(road === 'spawn' ? await ofSpawn() : await ofRoad(road)));

function ofRoad(road: string): Promise<Ends> {
  const work = roads[road];
  if (!work) throw new Error(`there is no road ${road}`);
  return openNursery(async nursery => {
    const expose = [new URL('actors.js', import.meta.url), startThere, stopThere];
    const portal = await nursery.startActor('subject', {expose});
    const count = units[road] ?? usual;
    await work(portal, count / 4);
    await portal.run(startThere);
    await startProfile();
    await work(portal, count);
    return {caller: await stopProfile(), actor: await portal.run(stopThere)};
  });
}

/** An actor's profile is that of its whole life, of which its start is most. */
async function ofSpawn(): Promise<Ends> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const execArgv = ['--cpu-prof', '--cpu-prof-interval=200', `--cpu-prof-dir=${folder}`];
  const caller = await openNursery(async nursery => {
    const spawn = async (i: number): Promise<void> => {
      const portal = await nursery.startActor(`subject-${i}`, {expose: [echo], execArgv});
      await portal.run(echo, 1);
      await portal.cancelActor();
    };
    await spawn(0);
    await startProfile();
    for (let i = 1; i <= spawns; i++) await spawn(i);
    return stopProfile();
  });
  const [file = ''] = readdirSync(folder).sort();
  const actor = sharesOf(JSON.parse(readFileSync(join(folder, file), 'utf8')));
  rmSync(folder, {recursive: true});
  return {caller, actor};
}
