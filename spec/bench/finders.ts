/**
 * The measurements within an actor: it calls another that it has found, and asks for names.
 * Imported by `ours` and by the actors that it starts.
 */
import {findActor, openNursery, task, waitForActor} from '../../lib/index.js';
import {echo} from './actors.js';
import {type Figures, latency, median, throughput} from './measure.js';

/** Calls over a link beside calls to a child, in turns: both see the same machine. */
export const compareCalls = task(
  (name: string): Promise<Figures> =>
    openNursery(async nursery => {
      const child = await nursery.startActor('child', {expose: [echo]});
      await using found = await waitForActor(name);
      const figures: Record<'found' | 'child', number[]> = {found: [], child: []};
      for (let turn = 0; turn < 3; turn++) {
        figures.child.push((await latency(value => child.run(echo, value))).p50 as number);
        figures.found.push((await latency(value => found.run(echo, value))).p50 as number);
      }
      return {found: median(figures.found), child: median(figures.child)};
    }),
);

/** The link is there: what remains is the question. */
export const findOften = task(async (name: string): Promise<Figures> => {
  await using kept = await waitForActor(name);
  await kept.run(echo, 7);
  const find = async (value: number): Promise<number> => {
    const found = await findActor(name);
    await found?.[Symbol.asyncDispose]();
    return found ? value : Number.NaN;
  };
  const findNobody = async (value: number): Promise<number> => ((await findActor('nobody')) ? Number.NaN : value);
  const {rate: child} = await throughput(find, 1);
  const {rate: vain} = await throughput(findNobody, 1);
  return {child: child as number, vain: vain as number};
});
