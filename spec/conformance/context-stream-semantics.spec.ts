// The claims of tests/test_context_stream_semantics.py: the sync point, the result, and every way of leaving a context.
import {
  ContextCancelled,
  openNursery,
  ProtocolError,
  RemoteActorError,
  StreamClosed,
  StreamOverrun,
} from '../../lib/index.js';
import {returns} from '../fixtures/contexts.js';
import {obedient} from '../fixtures/obedient.js';
import {pidOf} from '../fixtures/tasks.js';
import {type Callee, type Caller, turns, until} from '../kit/pair.js';
import {patient} from '../kit/patient.js';
import {spawning} from '../kit/spawning.js';
import {errorOf, over} from './over.js';

const test = spawning({always: 15, warns: true});

async function untilCancelled(ctx: Callee): Promise<never> {
  await new Promise(resolve => ctx.signal.addEventListener('abort', resolve));
  throw ctx.signal.reason;
}

const misuses: Record<string, (ctx: Callee) => unknown> = {
  'it starts twice': ctx => {
    ctx.started.next(1);
    ctx.started.next(2);
  },
  'it opens a stream before it has started': ctx => void ctx.openStream(),
};
for (const [what, misuse] of Object.entries(misuses)) {
  over(
    `context_stream_semantics/test_started_misuse: a misuse of started is an error of the callee that the caller gets (C3, E1) [${what}]`,
    async (t, calls) => {
      const error = await errorOf(calls.openContext(misuse).then(ctx => ctx.result()));
      t.true(error instanceof RemoteActorError && error.is(ProtocolError), String(error));
    },
  );
}

/** The ways in which a caller's body is left. A Ctrl-C is an error of the body here, and any value may be thrown. */
const leavings = {'no error': undefined, 'a RangeError': new RangeError('of the caller'), 'a text': 'interrupted'};
for (const [what, mine] of Object.entries(leavings)) {
  for (const blocks of [false, true]) {
    for (const opens of [false, true]) {
      over(
        `context_stream_semantics/test_simple_context: started brings a value and result() the other, the callee's clean-up has run when the scope is left, and an error of the caller stays what it was (C1, C4, C6) [${what}, ${blocks ? 'the callee blocks' : 'the callee returns'}, ${opens ? 'a stream that nobody uses' : 'no stream'}]`,
        async (t, _, pair) => {
          let running = false;
          const left = openNursery(async scope => {
            const ctx = await pair.with({scope}).openContext(async callee => {
              running = true;
              callee.started.next(11);
              try {
                return blocks ? await untilCancelled(callee) : 'done';
              } finally {
                running = false;
              }
            });
            t.is(ctx.first, 11);
            if (blocks) t.true(running);
            else t.is(await ctx.result(), 'done');
            if (opens) ctx.openStream();
            if (mine !== undefined) throw mine;
            t.true(await ctx.cancel());
          });
          if (mine === undefined) await left;
          else t.is(await errorOf(left), mine);
          t.false(running);
        },
      );
    }
  }
}

for (const early of [true, false]) {
  for (const asks of ['before', 'after']) {
    for (const how of ['ctx.cancel()', 'portal.cancelActor()']) {
      test(`context_stream_semantics/test_parent_cancels: cancelling never throws; the result then rejects with ContextCancelled of this actor, or is kept when it was there before (C5, X5, X8) [${how}, result() ${asks} the scope is left, the callee ${early ? 'returned early' : 'waits'}]`, async t => {
        await openNursery(async nursery => {
          const portal = await nursery.startActor('callee', {expose: [returns, obedient, pidOf]});
          const check = async (ctx: Pick<Caller, 'result'>): Promise<void> => {
            if (early) {
              t.is(await ctx.result(), 'kept');
              return;
            }
            const error = await t.throwsAsync(ctx.result(), {instanceOf: ContextCancelled});
            t.is(error.canceller?.pid, process.pid);
            t.is(error.reason, how === 'ctx.cancel()' ? 'requested' : 'actor');
          };
          const ctx = await openNursery(async scope => {
            const calls = portal.with({scope});
            const opened = await (early ? calls.openContext(returns, 'kept') : calls.openContext(obedient));
            // Its return was sent before the answer to this.
            if (early) await portal.run(pidOf);
            t.true(await (how === 'ctx.cancel()' ? opened.cancel() : portal.cancelActor()));
            if (asks === 'before') await check(opened as Caller);
            return opened;
          });
          await check(ctx as Caller);
          if (how === 'ctx.cancel()') t.is(typeof (await portal.run(pidOf)), 'number');
        }, patient);
      });
    }
  }
}

/** Ways to see that nothing comes any more. */
const readings: Record<string, (ctx: Caller) => Promise<unknown[]>> = {
  'for await': async ctx => {
    const seen: unknown[] = [];
    for await (const value of ctx.openStream()) seen.push(value);
    return seen;
  },
  'next()': async ctx => {
    const iterator = ctx.openStream().iterate();
    return [(await iterator.next()).value, (await iterator.next()).value].filter(value => value !== undefined);
  },
};
for (const [how, read] of Object.entries(readings)) {
  over(
    `context_stream_semantics/test_child_exits_ctx_after_stream_open: a stream that the callee closes at once ends without a value, and is not opened again (S1, S2, C7) [${how}]`,
    async (t, calls) => {
      const ctx = await calls.openContext(async callee => {
        callee.started.next(undefined);
        await callee.openStream().close();
        return 'gone';
      });
      t.deepEqual(await read(ctx), []);
      t.throws(() => ctx.openStream(), {instanceOf: StreamClosed});
      t.is(await ctx.result(), 'gone');
    },
  );
}

