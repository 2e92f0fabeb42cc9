/**
 * Takes a profile of both ends of one road while it is used: `profiled.js ROAD`.
 * Started by `profiles`.
 */

import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import type {Profiler} from 'node:inspector';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {openNursery} from '../../lib/index.js';
import {monotonicMs} from './actors.js';
import {answeredAt, startThere, stopThere} from './profiled-actors.js';
import {intervalUs, type Shares, type Span, sharesOf, startProfile, stopProfile} from './self-profile.js';
import {standingBy} from './standing-by.js';
import {type PerRoad, type RoadName, roads} from './work.js';

type Ends = Readonly<Record<'caller' | 'actor', Shares>>;

const units: PerRoad = {
  'a call, one after the other': 20_000,
  'a call, 64 in flight': 100_000,
  'a small object, gathered': 400_000,
  'a small object, one at a time': 200_000,
  'a buffer of 64 KiB': 10_000,
};
const starts = 10;

const [road = ''] = process.argv.slice(2);
console.log(JSON.stringify(await profileOf(road)));

function profileOf(road: string): Promise<Ends> {
  if (road === 'a start') return ofStarts(false);
  if (road === 'a start from a standby') return ofStarts(true);
  if (!(road in roads)) throw new Error(`there is no road ${road}`);
  return ofRoad(road as RoadName);
}

function ofRoad(road: RoadName): Promise<Ends> {
  return openNursery(async nursery => {
    const expose = [new URL('actors.js', import.meta.url), startThere, stopThere];
    const portal = await nursery.startActor('subject', {expose});
    await roads[road](portal, units[road] / 4);
    await portal.run(startThere);
    await startProfile();
    await roads[road](portal, units[road]);
    return {caller: await stopProfile(), actor: await portal.run(stopThere)};
  });
}

/** From the moment at which an actor is asked for to the moment at which it answers its first call. */
async function ofStarts(hasStandbys: boolean): Promise<Ends> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const execArgv = ['--cpu-prof', `--cpu-prof-interval=${intervalUs}`, `--cpu-prof-dir=${folder}`];
  const standbys = hasStandbys ? standingBy({execArgv}) : undefined;
  const spans = new Map<number, Span>();
  const caller = await openNursery(async nursery => {
    const start = async (i: number): Promise<void> => {
      await standbys?.next();
      const from = monotonicMs() * 1_000;
      const portal = await nursery.startActor(`subject-${i}`, {expose: [answeredAt], execArgv, logLevel: 'warn'});
      const to = (await portal.run(answeredAt)) * 1_000;
      spans.set(portal.actor.pid, {from, to});
      await portal.cancelActor();
    };
    await start(0);
    await startProfile();
    for (let i = 1; i <= starts; i++) await start(i);
    return stopProfile([...spans.values()]);
  }, standbys?.options);
  standbys?.end();
  const actor = sharesOf(profilesIn(folder, spans));
  rmSync(folder, {recursive: true});
  return {caller, actor};
}

/** Those that the actors have written at their ends, by their ids: `CPU.date.time.pid.thread.number.cpuprofile`. */
function profilesIn(folder: string, spans: ReadonlyMap<number, Span>): {profile: Profiler.Profile; span: Span}[] {
  return readdirSync(folder).flatMap(file => {
    const span = spans.get(Number(file.split('.')[3]));
    return span ? [{profile: JSON.parse(readFileSync(join(folder, file), 'utf8')) as Profiler.Profile, span}] : [];
  });
}
