// Rules 2.x of Reactive Streams, of subscribers: whoever receives from another actor. RS numbers are those of its text.
import {NEVER, Subject, take} from 'rxjs';
import {ProtocolError, RemoteActorError} from '../../lib/base/errors.js';
import type {RemoteStream} from '../../lib/context/rx/remote-stream.js';
import {Kind} from '../../lib/msg/types.js';
import {type Callee, turns, until} from '../kit/pair.js';
import {Remote} from '../kit/remote.js';
import {errorOf, numbers, opened, receivers, rule, Told} from './rule.js';

rule('RS 2.1: nothing is sent before the receiver has asked for it', async (t, {pair, monitor, calls}) => {
  let sent = 0;
  const ctx = await calls.openContext(async callee => {
    callee.started.next(0);
    const wire = callee.openStream();
    for (const value of numbers(3)) await wire.send(value).then(() => sent++);
  });
  await turns();
  t.is(sent, 0);
  t.false(pair.wire.includes('← Yield'));
  const reader = ctx.openStream({window: 1}).iterate();
  await until(() => sent === 1);
  await turns();
  t.is(monitor.lane.sent, 1);
  for (const value of numbers(3)) t.is((await reader.next()).value, value);
  await ctx.result();
});

rule(
  'RS 2.2: a slow subscriber is given at most a window in one turn of the loop, and others are served between',
  async (t, {pair, calls}) => {
    const window = 16;
    let turn = 0;
    let running = true;
    const count = (): void => {
      turn++;
      if (running) setImmediate(count);
    };
    count();
    const inTurn = new Map<number, number>();
    const told = new Told();
    let served: number | undefined;
    pair
      .with({window})
      .stream(() => numbers(2_000))
      .subscribe({
        next: value => {
          inTurn.set(turn, (inTurn.get(turn) ?? 0) + 1);
          told.next(value);
        },
        complete: told.complete,
      });
    await until(() => told.log.length > 0);
    void calls
      .run(() => 0)
      .then(() => {
        served = told.log.length;
      });
    await until(() => told.over);
    running = false;
    t.true(Math.max(...inTurn.values()) <= window);
    t.true(served !== undefined && served < 1_000, `another call was answered behind ${served} of 2 000 values`);
  },
);

rule('RS 2.3: behind the end no receiver says anything more to the source', async (t, {pair, monitor, calls}) => {
  for (const [how, receive] of Object.entries(receivers)) {
    for (const end of ['complete', 'error'] as const) {
      const values = new Subject<number>();
      const received = receive(calls.stream(() => values));
      await until(() => values.observed);
      for (const n of numbers(2_000)) values.next(n);
      await until(() => monitor.contexts.at(-1)?.lanes.far.received === 2_000);
      await turns();
      const written = pair.wire.length;
      values[end](new RangeError('failed'));
      if (end === 'complete') t.deepEqual(await received, numbers(2_000));
      else t.true((await errorOf(received)) instanceof RemoteActorError);
      await turns();
      t.deepEqual(pair.wire.slice(written), [end === 'complete' ? '← Return' : '← Error'], how);
    }
  }
});

rule('RS 2.3: values that are taken behind the end return no credit', async (t, {pair, monitor, calls}) => {
  const reader = calls.stream(() => numbers(1_000)).iterate();
  await reader.next();
  await until(() => monitor.contexts[0]?.concluded === true);
  const written = pair.wire.length;
  for (const n of numbers(999)) t.is((await reader.next()).value, n + 1);
  t.true((await reader.next()).done);
  await turns();
  t.deepEqual(pair.wire.slice(written), []);
});

rule('RS 2.4: after the end there is nothing left to cancel', async (t, {pair, calls}) => {
  const told = new Told();
  const subscription = calls.stream(() => [1]).subscribe(told.observer);
  const iterator = calls.stream(() => []).iterate();
  t.true((await iterator.next()).done);
  const {ctx, end} = await opened(calls);
  end();
  await ctx.result();
  await until(() => told.over);
  const written = pair.wire.length;
  subscription.unsubscribe();
  await iterator.return?.();
  t.true(await ctx.cancel());
  await turns();
  t.deepEqual(pair.wire.slice(written), []);
});

