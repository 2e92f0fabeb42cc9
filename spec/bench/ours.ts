/**
 * The probes of rxtractor, each in a tree of its own.
 * Beside `bare`, `node-own` and the peers, which do the same work without it; `probe` runs one of them in a process.
 */
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {filter, map, type Observable} from 'rxjs';
import {type ActorOptions, findActor, type Marked, type Nursery, openNursery, type Portal} from '../../lib/index.js';
import * as actors from './actors.js';
import * as withRxjs from './actors-rxjs.js';
import {beside} from './beside.js';
import * as small from './echoing.js';
import * as finders from './finders.js';
import {type Figures, inTurn, median, throughput, times, transfers} from './measure.js';
import {idOf, summed} from './reading.js';
import type {Receive, Road, Subject} from './roads.js';
import {stalled} from './stalled.js';
import {standingBy} from './standing-by.js';
import {type Item, items, weigh} from './values.js';

const kibibyte = 1024;
const workers = 2;
const thousand = 1_000;

let nursery: Promise<Nursery> | undefined;
/** One tree for all roads of a probe, as a program has one. */
const tree = (): Promise<Nursery> => (nursery ??= openNursery());
let names = 0;

export const ours: Subject = {
  open: async probe => {
    const start = async (...expose: ActorOptions['expose'][number][]): Promise<Portal> =>
      (await tree()).startActor(`subject-${names++}`, {expose});
    if (probe === 'spawn' || probe === 'memory') return smallRoad(await start(small.echo));
    if (!probe.startsWith('stream')) return roadTo(await start(actors.echo));
    return roadTo(await start(new URL('actors.js', import.meta.url), new URL('actors-rxjs.js', import.meta.url)));
  },
  openPool: async () => {
    const pool = await (await tree()).openPool(workers, {expose: [actors.echo]});
    return {call: value => pool.run(actors.echo, value), close: () => pool[Symbol.asyncDispose]()};
  },
  end: async () => (await nursery)?.cancel(),
  own: {
    ...beside,
    'one stalled of 1000': stalled,
    'stream: async source': () =>
      withActor(portal => transfers(count => summed(portal.stream(actors.asyncObjects, count), idOf))),
    'stream: Observable': () =>
      withActor(portal => transfers(count => summed(portal.stream(withRxjs.pushed, count), idOf))),
    'stream: window 4096': () =>
      withActor(portal => transfers(count => summed(portal.with({window: 4_096}).stream(actors.objects, count), idOf))),
    'spawn rxjs': () => spawning(withRxjs.echo),
    'spawn cached': withCompileCache,
    'spawn standby': fromStandby,
    'one of ten fails': () => inTurn(oneFails),
    found: () =>
      openNursery(async nursery => {
        await nursery.startActor('subject', {expose: [actors.echo]});
        const caller = await nursery.startActor('caller', {expose: [finders.compareCalls]});
        return caller.run(finders.compareCalls, 'subject');
      }),
    names: () => openNursery(findNames),
  },
};

/** The road to an actor whose module is as small as can be. */
function smallRoad(portal: Portal): Road {
  return {call: value => portal.run(small.echo, value), close: () => portal.cancelActor()};
}

function roadTo(portal: Portal): Road {
  const drained = async (wire: Observable<Item | number>, read: (value: never) => number, rest: Promise<unknown>) => {
    const sum = await summed(wire, read);
    await rest;
    return sum;
  };
  /** The probe of a context that sends each value by itself. */
  const each =
    <T extends Item | number>(
      fn: typeof actors.objectsEach | typeof actors.numbersEach,
      read: (value: T) => number,
    ): Receive =>
    async count => {
      const context = await portal.openContext(fn as typeof actors.objectsEach, count);
      return drained(context.openStream(), read, context.result());
    };
  return {
    call: value => portal.run(actors.echo, value),
    streams: {
      objects: count => summed(portal.stream(actors.objects, count), idOf),
      numbers: count => summed(portal.stream(actors.numbers, count), itself),
      records: count => summed(portal.stream(actors.records, count), idOf),
      'objects each': each(actors.objectsEach, idOf),
      'numbers each': each(actors.numbersEach, itself),
      'records each': each(actors.recordsEach as typeof actors.objectsEach, idOf),
      operators: count =>
        summed(
          portal.stream(withRxjs.operators, count).pipe(
            map(({id, name}) => ({id: id - 1, name})),
            filter(({id}) => id >= 0),
          ),
          idOf,
        ),
      '64 KiB': count => summed(portal.stream(actors.buffers, count, 64 * kibibyte), weigh),
      '1 MiB': count => summed(portal.stream(actors.buffers, count, kibibyte * kibibyte), weigh),
      echo: async count => {
        const context = await portal.openContext(actors.echoes);
        const wire = context.openStream();
        const [sum] = await Promise.all([summed(wire, idOf), wire.pump(items(count))]);
        await context.result();
        return sum;
      },
    },
    close: () => portal.cancelActor(),
  };
}

