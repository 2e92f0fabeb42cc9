/**
 * The probes of scale: one size of one thing each, and what a unit of it costs then.
 * Beside `ours`; `run-scale` lists the sizes and runs them.
 */
import {type Nursery, openNursery, type Portal} from '../../lib/index.js';
import * as actors from './actors.js';
import {check, type Figures, latency, median, type Probe, perUnit, transfers} from './measure.js';
import {descendants, privateMemory} from './processor.js';
import {idOf, type Pinging, pinging, summed} from './reading.js';
import type {Subject} from './roads.js';
import * as scaled from './scale-actors.js';

/** The sizes of each, in the order of their plots. */
export const sizes = {
  contexts: [1, 10, 100, 1_000, 10_000],
  actors: [1, 10, 50, 100, 200],
  depth: [1, 2, 5, 10, 20],
  payload: [16, 256, 4 * 1024, 64 * 1024, 1024 * 1024, 16 * 1024 * 1024],
  window: [1, 4, 16, 64, 256, 1_024, 4_096, 16_384],
} as const;

export type ScaleName = keyof typeof sizes;

const probes: Readonly<Record<ScaleName, (size: number) => Promise<Figures>>> = {
  contexts: count => withActor(portal => contexts(portal, count)),
  actors: count => openNursery(nursery => manyActors(nursery, count), {timeouts: patient}),
  depth: levels => openNursery(nursery => depth(nursery, levels), {timeouts: patient}),
  payload: bytes => withActor(portal => payload(portal, bytes)),
  window: messages =>
    withActor(portal =>
      transfers(
        count => summed(portal.with({window: messages}).stream(actors.objects, count), idOf),
        undefined,
        20_000,
      ),
    ),
};

/** Two hundred processes that start on two cores take their time. */
const patient = {spawn: 120_000, handshake: 60_000, exit: 20_000};

export const scale: Subject = {
  open: () => Promise.reject(new Error('scale has no road')),
  own: Object.fromEntries(
    (Object.keys(sizes) as ScaleName[]).flatMap(name =>
      sizes[name].map((size): [string, Probe] => [`${name} ${size}`, () => probes[name](size)]),
    ),
  ),
};

/** Contexts on one channel: opened, a message there and back on each, and ended. */
async function contexts(portal: Portal, count: number): Promise<Figures> {
  const least = 1_000;
  const repetitions = Math.max(1, least / count);
  const opened: Figures[] = [];
  const passed: Figures[] = [];
  const closed: Figures[] = [];
  // The first time warms up.
  for (let i = 0; i <= repetitions; i++) {
    const all: Pinging[] = [];
    opened.push(
      await perUnit(async () => {
        all.push(...(await Promise.all(Array.from({length: count}, () => portal.openContext(actors.pings)))));
        return count;
      }),
    );
    const pings = all.map(pinging);
    const passEach = async (): Promise<number> => {
      const answers = await Promise.all(pings.map((ping, n) => ping(n)));
      check(
        answers.reduce((sum, answer) => sum + answer, 0),
        (count * (count - 1)) / 2,
      );
      return count;
    };
    await passEach();
    passed.push(await perUnit(passEach));
    closed.push(
      await perUnit(async () => {
        await Promise.all(all.map(one => one.cancel()));
        return count;
      }),
    );
  }
  return {
    ...both('open', opened.slice(1)),
    ...both('message', passed.slice(1)),
    ...both('end', closed.slice(1)),
  };
}

/** The median of the processor time of a unit in µs, both ends together. */
function both(what: string, figures: readonly Figures[]): Figures {
  return {[what]: median(figures.map(({here = Number.NaN, there = Number.NaN}) => here + there))};
}

/** Actors at once: each starts and answers, and all end. */
async function manyActors(nursery: Nursery, count: number): Promise<Figures> {
  const start = performance.now();
  const portals = await Promise.all(
    Array.from({length: count}, (_, i) => nursery.startActor(`number-${i}`, {expose: [scaled.echo]})),
  );
  const answers = await Promise.all(portals.map((portal, i) => portal.run(scaled.echo, i)));
  check(
    answers.reduce((sum, answer) => sum + answer, 0),
    (count * (count - 1)) / 2,
  );
  const started = performance.now();
  const mib = median(descendants().map(privateMemory));
  const before = performance.now();
  await nursery.cancel();
  return {start: (started - start) / count, end: (performance.now() - before) / count, mib};
}

/** Levels of actors, one in the other; a call to the last one passes through all. */
async function depth(nursery: Nursery, levels: number): Promise<Figures> {
  const start = performance.now();
  const portal = await nursery.startActor('top', {expose: [scaled.descend, scaled.relay]});
  const chain = await portal.openContext(scaled.descend, levels - 1);
  check(chain.first, levels - 1);
  const started = performance.now();
  const {best, here, there} = await latency(value => portal.run(scaled.relay, value));
  const before = performance.now();
  await nursery.cancel();
  return {
    start: (started - start) / levels,
    hop: (best as number) / levels,
    'hop cpu': ((here as number) + (there as number)) / levels,
    end: (performance.now() - before) / levels,
  };
}

/** A call that carries bytes there and back. */
async function payload(portal: Portal, bytes: number): Promise<Figures> {
  const sent = new Uint8Array(bytes).fill(7);
  const call = async (value: number): Promise<number> => {
    const back = await portal.run(scaled.echoBytes, sent);
    check(back.byteLength + (back.at(-1) ?? 0), bytes + 7);
    return value;
  };
  const {best, here, there} = await latency(call);
  const cpu = (here as number) + (there as number);
  return {call: best as number, 'call cpu': cpu, 'ns per byte': (cpu * 1_000) / bytes};
}

function withActor<T>(measure: (portal: Portal) => Promise<T>): Promise<T> {
  const expose = [actors.pings, actors.objects, scaled.echoBytes];
  return openNursery(async nursery => measure(await nursery.startActor('subject', {expose})), {timeouts: patient});
}
