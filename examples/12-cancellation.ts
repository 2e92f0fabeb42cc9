/**
 * A cancel runs the clean-up over there, and resolves when that is done.
 *
 *   root
 *   └── printer
 *
 * It prints:
 *
 *   printing report.pdf
 *   the job is cancelled: wrong paper
 *   the tray is empty
 *   acknowledged, clean-up included: true
 *   ContextCancelled requested by root
 *   printing letter.pdf
 *   the tray is empty
 *   the next job: printed
 */
import {type CalleeContext, ContextCancelled, context, main, shield, sleep} from 'rxtractor';

export const print = context(async (ctx: CalleeContext<never, never, string>, file: string, ms: number) => {
  ctx.started.next(`printing ${file}`);
  try {
    await sleep(ms); // rejects when the job is cancelled, as every wait of the library does
    return 'printed';
  } catch (error) {
    if (error instanceof ContextCancelled) console.log('the job is cancelled:', error.cause);
    throw error;
  } finally {
    // Clean-up that waits is shielded, or its first wait would reject too.
    await shield(() => sleep(50));
    console.log('the tray is empty');
  }
});

await main(async nursery => {
  const printer = await nursery.startActor('printer', {expose: [print]});
  const job = await printer.openContext(print, 'report.pdf', 60_000);
  console.log(job.first);
  console.log('acknowledged, clean-up included:', await job.cancel('wrong paper'));
  try {
    await job.result();
  } catch (error) {
    if (!(error instanceof ContextCancelled)) throw error;
    console.log(error.name, error.reason, 'by', error.canceller?.name);
  }

  // The actor itself was not cancelled: it takes the next job.
  const next = await printer.openContext(print, 'letter.pdf', 10);
  console.log(next.first);
  console.log('the next job:', await next.result());
});
