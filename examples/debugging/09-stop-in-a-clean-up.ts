/**
 * A breakpoint in a cancelled task rejects, like every wait. Under a shield it stops.
 *
 *   root
 *   └── writer
 *
 * On a terminal: `writer>` in the clean-up. Try `unsaved`, `n`; `c` lets the clean-up end.
 *
 * It prints, also where there is no terminal:
 *
 *   the writer was cancelled, and has saved 2 pages
 */
import {breakpoint, type CalleeContext, context, main, shield, sleep, task} from 'rxtractor';

let saved = 0;
export const write = context(async (ctx: CalleeContext<never, never, void>) => {
  const unsaved = ['page one', 'page two'];
  ctx.started.next();
  try {
    await sleep(60_000);
  } finally {
    await shield(async () => {
      await breakpoint();
      saved = unsaved.length;
    });
  }
});
export const count = task(() => saved);

await main(
  async nursery => {
    const writer = await nursery.startActor('writer', {expose: [write, count]});
    const job = await writer.openContext(write);
    await job.cancel('the paper is wanted now');
    console.log(`the writer was cancelled, and has saved ${await writer.run(count)} pages`);
  },
  {debug: true},
);
