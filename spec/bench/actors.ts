/**
 * The functions that the benchmarks call in an actor: a module that imports rxtractor and nothing else.
 * Imported by `ours` and by the actors that it starts.
 */
import {type CalleeContext, context, openNursery, sleep, stream, task} from '../../lib/index.js';
import type {Item} from './values.js';
import * as values from './values.js';

/** Shared by the benchmarks that connect to each other. */
export const secret = 'of the benchmarks, which are on loopback';

export const echo = task((value: number) => value);

/** Throws, and says when. */
export const fail = task((): never => {
  throw Object.assign(new Error('as asked'), {thrownAt: monotonicMs()});
});

export const idle = task(() => sleep(Number.POSITIVE_INFINITY));

/** From an iterable many values are ready at once, so they are gathered. */
export const objects = stream((count: number): Iterable<Item> => values.items(count));
export const numbers = stream((count: number): Iterable<number> => values.numbers(count));
export const records = stream((count: number): Iterable<Item> => values.records(count));
export const buffers = stream((count: number, bytes: number): Iterable<Uint8Array> => values.buffers(count, bytes));

export const asyncObjects = stream(async function* asyncObjects(count: number): AsyncGenerator<Item> {
  yield* values.items(count);
});

type Sender<T> = CalleeContext<never, T, null>;

/** The same, each sent when the one before has found room. */
export const objectsEach = context((ctx: Sender<Item>, count: number) => sendEach(ctx, values.items(count)));
export const numbersEach = context((ctx: Sender<number>, count: number) => sendEach(ctx, values.numbers(count)));
export const recordsEach = context((ctx: Sender<Item>, count: number) => sendEach(ctx, values.records(count)));

async function sendEach<T>(ctx: Sender<T>, source: Iterable<T>): Promise<void> {
  ctx.started.next(null);
  const wire = ctx.openStream();
  for (const value of source) await wire.send(value);
}

/** Gives back what comes, until no more comes. */
export const echoes = context(async (ctx: CalleeContext<Item, Item, null>): Promise<void> => {
  ctx.started.next(null);
  const wire = ctx.openStream();
  for await (const value of wire) await wire.send(value);
});

/** Gives back numbers, without a wait. */
export const pings = context((ctx: CalleeContext<number, number, null>): Promise<void> => {
  ctx.started.next(null);
  const wire = ctx.openStream();
  wire.subscribe({next: value => wire.next(value), error: () => {}});
  return sleep(Number.POSITIVE_INFINITY);
});

/** Has a child of this name, with all of these functions, until it is cancelled. */
export const hasBelow = context(
  (ctx: CalleeContext<never, never, null>, name: string): Promise<void> =>
    openNursery(async nursery => {
      await nursery.startActor(name, {expose: [new URL(import.meta.url)]});
      ctx.started.next(null);
      await sleep(Number.POSITIVE_INFINITY);
    }),
);

/** Sends without end what its peer does not read. */
export const floods = context(async (ctx: Sender<Uint8Array>, bytes: number): Promise<void> => {
  ctx.started.next(null);
  const wire = ctx.openStream();
  for (const buffer of values.buffers(Number.POSITIVE_INFINITY, bytes)) await wire.send(buffer);
});

let madeBinary = new Uint8Array();
let madeRecords: readonly Item[] = [];

/** A buffer of this size, made once. */
export function binaryOf(bytes: number): Uint8Array {
  if (madeBinary.length !== bytes) madeBinary = new Uint8Array(bytes).fill(7);
  return madeBinary;
}

/** About so many bytes of small objects, made once. A message takes fewer than 150 000 of them. */
export function recordsOf(bytes: number): readonly Item[] {
  const each = 360;
  const count = Math.floor(bytes / each);
  if (madeRecords.length !== count)
    madeRecords = Array.from({length: count}, (_, id) => ({id, name: `${id} `.padEnd(each - 20, 'record ')}));
  return madeRecords;
}

export const binary = task((bytes: number) => binaryOf(bytes));
export const manyRecords = task((bytes: number) => recordsOf(bytes));
/**
 * The longest time in ms that this process has worked without giving its event loop back, since this was called before: in time of
 * the processor, so that other programs do not count.
 */
export function longestTurn(): number {
  const {longest} = turns;
  turns.longest = 0;
  turns.timer ??= setInterval(() => {
    const {user, system} = process.cpuUsage();
    const used = (user + system) / 1_000;
    turns.longest = Math.max(turns.longest, used - turns.used);
    turns.used = used;
  }, 1);
  turns.timer.unref();
  return longest;
}
const turns: {longest: number; used: number; timer?: NodeJS.Timeout} = {longest: 0, used: 0};

export const longestTurnHere = task(() => longestTurn());

export const take = task((_value: unknown): void => {});

/** Milliseconds of a clock that all processes of a machine share. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;
