/**
 * The root cancels the tree while a grandchild is at the prompt: the grandchild is ended only after the person has left the prompt.
 *
 *   root
 *   └── middle
 *       └── leaf
 *
 * On a terminal: `leaf>`. Take your time: the root has cancelled the tree after a second. Try `minutes`, `w`; `c`.
 *
 * It prints, also where there is no terminal:
 *
 *   the root gives up
 */
import {breakpoint, type CalleeContext, context, main, openNursery, sleep} from 'rxtractor';

export const work = context(async (ctx: CalleeContext<never, never, void>, minutes: number) => {
  ctx.started.next();
  await breakpoint();
  await sleep(minutes * 60_000); // where the cancellation arrives
});

export const delegate = context((ctx: CalleeContext<never, never, void>, minutes: number) =>
  openNursery(async nursery => {
    const leaf = await nursery.startActor('leaf', {expose: [work]});
    await leaf.openContext(work, minutes);
    ctx.started.next();
  }),
);

await main(
  async nursery => {
    const middle = await nursery.startActor('middle', {expose: [delegate]});
    await middle.openContext(delegate, 5);
    await sleep(1_000);
    console.log('the root gives up');
    await nursery.cancel();
  },
  {debug: true},
);
