/**
 * Counts what a unit of each road takes at both ends: `node --import ./meters.js metered.js METER`.
 * Started by `costs.spec`; its functions are used in both ends.
 */
import {fileURLToPath} from 'node:url';
import {type Nursery, openNursery, task} from '../../lib/index.js';
import {type MeterName, meters} from './meters.js';
import {type PerRoad, roadNames, roads} from './work.js';

/** For each unit. */
export interface Cost {
  readonly caller: number;
  readonly actor: number;
}

const units: PerRoad = {
  'a call, one after the other': 1_500,
  'a call, 64 in flight': 1_500,
  'a small object, gathered': 6_000,
  'a small object, one at a time': 6_000,
  'a buffer of 64 KiB': 200,
};

/** A machine with other work is no reason to fail. */
const patient = {spawn: 60_000, handshake: 60_000, exit: 20_000};

const startThere = task((name: MeterName) => meters[name].start());
const stopThere = task((name: MeterName) => meters[name].stop());

if (process.argv[1] === fileURLToPath(import.meta.url))
  console.log(JSON.stringify(await measure(process.argv[2] as MeterName)));

function measure(name: MeterName): Promise<Record<string, Cost>> {
  const measured = async (nursery: Nursery): Promise<Record<string, Cost>> => {
    const portal = await nursery.startActor('subject', {
      expose: [new URL('actors.js', import.meta.url), startThere, stopThere],
      execArgv: process.execArgv,
    });
    const found: Record<string, Cost> = {};
    for (const road of roadNames) {
      const work = (): Promise<void> => roads[road](portal, units[road]);
      // Things that are made once are made now.
      await work();
      await portal.run(startThere, name);
      await meters[name].start();
      await work();
      const caller = await meters[name].stop();
      const actor = await portal.run(stopThere, name);
      found[road] = {caller: Math.round(caller / units[road]), actor: Math.round(actor / units[road])};
    }
    return found;
  };
  return openNursery(measured, {timeouts: patient});
}