const itself = (value: number): number => value;

function withActor<T>(measure: (portal: Portal) => Promise<T>): Promise<T> {
  return openNursery(async nursery =>
    measure(
      await nursery.startActor('subject', {
        expose: [new URL('actors.js', import.meta.url), new URL('actors-rxjs.js', import.meta.url)],
      }),
    ),
  );
}

function spawning(echo: ((value: number) => unknown) & Marked<'task'>): Promise<Figures> {
  return openNursery(nursery =>
    times(async () => {
      const portal = await nursery.startActor('subject', {expose: [echo]});
      await portal.run(echo, 1);
      // Its end is no part of the time, but must not weigh on the next.
      void portal.cancelActor();
    }),
  );
}

/** Node 20 has no such cache. */
async function withCompileCache(): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-cache-'));
  process.env.NODE_COMPILE_CACHE = folder;
  try {
    return await spawning(small.echo);
  } finally {
    rmSync(folder, {recursive: true});
  }
}

function fromStandby(): Promise<Figures> {
  const standbys = standingBy();
  const measured = openNursery(async nursery => {
    const samples: number[] = [];
    for (let i = 0; i < 6; i++) {
      await standbys.next();
      const start = performance.now();
      const portal = await nursery.startActor('subject', {expose: [small.echo], logLevel: 'warn'});
      await portal.run(small.echo, 1);
      samples.push(performance.now() - start);
      void portal.cancelActor();
    }
    const [first, ...others] = samples;
    return {first: first as number, ms: median(others), best: Math.min(...others)};
  }, standbys.options);
  return measured.finally(() => standbys.end());
}

const tenNames = Array.from({length: 10}, (_, i) => `number-${i}`);

/** From the throw in one of ten to the parent's knowledge of it, and to the end of all. */
async function oneFails(): Promise<Figures> {
  let seen = 0;
  let thrownAt = 0;
  await openNursery(async nursery => {
    const portals = await Promise.all(
      tenNames.map(name => nursery.startActor(name, {expose: [actors.idle, actors.fail]})),
    );
    const [first, ...others] = portals;
    for (const portal of others) void portal.run(actors.idle).catch(() => {});
    try {
      await first?.run(actors.fail);
    } catch (error) {
      seen = actors.monotonicMs();
      thrownAt = ((error as Error).cause as {thrownAt: number}).thrownAt;
      throw error;
    }
  }).catch(() => {});
  return {seen: seen - thrownAt, gone: actors.monotonicMs() - thrownAt};
}

async function findNames(nursery: Nursery): Promise<Figures> {
  const names = Array.from({length: thousand}, (_, i) => `name-${i}`);
  // Within this process: what is measured is the list, not what is on it.
  await Promise.all(names.map(name => nursery.startActor(name, {backend: 'inline', expose: [actors.echo]})));
  let next = 0;
  const find = async (value: number): Promise<number> => {
    const found = await openNursery(async () => findActor(names[next++ % thousand] as string));
    return found ? value : Number.NaN;
  };
  const {rate} = await throughput(find, 1);
  const finder = await nursery.startActor('finder', {expose: [finders.findOften]});
  return {root: rate as number, ...(await finder.run(finders.findOften, 'name-500'))};
}
