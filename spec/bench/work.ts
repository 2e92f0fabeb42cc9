/**
 * A fixed amount of work on each road, for what counts instructions and allocations, and for what takes profiles.
 * Above `actors`; beneath `instructed`, `metered` and `profiled`.
 */
import type {Portal} from '../../lib/index.js';
import * as actors from './actors.js';
import {check, sumOfIds} from './measure.js';
import {idOf, summed} from './reading.js';
import {weigh, weightOf} from './values.js';

const inFlight = 64;
const bufferBytes = 64 * 1024;

/** Does so many units, and checks what has come. */
export type Work = (portal: Portal, count: number) => Promise<void>;

export const roads = {
  'a call, one after the other': async (portal, count) => {
    let sum = 0;
    for (let id = 0; id < count; id++) sum += await portal.run(actors.echo, id);
    check(sum, sumOfIds(count));
  },
  'a call, 64 in flight': async (portal, count) => {
    let sum = 0;
    let id = 0;
    const callAll = async (): Promise<void> => {
      while (id < count) {
        const answer = await portal.run(actors.echo, id++);
        sum += answer;
      }
    };
    await Promise.all(Array.from({length: inFlight}, callAll));
    check(sum, sumOfIds(count));
  },
  'a small object, gathered': async (portal, count) =>
    check(await summed(portal.stream(actors.objects, count), idOf), sumOfIds(count)),
  'a small object, one at a time': async (portal, count) => {
    const context = await portal.openContext(actors.objectsEach, count);
    let sum = 0;
    for await (const {id} of context.openStream()) sum += id;
    await context.result();
    check(sum, sumOfIds(count));
  },
  'a buffer of 64 KiB': async (portal, count) =>
    check(await summed(portal.stream(actors.buffers, count, bufferBytes), weigh), weightOf(count, bufferBytes)),
} satisfies Readonly<Record<string, Work>>;

export type RoadName = keyof typeof roads;

/** A number for each road. */
export type PerRoad = Readonly<Record<RoadName, number>>;

export const roadNames = Object.keys(roads) as RoadName[];
