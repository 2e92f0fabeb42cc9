/**
 * An actor that stops again and again takes turns with an actor that crashes: both get the prompt, and the crash ends both.
 *
 *   root
 *   ├── sentry
 *   └── clerk
 *
 * On a terminal: `sentry>`; then `sentry>` and `clerk>` in the order in which they asked, and `root>`, which the error of the
 * clerk has reached. `c` at each: once nobody is at a prompt, the sentry is ended with the rest.
 *
 * It prints, also where there is no terminal:
 *
 *   the sentry is on guard
 *
 * Its exit code is 1.
 */
import {breakpoint, type CalleeContext, context, main, task} from 'rxtractor';

export const guard = context(async (ctx: CalleeContext<never, never, void>) => {
  await breakpoint();
  ctx.started.next();
  for (;;) await breakpoint();
});

export const stumble = task((step: number): void => {
  throw new Error(`stumbled at step ${step}`);
});

await main(
  async nursery => {
    const sentry = await nursery.startActor('sentry', {expose: [guard]});
    await sentry.openContext(guard);
    const clerk = await nursery.startActor('clerk', {expose: [stumble]});
    console.log('the sentry is on guard');
    await clerk.run(stumble, 3);
  },
  {debug: true},
);
