/**
 * The probe of one stalled context among a thousand on one channel: how long the others take for a message there and back, before
 * and after one of them has filled a window that nobody empties.
 * Beside `ours`, which lists it.
 */
import {openNursery} from '../../lib/index.js';
import * as actors from './actors.js';
import {type Call, type Figures, latency} from './measure.js';
import {pinging} from './reading.js';

const thousand = 1_000;
const bytes = 16 * 1024;

export function stalled(): Promise<Figures> {
  return openNursery(async nursery => {
    const portal = await nursery.startActor('subject', {expose: [actors.pings, actors.floods]});
    const contexts = Array.from({length: thousand - 1}, () => portal.openContext(actors.pings));
    const calls = (await Promise.all(contexts)).map(pinging);
    let turn = 0;
    const next: Call = value => (calls[turn++ % calls.length] as Call)(value);
    const before = await latency(next);
    const stalled = await portal.openContext(actors.floods, bytes);
    // Its window opens, and is never emptied, because the iterator is not asked.
    const values = stalled.openStream().iterate();
    await values.next();
    const after = await latency(next);
    await portal.cancelActor();
    return {
      'p99 before': before.p99 as number,
      p99: after.p99 as number,
      times: (after.p99 as number) / (before.p99 as number),
    };
  });
}
