// The claims of tests/test_legacy_one_way_streaming.py: streams that only come.
import {readdirSync} from 'node:fs';
import {concat, finalize, from, NEVER} from 'rxjs';
import {ContextCancelled, openNursery, sleep} from '../../lib/index.js';
import {aggregate} from '../fixtures/quad.js';
import {folderOf} from '../kit/folder.js';
import {until} from '../kit/pair.js';
import {spawning} from '../kit/spawning.js';
import {errorOf, over} from './over.js';

const test = spawning({takesLong: true});

const sequence = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
/** Sources that give the sequence, then end or wait for ever; each notes its end. */
const sources: Record<string, (waits: boolean, ended: () => void) => unknown> = {
  'an async generator': async function* (waits, ended) {
    try {
      yield* sequence;
      if (waits) await sleep(1e9);
    } finally {
      ended();
    }
  },
  'an Observable': (waits, ended) => concat(from(sequence), waits ? NEVER : []).pipe(finalize(ended)),
};
for (const [what, source] of Object.entries(sources)) {
  for (const waits of [false, true]) {
    over(
      `legacy_one_way_streaming/test_stream_from_single_subactor: values come in order until the source stops, and leaving an endless one ends its source (S2, S5, X1) [${what}, ${waits ? 'endless' : 'of ten values'}]`,
      async (t, calls) => {
        let ended = false;
        const stream = calls.stream(() =>
          source(waits, () => {
            ended = true;
          }),
        );
        const seen: number[] = [];
        const iterator = stream.iterate();
        for await (const value of iterator) {
          seen.push(value);
          if (waits && seen.length === sequence.length) {
            t.false(ended);
            break;
          }
        }
        t.deepEqual(seen, sequence);
        t.deepEqual(await iterator.next(), {done: true, value: undefined});
        await until(() => ended);
      },
    );
  }
}

for (const values of [1, 10, 50, 100, 200, 290]) {
  test(`legacy_one_way_streaming/test_not_fast_enough_quad: four actors that stream into one another are cancelled midway, and each ends by itself (T10, X3) [after ${values} of 300 values]`, async t => {
    const folder = folderOf(t);
    const controller = new AbortController();
    const seen: number[] = [];
    const error = await errorOf(
      openNursery(
        async nursery => {
          const portal = await nursery.startActor('aggregator', {expose: [aggregate]});
          for await (const value of portal.with({window: 1}).stream(aggregate, 300, folder)) {
            seen.push(value);
            if (seen.length === values) controller.abort('not fast enough');
          }
        },
        // Patient on a loaded machine: an actor that is killed leaves no note.
        {signal: controller.signal, timeouts: {exit: 30_000, cancelAck: 10_000}},
      ),
    );
    t.true(error instanceof ContextCancelled, String(error));
    t.deepEqual(
      seen,
      Array.from({length: seen.length}, (_, i) => i),
    );
    t.true(seen.length >= values && seen.length < 300);
    t.deepEqual(readdirSync(folder).sort(), ['aggregator', 'streamer-1', 'streamer-2']);
  });
}
