/**
 * Subscriptions come and go while news is published: each is a context, so it is acknowledged, and cannot be forgotten.
 *
 *   root
 *   └── broker    knows who listens to what
 *
 * It prints:
 *
 *   heard by 1: sport 1:0
 *   heard by 2: sport 1:1
 *   heard by 1: weather rain
 *   heard by 1: sport 2:1
 *   ann heard 1:0, 1:1
 *   ben heard 1:1, rain, 2:1
 */
import {type CalleeContext, context, type MsgStream, main, type Portal, task} from 'rxtractor';

const listeners = new Map<MsgStream<never, string>, readonly string[]>();

export const listen = context(async (ctx: CalleeContext<never, string, void>, ...topics: string[]) => {
  ctx.started.next(); // whoever opens this context goes on now: it hears all that is published from here on
  const wire = ctx.openStream();
  listeners.set(wire, topics);
  try {
    await wire.consume(() => undefined); // until the listener has completed its end
  } finally {
    listeners.delete(wire);
  }
});

export const publish = task((topic: string, text: string) => {
  const hearing = [...listeners].filter(([, topics]) => topics.includes(topic));
  for (const [wire] of hearing) wire.next(text);
  return `heard by ${hearing.length}: ${topic} ${text}`;
});

async function openListener(broker: Portal, name: string, ...topics: string[]) {
  const context = await broker.openContext(listen, ...topics);
  const wire = context.openStream();
  const heard: string[] = [];
  wire.subscribe(text => heard.push(text));
  return async () => {
    wire.complete();
    await context.result();
    return `${name} heard ${heard.join(', ')}`;
  };
}

await main(async nursery => {
  const broker = await nursery.startActor('broker', {expose: [listen, publish]});
  const leaveAnn = await openListener(broker, 'ann', 'sport');
  console.log(await broker.run(publish, 'sport', '1:0'));
  const leaveBen = await openListener(broker, 'ben', 'sport', 'weather');
  console.log(await broker.run(publish, 'sport', '1:1'));
  const ann = await leaveAnn();
  console.log(await broker.run(publish, 'weather', 'rain'));
  console.log(await broker.run(publish, 'sport', '2:1'));
  console.log(`${ann}\n${await leaveBen()}`);
});
