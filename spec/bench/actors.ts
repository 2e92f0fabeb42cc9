/**
 * What the benchmarks call in an actor: a module that imports rxtractor and nothing else.
 * Imported by `ours` and by the actors that it starts.
 */
import {type CalleeContext, context, sleep, stream, task} from '../../lib/index.js';

export interface Item {
  readonly id: number;
  readonly name: string;
}

export const echo = task((value: unknown) => value);

/** Throws, and says when. */
export const fail = task((): never => {
  throw Object.assign(new Error('as asked'), {thrownAt: monotonicMs()});
});

export const idle = task(() => sleep(Number.POSITIVE_INFINITY));

/** Small objects from an iterable: many are ready at once. */
export const gathered = stream(function* gathered(count: number): Generator<Item> {
  for (let id = 0; id < count; id++) yield {id, name: 'item'};
});

export const asyncGathered = stream(async function* asyncGathered(count: number): AsyncGenerator<Item> {
  for (let id = 0; id < count; id++) yield {id, name: 'item'};
});

/** The same, each sent when the one before has found room. */
export const oneByOne = context(async (ctx: CalleeContext<never, Item, null>, count: number): Promise<void> => {
  ctx.started.next(null);
  const values = ctx.openStream();
  for (let id = 0; id < count; id++) await values.send({id, name: 'item'});
});

export const buffers = stream(function* buffers(count: number, bytes: number): Generator<Uint8Array> {
  const buffer = new Uint8Array(bytes).fill(7);
  for (let i = 0; i < count; i++) yield buffer;
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
export const records = task((bytes: number) => recordsOf(bytes));
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
