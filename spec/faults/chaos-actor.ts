// The actors of a chaos: each works for its parent and lets actors below it work, and starts them again when they have died. On
// SIGUSR2 it does something to itself. Below chaos.ts.
import {closeSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {
  type CalleeContext,
  context,
  currentActor,
  type Nursery,
  openNursery,
  type Portal,
  type RemoteStream,
  sleep,
  stream,
  task,
} from '../../lib/index.js';
import {doom, isTold, watch} from './invariants.js';

export const echo = task((value: number) => value);
export const numbers = stream(async function* numbers(count: number) {
  for (let n = 0; n < count; n++) yield n;
});
/** Counts what comes, and says at the end how many. */
export const count = context(async (ctx: CalleeContext<number, never, string>) => {
  ctx.started.next('counts');
  let due = 0;
  for await (const value of ctx.openStream()) {
    if (value !== due) note(`${value} came where ${due} was due`);
    due++;
  }
  return due;
});
/** Lets a tree grow below this actor, of so many levels, until it is cancelled. */
export const grow = task(async (levels: number, seed: number) => {
  watch(note);
  await growBelow(levels, randomOf(seed + process.pid), newTally());
  await sleep(Number.POSITIVE_INFINITY);
});
export const expose = [echo, numbers, count, grow];

/** The work that was done, and how it ended. */
export interface Tally {
  operations: number;
  values: number;
  /** Operations that ended with an error of the library. */
  failed: number;
}
export const newTally = (): Tally => ({operations: 0, values: 0, failed: 0});

/** Something that must not happen: it is printed, whoever notices it. */
export function note(text: string): void {
  process.stderr.write(`FINDING ${process.pid}: ${text}\n`);
}

/** Keeps actors below this one, until it is cancelled. */
export async function growBelow(levels: number, random: () => number, tally: Tally): Promise<void> {
  if (levels === 0) return;
  const width = levels > 3 || (levels === 3 && random() < 0.5) ? 2 : 1;
  await Promise.all(Array.from({length: width}, (_, i) => keep(`${currentActor().name}${i}`, levels, random, tally)));
}

/** An actor, and another one when it has died. */
async function keep(name: string, levels: number, random: () => number, tally: Tally): Promise<never> {
  for (;;) {
    try {
      await openNursery(nursery => workWith(nursery, name, levels, random, tally));
    } catch (error) {
      if (!isTold(error)) note(`a nursery rejected with ${String(error)}`);
    }
    // Rejects when it is this actor that is to end.
    await sleep(5);
  }
}

async function workWith(
  nursery: Nursery,
  name: string,
  levels: number,
  random: () => number,
  tally: Tally,
): Promise<void> {
  const portal = await nursery.startActor(name, {expose});
  // Neither returns: a failure ends this nursery.
  const below = portal.run(grow, levels - 1, Math.floor(random() * 1e6));
  await Promise.all([below, ...works.map(work => workOn(work, portal, random, tally))]);
}

/** Does a piece of work, and notes what must not happen. Resolves with how many values have crossed. */
type Work = (portal: Portal, size: number) => Promise<number>;

const works: readonly Work[] = [
  async (portal, size) => {
    const answer = await portal.run(echo, size);
    if (answer !== size) note(`${answer} was the answer to ${size}`);
    return 1;
  },
  async (portal, size) => {
    const due = await countOf(portal.with({window: 16}).stream(numbers, size));
    // Without an error all of it must have come: fewer values would be a silent loss.
    if (due !== size) note(`a stream of ${size} values completed after ${due}`);
    return due;
  },
  async (portal, size) => {
    const call = await portal.with({window: 16}).openContext(count);
    const wire = call.openStream();
    for (let n = 0; n < size; n++) await wire.send(n);
    wire.complete();
    const counted = await call.result();
    if (counted !== size) note(`${counted} of ${size} values were received, and nobody was told`);
    return size;
  },
  async (portal, size) => {
    const call = await portal.openContext(count);
    await call.openStream().send(0);
    if ((await call.cancel(size)) === undefined) note('cancel() did not say whether it was heard');
    return 1;
  },
];

/** How many values came until the one end, each one more than the last, and nothing behind it (I1, I2, I3). */
function countOf(source: RemoteStream<number>): Promise<number> {
  let due = 0;
  let ends = 0;
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      if (++ends > 1) note('a stream ended twice');
      settle();
    };
    source.subscribe({
      next: n => {
        if (n !== due) note(`${n} came where ${due} was due`);
        if (ends > 0) note(`${n} came after the end`);
        due++;
      },
      error: error => end(() => reject(error)),
      complete: () => end(() => resolve(due)),
    });
  });
}

/** Does the same work again and again, until it fails. */
async function workOn(work: Work, portal: Portal, random: () => number, tally: Tally): Promise<void> {
  for (;;) {
    tally.operations++;
    try {
      tally.values += await work(portal, 1 + Math.floor(random() * 500));
    } catch (error) {
      tally.failed++;
      if (!isTold(error)) note(`an operation failed with ${String(error)}`);
      throw error;
    }
    await sleep(random() * 5);
  }
}

const dooms: Readonly<Record<string, () => void>> = {
  throws: () => {
    throw doom();
  },
  exits: () => process.exit(3),
  rejects: () => void Promise.reject(doom()),
  'loses its channel': loseChannel,
  'is busy': () => {
    for (const until = performance.now() + 400; performance.now() < until; );
  },
};
/** It may have lost it already, and not have ended yet. */
function loseChannel(): void {
  try {
    closeSync(3);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EBADF') throw error;
  }
}
export const doomNames = Object.keys(dooms);

export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Actors alone: the program itself chooses what happens. */
if (process.argv[1] !== fileURLToPath(new URL('chaos.js', import.meta.url))) {
  const random = randomOf(process.pid);
  process.on('SIGUSR2', () => dooms[doomNames[Math.floor(random() * doomNames.length)] as string]?.());
}
