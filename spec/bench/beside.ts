/**
 * The probes of small calls beside something large: how long a call takes that is due every few milliseconds, over the same
 * channel and over that to another actor, while a stream of buffers or values of 48 MiB cross.
 * Beside `ours`, which lists them.
 */
import {openNursery, type Portal, type RemoteStream} from '../../lib/index.js';
import * as actors from './actors.js';
import {type Figures, type Probe, measureMs as paceMs, pause, quantile, warmUpMs} from './measure.js';

const megabyte = 1024 * 1024;
const large = 48 * megabyte;
/** A quantile of few calls is a matter of chance. */
const measureMs = paceMs * 5;
/** A small call is due once in this time, in ms, however long the ones before it take. */
const everyMs = 5;

/** Moves something large once. */
type Load = (portal: Portal) => Promise<unknown>;

const nothing: Load = () => pause(100);
const buffers: Load = portal => drain(portal.stream(actors.buffers, 500, 64 * 1024));
const binaryDown: Load = portal => portal.run(actors.binary, large);
const objectsDown: Load = portal => portal.run(actors.manyRecords, large);
/** To encode a value takes its time within the call. The value is made once, so that it does not count. */
const binaryUp: Load = portal => portal.run(actors.take, actors.binaryOf(large));
const objectsUp: Load = portal => portal.run(actors.take, actors.recordsOf(large));

export const beside: Readonly<Record<string, Probe>> = {
  'beside nothing': () => besideLoad(nothing),
  'beside buffers': () => besideLoad(buffers),
  'beside binary down': () => besideLoad(binaryDown),
  'beside binary up': () => besideLoad(binaryUp),
  'beside objects down': () => besideLoad(objectsDown),
  'beside objects up': () => besideLoad(objectsUp),
};

/** The times of small calls in ms; `other` are those to an actor that has nothing to do with the load. */
function besideLoad(load: Load): Promise<Figures> {
  return openNursery(async nursery => {
    const expose = [new URL('actors.js', import.meta.url)];
    const [loaded, idle] = await Promise.all([
      nursery.startActor('loaded', {expose}),
      nursery.startActor('idle', {expose}),
    ]);
    await Promise.all([load(loaded), load(loaded)]);
    const turns = await longestTurns(loaded, load);
    const start = performance.now();
    let loads = 0;
    const end = start + warmUpMs + measureMs;
    const loading = (async () => {
      for (; performance.now() < end; loads++) await load(loaded);
    })();
    await Promise.all([callsUntil(loaded, start + warmUpMs), callsUntil(idle, start + warmUpMs)]);
    const [same, other] = await Promise.all([callsUntil(loaded, end), callsUntil(idle, end)]);
    await loading;
    return {
      ...figuresOf('', same),
      ...figuresOf('other ', other),
      ...turns,
      loads: loads / ((performance.now() - start) / 1_000),
    };
  });
}

/** The longest time in ms of the processor for which the caller, and the actor, did nothing but move something large once. */
async function longestTurns(loaded: Portal, load: Load): Promise<Figures> {
  for (const reset of [actors.longestTurn, () => loaded.run(actors.longestTurnHere)]) await reset();
  await pause(50);
  for (const reset of [actors.longestTurn, () => loaded.run(actors.longestTurnHere)]) await reset();
  await load(loaded);
  // The turn that has brought the answer is counted when it is over.
  await pause(50);
  return {turn: actors.longestTurn(), 'actor turn': await loaded.run(actors.longestTurnHere)};
}

/** The time of each call from the moment when it was due, so that a stall counts for all calls that it has held up. */
async function callsUntil(portal: Portal, end: number): Promise<number[]> {
  const times: number[] = [];
  const running: Promise<void>[] = [];
  for (let due = performance.now(); due < end; due += everyMs) {
    const wait = due - performance.now();
    if (wait > 0) await pause(wait);
    const asked = due;
    running.push(portal.run(actors.echo, 7).then(() => void times.push(performance.now() - asked)));
  }
  await Promise.all(running);
  return times;
}

function figuresOf(prefix: string, times: readonly number[]): Figures {
  return {
    [`${prefix}p50`]: quantile(times, 0.5),
    [`${prefix}p99`]: quantile(times, 0.99),
    [`${prefix}max`]: Math.max(...times),
  };
}

function drain(values: RemoteStream<unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    values.subscribe({next: () => {}, error: reject, complete: resolve});
  });
}
