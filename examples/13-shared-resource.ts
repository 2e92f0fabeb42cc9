/**
 * Two remote functions of one actor use the same resource: the first opens it, the last to leave closes it.
 *
 *   root
 *   └── library    one catalogue for all its readers
 *
 * It prints:
 *
 *   the catalogue is opened
 *   ann has opened it: true
 *   ben has opened it: false
 *   ann leaves
 *   ben leaves
 *   the catalogue is closed
 */
import {type CalleeContext, context, main, openShared} from 'rxtractor';

async function openCatalogue() {
  console.log('the catalogue is opened');
  return {[Symbol.asyncDispose]: async () => console.log('the catalogue is closed')};
}

export const read = context(async (ctx: CalleeContext<never, never, boolean>, name: string) => {
  await using use = await openShared('catalogue', openCatalogue);
  ctx.started.next(use.fresh);
  await ctx.openStream().consume(() => undefined); // until the reader completes the stream
  console.log(`${name} leaves`);
});

await main(async nursery => {
  const library = await nursery.startActor('library', {expose: [read]});
  const ann = await library.openContext(read, 'ann');
  console.log('ann has opened it:', ann.first);
  const ben = await library.openContext(read, 'ben');
  console.log('ben has opened it:', ben.first);
  for (const reader of [ann, ben]) {
    reader.openStream().complete();
    await reader.result();
  }
});
