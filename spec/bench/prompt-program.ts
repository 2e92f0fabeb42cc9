// An actor that stops again and again: writes down when it asked, and its memory. Started by prompt.ts.
import {appendFileSync} from 'node:fs';
import {breakpoint, main, sleep, task} from '../../lib/index.js';

const [report = '', times = '1'] = process.argv.slice(2);

export const stops = task(async (path: string, count: number) => {
  for (let i = 0; i < count; i++) {
    await sleep(200);
    const rss = process.memoryUsage().rss;
    appendFileSync(path, `${JSON.stringify({at: performance.timeOrigin + performance.now(), rss})}\n`);
    await breakpoint();
  }
  await sleep(200);
  return process.memoryUsage().rss;
});

await main(
  async nursery => {
    const actor = await nursery.startActor('actor', {expose: [stops]});
    const rss = await actor.run(stops, report, Number(times));
    appendFileSync(report, `${JSON.stringify({rss})}\n`);
  },
  {debug: true},
);
