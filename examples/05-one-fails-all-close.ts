/**
 * One actor fails: the others are cancelled and clean up, and only then the program ends, with the error.
 *
 *   root
 *   ├── steady
 *   ├── steady
 *   └── faulty    throws
 *
 * It prints (and the error, on stderr):
 *
 *   all are at work
 *   a worker has put its tools away
 *   a worker has put its tools away
 *   everything has ended
 *
 * Its exit code is 1.
 */
import {type CalleeContext, context, main, openNursery, sleep, task} from 'rxtractor';

export const work = context(async (ctx: CalleeContext<never, never, void>) => {
  ctx.started.next();
  try {
    await sleep(60_000);
  } finally {
    console.log('a worker has put its tools away');
  }
});

export const fail = task(() => {
  throw new Error('the machine has broken');
});

await main(async () => {
  try {
    await openNursery(async nursery => {
      for (let count = 1; count <= 2; count++) {
        const steady = await nursery.startActor('steady', {expose: [work]});
        await steady.openContext(work);
      }
      const faulty = await nursery.startActor('faulty', {expose: [fail]});
      console.log('all are at work');
      await faulty.run(fail);
    });
  } finally {
    console.log('everything has ended');
  }
});