for (const before of [false, true]) {
  for (const closes of [false, true]) {
    for (const reads of [false, true]) {
      for (const asks of [false, true]) {
        const cases = [
          before ? 'cancelled before its stream is opened' : 'cancelled after its stream was opened',
          closes ? 'the stream is closed' : 'the stream is left open',
          reads ? 'a reader waits' : 'nobody reads',
          asks ? 'result() is awaited before' : 'result() is asked after',
        ];
        over(
          `context_stream_semantics/test_parent_exits_ctx_after_child_enters_stream: a cancelled context gives every reader one and the same ContextCancelled, its cancel is acknowledged, and its channel goes on (C5, C11, E7, X2) [${cases.join(', ')}]`,
          async (t, calls) => {
            let over = false;
            const ctx = await calls.openContext(async callee => {
              callee.started.next(undefined);
              const wire = callee.openStream();
              try {
                for await (const value of wire) await wire.send(value);
                // Its stream may be closed: that is no reason to end.
                return await untilCancelled(callee);
              } finally {
                over = true;
              }
            });
            const wire = before ? undefined : ctx.openStream();
            const reading =
              reads && wire
                ? errorOf(
                    wire
                      .iterate()
                      .next()
                      .then(({done}) => done && Promise.reject('end')),
                  )
                : undefined;
            const asked = asks ? errorOf(ctx.result()) : undefined;
            await turns();
            t.false(over, 'the callee did not wait');
            if (closes) await wire?.close();
            t.true(await ctx.cancel());
            t.true(over, 'cancel() resolved before the callee had ended');
            t.like(ctx, {cancelCalled: true, cancelAcked: true});
            const error = await errorOf(ctx.result());
            t.true(error instanceof ContextCancelled);
            if (asked) t.is(await asked, error);
            // Its own close ended the reader before.
            if (reading) t.is(await reading, closes ? 'end' : error);
            // A closed stream has ended for its readers; whoever opens or reads it otherwise is told.
            if (!wire)
              t.is<unknown, unknown>(
                t.throws(() => ctx.openStream()),
                error,
              );
            else if (!closes) t.is(await errorOf(wire.iterate().next()), error);
            t.is(await calls.run(() => 'still up'), 'still up');
          },
        );
      }
    }
  }
}

over(
  'context_stream_semantics/test_multitask_parent_cancels_from_nonroot_task: a cancel from one task ends the loop of another over the stream, and leaving the scope absorbs it (X5, E7, C11)',
  async (t, calls, pair) => {
    let running = true;
    let seen: unknown;
    await openNursery(async scope => {
      const ctx = await pair.with({scope}).openContext(async callee => {
        callee.started.next(undefined);
        const wire = callee.openStream();
        try {
          for await (const value of wire) await wire.send(value);
        } finally {
          running = false;
        }
      });
      const wire = ctx.openStream();
      const other = (async () => {
        await wire.send('yo');
        await until(() => wire.stats.received === 1);
        t.true(running);
        t.true(await ctx.cancel());
        t.false(running);
      })();
      const got: unknown[] = [];
      seen = await errorOf(
        (async () => {
          for await (const value of wire) got.push(value);
        })(),
      );
      t.deepEqual(got, ['yo']);
      await other;
      t.is(await calls.run(() => 'still up'), 'still up');
    });
    t.true(seen instanceof ContextCancelled);
  },
);

/** More than tractor's 64 places, and more than a window of ours. */
const many = 2_000;
over(
  'context_stream_semantics/test_one_end_stream_not_opened: a sender waits for a receiver that never opens its end, so that nothing overruns, and a cancel ends the wait (S1, F3) [the caller sends]',
  async (t, calls) => {
    const ctx = await calls.openContext(callee => {
      callee.started.next(undefined);
      return untilCancelled(callee);
    });
    const wire = ctx.openStream();
    const sends = Array.from({length: many}, (_, i) => errorOf(wire.send(i)));
    await turns();
    t.is(wire.stats.sent, 0);
    t.true(await ctx.cancel());
    for (const error of await Promise.all(sends)) t.true(error instanceof ContextCancelled);
  },
);

over(
  'context_stream_semantics/test_one_end_stream_not_opened: a sender waits for a receiver that never opens its end, so that nothing overruns, and a cancel ends the wait (S1, F3) [the callee sends]',
  async (t, calls) => {
    let sent = (): number => -1;
    let ended: unknown;
    const ctx = await calls.openContext(async callee => {
      callee.started.next(undefined);
      const wire = callee.openStream();
      sent = () => wire.stats.sent;
      ended = await errorOf(Promise.all(Array.from({length: many}, (_, i) => wire.send(i))));
      throw ended;
    });
    await turns();
    t.is(sent(), 0);
    t.true(await ctx.cancel());
    t.true(ended instanceof ContextCancelled);
  },
);

over(
  'context_stream_semantics/test_one_end_stream_not_opened: what is pushed all the same is kept up to bufferBytes, then the sender has a StreamOverrun (S1, F3)',
  async (t, calls) => {
    const ctx = await calls.openContext(callee => {
      callee.started.next(undefined);
      return untilCancelled(callee);
    });
    const wire = ctx.openStream({bufferBytes: 64 * 1024});
    for (let i = 0; i < 100; i++) wire.next(new Uint8Array(1024));
    t.true((await errorOf(ctx.result())) instanceof StreamOverrun);
  },
);
