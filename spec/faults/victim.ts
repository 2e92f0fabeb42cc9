// The actor to which faults happen: a function for each thing that a caller can wait for, and the ways in which it ends itself.
// Started by phases.ts.
import {closeSync, writeFileSync} from 'node:fs';
import {type CalleeContext, context, shield, sleep, stream, task} from '../../lib/index.js';

export const echo = task((value: number) => value);
export const hang = task(() => sleep(Number.POSITIVE_INFINITY));
export const large = task((bytes: number) => new Uint8Array(bytes).fill(7));

export const neverStarts = context(async (_: CalleeContext<never, never, never>) => {
  await sleep(Number.POSITIVE_INFINITY);
});

export const staysOpen = context(async (ctx: CalleeContext<never, never, string>) => {
  ctx.started.next('open');
  await sleep(Number.POSITIVE_INFINITY);
});

export const numbers = stream(function* numbers() {
  for (let i = 0; ; i++) yield i;
});

export const takes = context(async (ctx: CalleeContext<number, never, string>) => {
  ctx.started.next('takes');
  for await (const _ of ctx.openStream());
});

export const closesItsHalf = context(async (ctx: CalleeContext<never, number, string>) => {
  ctx.started.next('closes');
  const wire = ctx.openStream();
  for (let i = 0; i < 10; i++) await wire.send(i);
  wire.complete();
  await sleep(Number.POSITIVE_INFINITY);
});

/** Its clean-up lasts longer than anybody waits. */
export const cleansUpLong = context(async (ctx: CalleeContext<never, never, string>) => {
  ctx.started.next('cleans up');
  try {
    await sleep(Number.POSITIVE_INFINITY);
  } finally {
    await shield(() => new Promise(resolve => setTimeout(resolve, 600_000)));
  }
});

export type Doom =
  | 'exit 0'
  | 'exit 3'
  | 'abort'
  | 'uncaught'
  | 'rejection'
  | 'out of memory'
  | 'channel closed'
  | 'busy';

/** Some note that they begin, because nothing can be heard of them then. */
const dooms: Readonly<Record<Doom, (note: string) => void>> = {
  'exit 0': () => process.exit(0),
  'exit 3': () => process.exit(3),
  abort: () => process.abort(),
  uncaught: () => setImmediate(() => failOutside()),
  rejection: () => void Promise.reject(new RangeError('nobody waits for this')),
  'out of memory': () => {
    const kept: unknown[] = [];
    for (;;) kept.push(Array.from({length: 10_000}, (_, i) => ({i})));
  },
  'channel closed': () => closeSync(3),
  busy: note => {
    writeFileSync(note, '');
    for (;;);
  },
};

function failOutside(): never {
  throw new RangeError('nobody catches this');
}

/**
 * Ends this actor in that way, most times when the answer has left. The answer may still wait behind others.
 *
 * @param note a file that does not exist yet
 */
export const meet = task((doom: Doom, note: string) => {
  setTimeout(() => dooms[doom](note), 5);
});
