/**
 * The functions that the probes of `scale` call in an actor.
 * Imported by `scale` and by the actors that it starts.
 */
import {type CalleeContext, context, openNursery, type Portal, sleep, task} from '../../lib/index.js';

export const echo = task((value: number) => value);
export const echoBytes = task((bytes: Uint8Array) => bytes);

let next: Portal | undefined;

/** Starts this number of levels below this actor, one in the other. Started when the last one is. */
export const descend = context(async (ctx: CalleeContext<never, never, number>, levels: number): Promise<void> => {
  if (levels === 0) {
    ctx.started.next(0);
    return sleep(Number.POSITIVE_INFINITY);
  }
  await openNursery(async nursery => {
    next = await nursery.startActor(`level-${levels}`, {expose: [descend, relay]});
    const below = await next.openContext(descend, levels - 1);
    ctx.started.next(below.first + 1);
    await below.result();
  });
});

/** To the last of the levels, and back. */
export const relay = task((value: number): number | Promise<number> => next?.run(relay, value) ?? value);
