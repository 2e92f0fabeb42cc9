// The claims of tests/test_advanced_faults.py: a transport that breaks while values flow.
import {ActorDied, ContextCancelled, openNursery, TransportClosed} from '../../lib/index.js';
import {breaker} from '../fixtures/breaker.js';
import {type Callee, until} from '../kit/pair.js';
import {canInspect, isAlive, treeOf} from '../kit/processes.js';
import {startProgram, sweep} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';
import {errorOf, over} from './over.js';

const test = spawning({takesLong: true});

const inspects = canInspect ? test : test.skip;

/** After how many values each end breaks the transport. */
const breaks: Record<string, {readonly caller?: number; readonly callee?: number}> = {
  'neither end': {},
  'the caller': {caller: 50},
  'the callee': {callee: 50},
  'both, the caller first': {caller: 50, callee: 80},
  'both, the callee first': {caller: 80, callee: 50},
};
const values = 100;

for (const [who, {caller = values, callee = values}] of Object.entries(breaks)) {
  for (const closes of [false, true]) {
    over(
      `advanced_faults/test_ipc_channel_break_during_stream: a transport that breaks under a stream ends the context with TransportClosed and cancels its task; nothing waits for ever (C9, T4) [${who} breaks it${closes ? ', the callee closes its stream before' : ''}]`,
      async (t, calls, pair) => {
        let inCallee: unknown;
        const ctx = await calls.openContext(async (ctx: Callee) => {
          ctx.started.next(undefined);
          const wire = ctx.openStream();
          let echoed = 0;
          try {
            for await (const value of wire) {
              if (++echoed === callee) {
                if (closes) await wire.close();
                if (callee < values) pair.far.channel.destroy();
              }
              await wire.send(value).catch(error => (closes ? undefined : Promise.reject(error)));
            }
            ctx.signal.throwIfAborted();
          } catch (error) {
            inCallee = error;
            throw error;
          }
          return 'whole';
        });
        const wire = ctx.openStream();
        const reading = (async () => {
          let read = 0;
          for await (const value of wire) t.is(value, read++);
          return read;
        })().catch(error => error);
        const sending = (async () => {
          for (let i = 0; i < values; i++) {
            if (i === caller) pair.near.channel.destroy();
            await wire.send(i);
          }
          wire.complete();
        })().catch(error => error);
        if (who === 'neither end') {
          t.is(await ctx.result(), 'whole');
          t.is(inCallee, undefined);
          t.is(await reading, closes ? values - 1 : values);
        } else {
          const error = await errorOf(ctx.result());
          t.true(error instanceof TransportClosed, String(error));
          t.true((await reading) === error || closes, 'a reader was told something else');
          await until(() => inCallee !== undefined);
          t.true(inCallee instanceof ContextCancelled || inCallee instanceof TransportClosed, String(inCallee));
        }
        await sending;
      },
    );
  }
}

for (const closes of [false, true]) {
  test(`advanced_faults/test_ipc_channel_break_during_stream: an actor that breaks its own channel under a stream is ended, and its nursery has ActorDied (T4, T17) [${closes ? 'it closes its stream before' : 'its stream is open'}]`, async t => {
    let pid = 0;
    await t.throwsAsync(
      openNursery(async nursery => {
        const portal = await nursery.startActor('breaker', {expose: [breaker]});
        pid = portal.actor.pid;
        const ctx = await portal.openContext(breaker, 50, closes);
        const wire = ctx.openStream();
        const reading = wire.forEach(() => {}).catch(() => {});
        for (let i = 0; i < values; i++)
          if (
            await wire.send(i).then(
              () => false,
              () => true,
            )
          )
            break;
        await t.throwsAsync(ctx.result(), {instanceOf: ActorDied});
        await reading;
      }),
      {instanceOf: ActorDied},
    );
    t.false(isAlive(pid));
  });
}

inspects(
  'advanced_faults/test_ipc_channel_break_during_stream: where an actor falls silent without any break its parent waits, and a Ctrl-C ends the tree (F5, P1, T10)',
  async t => {
    const program = startProgram(t, 'both-streams');
    const pid = await program.next<number>();
    const tree = treeOf(pid);
    process.kill(pid, 'SIGSTOP');
    program.kill('SIGINT');
    t.deepEqual(await program.exited, {code: 130, signal: null});
    await sweep(t, tree, 'the silent actor outlived its root');
  },
);
