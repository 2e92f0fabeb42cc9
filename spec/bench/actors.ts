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

/** Milliseconds of a clock that all processes of a machine share. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;
