// The claims of tests/test_advanced_streaming.py: many users of one stream, and streams of both kinds at once.
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {ContextCancelled, openNursery} from '../../lib/index.js';
import {folderOf} from '../kit/folder.js';
import {type Callee, turns} from '../kit/pair.js';
import {canInspect, treeOf} from '../kit/processes.js';
import {startProgram, sweep} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';
import {errorOf, over} from './over.js';

const test = spawning({always: 1});

const inspects = canInspect ? test : test.skip;

over(
  'advanced_streaming/test_reqresp_ontopof_streaming: requests with their answers and a steady flow of values share one stream, each with a task of its own at the callee (S2, X3)',
  async (t, _, pair) => {
    let tasks = 0;
    let pongs = 0;
    let ticks = 0;
    await openNursery(async scope => {
      const ctx = await pair.with({scope, window: 4}).openContext(async (callee: Callee) => {
        callee.started.next(undefined);
        const wire = callee.openStream({window: 4});
        const task = async (work: () => Promise<void>): Promise<void> => {
          tasks++;
          await work().finally(() => tasks--);
        };
        await Promise.all([
          task(async () => {
            for await (const message of wire) if (message === 'ping') await wire.send('pong');
          }),
          task(async () => {
            for (;;) await wire.send('yo');
          }),
        ]);
      });
      const wire = ctx.openStream({window: 4});
      await wire.send('ping');
      for await (const message of wire) {
        if (message === 'yo') ticks++;
        else {
          t.is(message, 'pong');
          if (++pongs === 10) break;
          await wire.send('ping');
        }
      }
      t.is(tasks, 2);
      t.true(await ctx.cancel());
      t.true((await errorOf(ctx.result())) instanceof ContextCancelled);
    });
    t.is(tasks, 0);
    t.is(pongs, 10);
    t.true(ticks > 0);
  },
);

const consumers = 22;
over(
  'advanced_streaming/test_local_task_fanout_from_stream: many tasks iterate one stream, each gets all of it, and one that breaks out disturbs nobody (B1, S3)',
  async (t, calls) => {
    const ctx = await calls.openContext(async callee => {
      callee.started.next(undefined);
      const wire = callee.openStream();
      const done = wire.iterate().next();
      let sent = 0;
      for (let stop = false; !stop; ) {
        await wire.send(sent++);
        stop = await Promise.race([done.then(() => true), turns(1).then(() => false)]);
      }
      wire.complete();
      return sent;
    });
    const wire = ctx.openStream({window: 8});
    const iterators = Array.from({length: consumers + 1}, () => wire.iterate());
    const seen = iterators.slice(1).map(async iterator => {
      const values: number[] = [];
      for await (const value of iterator) values.push(value);
      return values;
    });
    // The first to take part leaves early, and says so to the sender.
    for await (const value of iterators[0] ?? []) if (value === 50) break;
    await wire.send('done');
    const sent = await ctx.result();
    t.true(sent > 50);
    for (const values of await Promise.all(seen)) {
      t.deepEqual(
        values,
        Array.from({length: sent}, (_, i) => i),
      );
    }
  },
);

inspects(
  'advanced_streaming/test_sigint_both_stream_types: a SIGINT while a one-way and a two-way stream are open cancels both, clean-up included (P1, X3)',
  async t => {
    const program = startProgram(t, 'both-streams');
    const pid = await program.next<number>();
    const tree = treeOf(pid);
    program.kill('SIGINT');
    t.deepEqual(await program.exited, {code: 130, signal: null});
    t.deepEqual(program.stdout.split('\n').slice(1, -1).sort(), ['"echo ended"', '"numbers ended"']);
    t.is(program.stderr, '');
    await sweep(t, tree, 'actors outlived their root');
  },
);

for (const [how, code] of [
  ['SIGINT', 130],
  ['deadline', 0],
] as const) {
  inspects(
    `advanced_streaming/test_dynamic_pub_sub: consumers in actors of their own subscribe to the topics of one publisher and change them while it streams, and a Ctrl-C or a deadline ends all of it (S2, X3, P1) [${how}]`,
    async t => {
      const folder = folderOf(t);
      const over = join(folder, 'over');
      const program = startProgram(t, 'pub-sub', {args: how === 'SIGINT' ? [] : [over]});
      const consumers = await program.next<{pid: number; got: number[][]}[]>();
      const tree = treeOf(consumers[0]?.pid ?? 0);
      for (const {got} of consumers) {
        t.is(got.length, 3);
        for (const values of got) {
          t.is(new Set(values.map(value => value % 2)).size, 1, `two topics in ${values.join()}`);
          t.deepEqual(
            values,
            [...values].sort((a, b) => a - b),
          );
        }
      }
      // The last one changed its topic each time.
      t.deepEqual(
        consumers.at(-1)?.got.map(values => (values[0] ?? 0) % 2),
        [0, 1, 0],
      );
      if (how === 'SIGINT') program.kill('SIGINT');
      else writeFileSync(over, '');
      t.deepEqual(await program.exited, {code, signal: null});
      t.is(program.stderr, '');
      await sweep(t, tree, 'actors outlived their root');
    },
  );
}