rule('RS 2.5: a second start of a running context is refused, and ends its function', async (t, {pair, calls}) => {
  const {ctx, callee} = await opened(calls);
  pair.far.channel.send(Kind.Started, 2, 0, pair.far.actor.codec.encode(1));
  const error = await errorOf(ctx.result());
  t.true(error instanceof ProtocolError, String(error));
  await until(() => callee.signal.aborted);
  t.is(ctx.first, 0);
});

const ways: Record<string, (stream: RemoteStream<unknown>) => unknown> = {
  unsubscribe: stream => {
    const subscription = stream.subscribe(() => queueMicrotask(() => subscription.unsubscribe()));
  },
  'unsubscribe within next': stream => {
    const subscription = stream.subscribe(() => subscription.unsubscribe());
  },
  take: stream => stream.pipe(take(1)).subscribe(),
  break: async stream => {
    for await (const _ of stream) break;
  },
  return: async stream => {
    const iterator = stream.iterate();
    await iterator.next();
    await iterator.return?.();
  },
  'a rejection in consume': stream => errorOf(stream.consume(() => Promise.reject(new Error('enough')))),
  'a throw in mapAsync': stream =>
    stream
      .mapAsync(() => {
        throw new Error('enough');
      })
      .subscribe({error: () => {}}),
  'an unsubscribe from mapAsync': stream => {
    const subscription = stream
      .mapAsync(() => {
        queueMicrotask(() => subscription.unsubscribe());
        return NEVER;
      })
      .subscribe();
  },
};
rule('RS 2.6: whoever wants no more cancels, once, however it leaves', async (t, {pair, calls}) => {
  for (const [way, leave] of Object.entries(ways)) {
    const remote = Remote.counting();
    const before = pair.wire.length;
    leave(calls.stream(remote.call));
    await until(
      () => remote.ended === 1,
      () => `${way} ended nothing`,
    );
    await pair.quiet();
    t.like(remote, {opened: 1, aborted: 1}, way);
    // A subscriber that fails says so, and that counts as a cancel (rule S5).
    t.is(pair.wire.slice(before).filter(line => line === '→ Cancel' || line === '→ Error').length, 1, way);
  }
});

rule('RS 2.7: grants only rise, however many consumers ask, in whatever order', async (t, {pair, monitor, calls}) => {
  const {ctx, near, far, end} = await opened(calls, {near: {window: 6}});
  const readers = [near.iterate(), near.iterate(), near.iterate({lag: 3})];
  const subscribed = receivers.subscribe(near);
  const pumped = far.pump(numbers(300));
  const seen = readers.map(() => 0);
  for (let round = 0; seen[0] !== 300 || seen[1] !== 300; round++) {
    // Now the one, now the other is ahead.
    const at = Math.floor(round / 4) % 2;
    if (seen[at] === 300) continue;
    await (readers[at] as AsyncIterator<unknown>).next();
    (seen[at] as number)++;
    if (round % 40 === 0) await errorOf((readers[2] as AsyncIterator<unknown>).next().then(() => Promise.reject(0)));
    if (round > 10_000) throw new Error('no end is in sight');
  }
  await pumped;
  t.deepEqual(await subscribed, numbers(300));
  t.true(monitor.lane.grants > 50, `only ${monitor.lane.grants} grants`);
  t.true(monitor.lane.said <= 306);
  t.is(pair.wire.filter(line => line === '→ Credit').length, monitor.lane.grants);
  await readers[2]?.return?.();
  end();
  await ctx.result();
});

rule(
  'RS 2.8: values that were on their way when a subscriber left are dropped in silence',
  async (t, {pair, monitor, calls}) => {
    const values = new Subject<number>();
    const told = new Told();
    const subscription = calls.stream(() => values).subscribe(told.observer);
    await until(() => values.observed);
    values.next(1);
    await until(() => told.log.length === 1);
    subscription.unsubscribe();
    values.next(2);
    values.next(3);
    await until(() => monitor.lane.received === 3);
    await pair.quiet();
    t.true(pair.wire.lastIndexOf('← Yield') > 0);
    t.deepEqual(told.log, ['1']);
    t.is(await calls.run(() => 'serves on'), 'serves on');
  },
);

