/**
 * A fixed amount of work on one road, for what counts instructions and takes profiles: `instructed.js ROAD COUNT`.
 * Started by `instructions` under valgrind, and imported by `profiled`.
 */
import {fileURLToPath} from 'node:url';
import {openNursery, type Portal} from '../../lib/index.js';
import * as actors from './actors.js';
import {check, sumOfIds} from './measure.js';
import {weigh, weightOf} from './values.js';

const inFlight = 64;
const bufferBytes = 64 * 1024;

/** Does so many units, and checks what has come. */
type Work = (portal: Portal, count: number) => Promise<void>;

export const roads: Readonly<Record<string, Work>> = {
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
  'a small object, gathered': (portal, count) => receive(portal, count),
  'a small object, one at a time': async (portal, count) => {
    const context = await portal.openContext(actors.objectsEach, count);
    let sum = 0;
    for await (const {id} of context.openStream()) sum += id;
    await context.result();
    check(sum, sumOfIds(count));
  },
  'a buffer of 64 KiB': async (portal, count) => {
    let sum = 0;
    await new Promise<void>((resolve, reject) => {
      portal.stream(actors.buffers, count, bufferBytes).subscribe({
        next: buffer => {
          sum += weigh(buffer);
        },
        error: reject,
        complete: resolve,
      });
    });
    check(sum, weightOf(count, bufferBytes));
  },
};

function receive(portal: Portal, count: number): Promise<void> {
  let sum = 0;
  return new Promise<void>((resolve, reject) => {
    portal.stream(actors.objects, count).subscribe({
      next: ({id}) => {
        sum += id;
      },
      error: reject,
      complete: resolve,
    });
  }).then(() => check(sum, sumOfIds(count)));
}

/** Valgrind makes a start a hundred times as long. */
export const patient = {spawn: 300_000, handshake: 300_000, exit: 300_000, cancelAck: 300_000, flush: 300_000};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [road = '', count = ''] = process.argv.slice(2);
  const work = roads[road];
  if (!work) throw new Error(`there is no road ${road}`);
  await openNursery(
    async nursery => {
      const portal = await nursery.startActor('subject', {expose: [new URL('actors.js', import.meta.url)]});
      await work(portal, Number(count));
    },
    {timeouts: patient},
  );
}
