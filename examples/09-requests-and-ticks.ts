/**
 * Requests, their answers and a clock share one stream: answers are found by their number, ticks come by themselves.
 *
 *   root         asks
 *   └── clerk    ticks, and answers in an order of its own
 *
 * It prints:
 *
 *   answers [ 'FIRST', 'SECOND', 'THIRD' ]
 *   ticks [ 0, 1, 2 ]
 *   requests served 3
 */
import {filter, firstValueFrom, interval, take, toArray} from 'rxjs';
import {type CalleeContext, context, main, sleep} from 'rxtractor';

type Request = {id: number; text: string};
type News = {kind: 'tick'; count: number} | {kind: 'answer'; id: number; text: string};

export const clerk = context(async (ctx: CalleeContext<Request, News, void>) => {
  ctx.started.next();
  const wire = ctx.openStream();
  const ticks = interval(20).subscribe(count => wire.next({kind: 'tick', count}));
  let served = 0;
  const serve = async ({id, text}: Request) => {
    await sleep(60 - 20 * id);
    await wire.send({kind: 'answer', id, text: text.toUpperCase()});
    served += 1;
  };
  try {
    await wire.consume(serve, {concurrency: 10});
  } finally {
    ticks.unsubscribe();
  }
  return served;
});

await main(async nursery => {
  const portal = await nursery.startActor('clerk', {expose: [clerk]});
  const context = await portal.openContext(clerk);
  const wire = context.openStream();

  let lastId = 0;
  async function ask(text: string): Promise<string> {
    const id = ++lastId;
    const answers = wire.pipe(filter(news => news.kind === 'answer'));
    const answer = firstValueFrom(answers.pipe(filter(answer => answer.id === id)));
    await wire.send({id, text});
    return (await answer).text;
  }

  const ticks = wire.pipe(filter(news => news.kind === 'tick'));
  const threeTicks = firstValueFrom(ticks.pipe(take(3), toArray()));
  console.log('answers', await Promise.all(['first', 'second', 'third'].map(ask)));
  const counts = (await threeTicks).map(tick => tick.count);
  console.log('ticks', counts);
  wire.complete();
  console.log('requests served', await context.result());
});