rule('RS 2.9: an end comes with and without a grant', async (t, {pair, monitor, calls}) => {
  const ctx = await calls.openContext(callee => {
    callee.started.next(0);
    callee.openStream().complete();
    return 'done';
  });
  await until(() => pair.wire.includes('← Return'));
  t.is(monitor.lane.said, 0);
  t.is(await ctx.result(), 'done');
  const {ctx: second, near, far, end} = await opened(calls);
  far.complete();
  t.deepEqual(await receivers.iterate(near), []);
  end();
  await second.result();
});

rule('RS 2.9: an end that came before anything was asked for is seen by whoever asks', async (t, {pair, calls}) => {
  let end: (() => void) | undefined;
  const ctx = await calls.openContext(callee => {
    callee.started.next(0);
    callee.openStream().complete();
    return new Promise<void>(resolve => {
      end = resolve;
    });
  });
  await until(() => pair.wire.includes('← Stop'));
  t.deepEqual(await receivers.iterate(ctx.openStream()), []);
  end?.();
  await ctx.result();
});

rule('RS 2.10: an error comes with and without a grant', async (t, {monitor, calls}) => {
  const failing = (stage: string) => async (ctx: Callee) => {
    if (stage === 'before anything was asked for') throw new RangeError('failed');
    ctx.started.next(0);
    ctx.openStream();
    await until(() => monitor.contexts.at(-1)?.lanes.far.granted === 1_024);
    throw new RangeError('failed');
  };
  const early = await errorOf(calls.openContext(failing('before anything was asked for')));
  t.true(early instanceof RemoteActorError && early.cause instanceof RangeError);
  t.is(monitor.contexts.at(-1)?.lanes.far.said, 0);

  const ctx = await calls.openContext(failing('later'));
  const late = await errorOf(ctx.openStream().iterate().next());
  t.true(late instanceof RemoteActorError && late.cause instanceof RangeError);
  t.is(await errorOf(ctx.result()), late);
});

rule('RS 2.12: a subscription is joined to one call, once', async (t, {pair, monitor, calls}) => {
  const remote = Remote.counting(3);
  const told = new Told();
  calls.stream(remote.call).subscribe(told.observer);
  await until(() => told.over);
  t.is(remote.opened, 1);
  t.deepEqual(pair.wire, ['→ Start', '← Yield', '← Return']);
  t.is(monitor.lane.grants, 1);
  const ctx = await calls.openContext(callee => {
    callee.started.next('first');
    t.throws(() => callee.started.next('second'), {instanceOf: ProtocolError});
  });
  const started = new Told();
  ctx.started.subscribe(started.observer);
  ctx.started.subscribe(started.observer);
  await ctx.result();
  t.deepEqual(started.log, ['first', 'complete', 'first', 'complete']);
});

rule('RS 2.13: a throw in a subscriber of a context fails that context, and no other', async (t, {calls}) => {
  const [one, other] = [await opened(calls), await opened(calls)];
  const mine = new Error('mine');
  one.near.subscribe(() => {
    throw mine;
  });
  one.far.next(1);
  t.is(await errorOf(one.ctx.result()), mine);
  await until(() => one.callee.signal.aborted);
  other.far.next(1);
  t.is((await other.near.iterate().next()).value, 1);
  await other.ctx.cancel();
});

rule(
  'RS 2.13: a throw in a subscriber of a cold stream fails its context, and its owner is told; the channel lives',
  async (t, {pair, calls}) => {
    const remote = Remote.counting();
    calls.stream(remote.call).subscribe(() => {
      throw new Error('mine');
    });
    await until(() => remote.ended === 1);
    await pair.quiet();
    t.is(remote.aborted, 1);
    t.is(pair.near.channel.closed, undefined);
  },
  {failures: ['Error: mine']},
);
