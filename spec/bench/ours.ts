/**
 * The probes of rxtractor, each in a tree of its own.
 * Beside `bare` and `node-own`, which do the same work without it; `probe` runs one of them in a process.
 */
import {findActor, type Marked, openNursery, type Portal, type RemoteStream} from '../../lib/index.js';
import * as actors from './actors.js';
import * as withRxjs from './actors-rxjs.js';
import {beside} from './beside.js';
import * as finders from './finders.js';
import {type Figures, inTurn, latency, type Probe, throughput, times, transfers} from './measure.js';

const items = 50_000;
const bufferBytes = 64 * 1024;
const buffersEach = 500;
const megabytes = (bufferBytes * buffersEach) / 1e6;
const many = 10;
const thousand = 1_000;

export const ours: Readonly<Record<string, Probe>> = {
  ...beside,
  call: () => withActor(echo => latency(() => echo.run(actors.echo, 7))),
  'calls 64': () => withActor(echo => throughput(() => echo.run(actors.echo, 7), 64)),
  'calls 256': () => withActor(echo => throughput(() => echo.run(actors.echo, 7), 256)),
  gathered: () => streaming(portal => portal.stream(actors.gathered, items)),
  'gathered 4096': () => streaming(portal => portal.with({window: 4_096}).stream(actors.gathered, items)),
  'async source': () => streaming(portal => portal.stream(actors.asyncGathered, items)),
  pushed: () => streaming(portal => portal.stream(withRxjs.pushed, items)),
  'one at a time': () => withActor(portal => transfers(() => drainContext(portal), items)),
  buffers: () =>
    withActor(portal => transfers(() => drain(portal.stream(actors.buffers, buffersEach, bufferBytes)), megabytes)),
  spawn: () => spawning(actors.echo),
  'spawn rxjs': () => spawning(withRxjs.echo),
  'spawn ten': () =>
    inTurn(async () =>
      openNursery(async nursery => {
        const start = performance.now();
        await Promise.all(
          tenNames.map(async name => {
            const portal = await nursery.startActor(name, {expose: [actors.echo]});
            await portal.run(actors.echo, 1);
          }),
        );
        return {ms: performance.now() - start};
      }),
    ),
  teardown: () =>
    inTurn(() =>
      openNursery(async nursery => {
        await Promise.all(tenNames.map(name => nursery.startActor(name, {expose: [actors.echo]})));
        const start = performance.now();
        await nursery.cancel();
        return {ms: performance.now() - start};
      }),
    ),
  'one fails': () => inTurn(oneFails),
  found: () =>
    openNursery(async nursery => {
      await nursery.startActor('subject', {expose: [actors.echo]});
      const caller = await nursery.startActor('caller', {expose: [finders.compareCalls]});
      return caller.run(finders.compareCalls, 'subject');
    }),
  names: () =>
    openNursery(async nursery => {
      const names = Array.from({length: thousand}, (_, i) => `name-${i}`);
      // Within this process: what is measured is the list, not what is on it.
      await Promise.all(names.map(name => nursery.startActor(name, {backend: 'inline', expose: [actors.echo]})));
      let next = 0;
      const {rate: root} = await throughput(
        () => openNursery(async () => findActor(names[next++ % thousand] as string)),
        1,
      );
      const finder = await nursery.startActor('finder', {expose: [finders.findOften]});
      return {root: root as number, ...(await finder.run(finders.findOften, 'name-500'))};
    }),
};

const tenNames = Array.from({length: many}, (_, i) => `number-${i}`);

function withActor<T>(measure: (portal: Portal) => Promise<T>): Promise<T> {
  return openNursery(async nursery =>
    measure(
      await nursery.startActor('subject', {
        expose: [new URL('actors.js', import.meta.url), new URL('actors-rxjs.js', import.meta.url)],
      }),
    ),
  );
}

function streaming(open: (portal: Portal) => RemoteStream<actors.Item>): Promise<Figures> {
  return withActor(portal => transfers(() => drain(open(portal)), items));
}

function drain(values: RemoteStream<unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    values.subscribe({next: () => {}, error: reject, complete: resolve});
  });
}

async function drainContext(portal: Portal): Promise<void> {
  const context = await portal.openContext(actors.oneByOne, items);
  await drain(context.openStream());
  await context.result();
}

function spawning(echo: ((value: unknown) => unknown) & Marked<'task'>): Promise<Figures> {
  return openNursery(nursery =>
    times(async () => {
      const portal = await nursery.startActor('subject', {expose: [echo]});
      await portal.run(echo, 1);
      // Its end is no part of the time, but must not weigh on the next.
      void portal.cancelActor();
    }, 4),
  );
}

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
