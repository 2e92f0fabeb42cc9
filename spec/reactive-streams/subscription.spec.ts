// Rules 3.x of Reactive Streams, of subscriptions: the context between a source and who receives from it. Demand is a
// Credit message, a cancel is an unsubscribe, a return() or context.cancel(). RS numbers are those of its text.

import {inspect} from 'node:util';
import {finalize, NEVER, Observable, of, Subject, share} from 'rxjs';
import {ContextCancelled, ProtocolError, RemoteActorError, TransportClosed} from '../../lib/base/errors.js';
import {Kind} from '../../lib/msg/types.js';
import {turns, until} from '../kit/pair.js';
import {Remote} from '../kit/remote.js';
import {errorOf, numbers, opened, receivers, rule, Told} from './rule.js';

rule('RS 3.2: whoever is given a value may ask for more within that very call', async (t, {calls}) => {
  const {ctx, near, far, end} = await opened(calls, {near: {window: 1}});
  const pulled: Promise<IteratorResult<unknown>>[] = [];
  let depth = 0;
  const other = near.iterate();
  const told = new Told();
  near.subscribe({
    next: value => {
      t.is(++depth, 1, 'no value within a value');
      told.next(value);
      pulled.push(other.next(), other.next());
      depth--;
    },
    complete: told.complete,
  });
  await far.pump(numbers(30));
  await until(() => told.over);
  t.deepEqual(
    (await Promise.all(pulled)).filter(({done}) => !done).map(({value}) => value),
    numbers(30),
  );
  end();
  await ctx.result();
});

rule(
  'RS 3.4: asking is cheap: half a window of values costs one grant, and a pull alone says nothing',
  async (t, {pair, monitor}) => {
    const window = 100;
    const reader = pair.with({window}).stream(Remote.counting(2_000).call).iterate();
    const pulls = numbers(1_000).map(() => reader.next());
    t.deepEqual(pair.wire, [], 'nothing is sent, made or delivered within the call');
    await Promise.all(pulls);
    for (const _ of numbers(1_000)) {
      await turns(1);
      await reader.next();
    }
    t.true((await reader.next()).done);
    t.is(monitor.lane.received, 2_000);
    t.true(monitor.lane.grants <= 1 + 2_000 / (window / 2), `${monitor.lane.grants} grants`);
  },
);

rule('RS 3.5: a cancel returns at once, and three of them are one', async (t, {pair, calls}) => {
  const cancels = (): number => pair.wire.filter(line => line === '→ Cancel').length;
  const values = new Subject();
  const remote = Remote.pushing(() => values);
  const subscription = calls.stream(remote.call).subscribe();
  const iterator = calls.stream(remote.call).iterate();
  const {ctx} = await opened(calls);
  await until(() => remote.opened === 2);
  for (let i = 0; i < 3; i++) {
    subscription.unsubscribe();
    void iterator.return?.();
    void ctx.cancel();
  }
  t.is(cancels(), 0, 'it waits for nothing');
  t.deepEqual(await Promise.all([ctx.cancel(), ctx.cancel()]), [true, true]);
  await until(() => remote.ended === 2);
  t.is(cancels(), 3);
});

rule('RS 3.6: after a cancel nothing more is asked for', async (t, {pair, monitor}) => {
  const remote = Remote.counting();
  const reader = pair.with({window: 2}).stream(remote.call).iterate();
  await reader.next();
  await reader.return?.();
  t.deepEqual(await Promise.all([reader.next(), reader.next()]), [
    {done: true, value: undefined},
    {done: true, value: undefined},
  ]);
  await until(() => remote.ended === 1);
  await turns();
  t.true(pair.wire.lastIndexOf('→ Credit') < pair.wire.indexOf('→ Cancel'));
  t.true(monitor.lane.said <= 4);
});

rule('RS 3.7: after a cancel that was obeyed another does nothing', async (t, {pair, calls}) => {
  const {ctx} = await opened(calls);
  const remote = Remote.pushing(() => NEVER);
  const subscription = calls.stream(remote.call).subscribe();
  await until(() => remote.opened === 1);
  subscription.unsubscribe();
  t.true(await ctx.cancel());
  await pair.quiet();
  const written = pair.wire.length;
  t.true(await ctx.cancel('again'));
  subscription.unsubscribe();
  await turns();
  t.deepEqual(pair.wire.slice(written), []);
  t.is(((await errorOf(ctx.result())) as ContextCancelled).cause, undefined, 'the first reason stands');
});

rule('RS 3.8: what is asked for adds up', async (t, {pair, monitor}) => {
  const remote = Remote.counting();
  const reader = pair.with({window: 4}).stream(remote.call).iterate();
  for (let taken = 0; taken <= 40; taken += 2) {
    await until(() => remote.made === taken + 4);
    await turns();
    t.is(remote.made, taken + 4);
    t.like(monitor.lane, {said: taken + 4, granted: taken + 4, sent: taken + 4});
    await Promise.all([reader.next(), reader.next()]);
  }
  await reader.return?.();
  await until(() => remote.ended === 1);
});

rule(
  'RS 3.9: a grant that is no count, or takes one back, is an error of both ends',
  async (t, {pair, calls}) => {
    const bad = [[Number.NaN, 100], [-1, 100], [0.5, 100], [2 ** 53, 100], ['7', 100], [2, 100], [5, 99], [5], []];
    for (const [index, grant] of bad.entries()) {
      const {ctx, callee} = await opened(calls, {near: {window: 5, windowBytes: 100}});
      const result = errorOf(ctx.result());
      pair.near.channel.sendUrgent(Kind.Credit, 2 + 2 * index, pair.near.actor.codec.encode(grant));
      await until(() => callee.signal.aborted);
      const error = await result;
      t.true(error instanceof RemoteActorError && error.cause instanceof ProtocolError, `${inspect(grant)}: ${error}`);
    }
  },
  {violations: numbers(4).map(() => '2.7: a grant was taken back')},
);

rule('RS 3.10: a value that waits is given without asking over there', async (t, {pair, monitor, calls}) => {
  const reader = calls.stream(() => numbers(3)).iterate();
  await until(() => monitor.contexts[0]?.lanes.far.received === 3);
  const written = pair.wire.length;
  const seen: unknown[] = [];
  for (const _ of numbers(3)) void reader.next().then(({value}) => seen.push(value));
  // Past the microtasks of this turn; a frame takes a turn of the loop.
  await new Promise<void>(resolve => process.nextTick(resolve));
  await Promise.resolve();
  t.deepEqual(seen, numbers(3));
  t.is(pair.wire.length, written);
  t.true((await reader.next()).done);
});

rule('RS 3.11: an end that has come is told to whoever asks, without asking over there', async (t, {pair, calls}) => {
  const {ctx, near, far, end, fail} = await opened(calls);
  const asked = async (): Promise<string> => {
    const written = pair.wire.length;
    let told = 'nothing';
    void near
      .iterate()
      .next()
      .then(
        ({done}) => {
          told = done ? 'done' : 'value';
        },
        error => {
          told = String(error.name);
        },
      );
    await new Promise<void>(resolve => process.nextTick(resolve));
    await Promise.resolve();
    return pair.wire.length === written ? told : 'messages were sent';
  };
  t.is(await asked(), 'nothing');
  far.complete();
  await until(() => pair.wire.includes('← Stop'));
  t.is(await asked(), 'done');
  const result = errorOf(ctx.result());
  fail(new Error('failed'));
  await result;
  t.is(await asked(), 'RemoteActorError');
  end();
});

rule('RS 3.12: after a cancel the source ends, whatever it is', async (t, {calls}) => {
  let ended = '';
  const over = (name: string) => (): void => {
    ended = name;
  };
  const sources: Record<string, () => unknown> = {
    Observable: () => new Observable(() => over('Observable')),
    iterable: function* () {
      try {
        for (;;) yield 1;
      } finally {
        over('iterable')();
      }
    },
    'async iterable': async function* () {
      try {
        for (;;) yield await 1;
      } finally {
        over('async iterable')();
      }
    },
    'promise of an Observable': async () => NEVER.pipe(finalize(over('promise of an Observable'))),
  };
  for (const [name, source] of Object.entries(sources)) {
    const remote = {opened: 0};
    const subscription = calls
      .stream(() => {
        remote.opened++;
        return source();
      })
      .subscribe();
    await until(() => remote.opened === 1);
    await turns();
    subscription.unsubscribe();
    await until(
      () => ended === name,
      () => `the source was not ended: ${name}`,
    );
  }
  const {ctx, callee} = await opened(calls);
  t.true(await ctx.cancel());
  t.true(callee.signal.aborted);
});

rule('RS 3.14: a shared source is shut down by the last of its subscribers', async (t, {pair, calls}) => {
  const values = new Subject<number>();
  const remote = Remote.pushing(() => values);
  const shared = calls.stream(remote.call).pipe(share());
  const [one, two] = [new Told(), new Told()];
  const [first, second] = [shared.subscribe(one.observer), shared.subscribe(two.observer)];
  await until(() => values.observed);
  first.unsubscribe();
  values.next(1);
  await until(() => two.log.length === 1);
  t.like(remote, {opened: 1, ended: 0});
  second.unsubscribe();
  await until(() => remote.ended === 1);
  t.deepEqual([one.log, two.log], [[], ['1']]);
  t.is(pair.wire.filter(line => line === '→ Cancel').length, 1);
});

rule(
  'RS 3.15: a cancel returns normally, whatever the source does of it, and in every state',
  async (t, {pair, calls}) => {
    const throwing = function* (): Generator<number> {
      try {
        for (;;) yield 1;
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: the point of this source
        throw new Error('clean-up failed');
      }
    };
    const reader = calls.stream(throwing).iterate();
    await reader.next();
    t.deepEqual(await reader.return?.(), {done: true, value: undefined});
    await pair.quiet();
    const inItsOwnTurn = calls.stream(() => NEVER).subscribe();
    t.notThrows(() => inItsOwnTurn.unsubscribe());
    const {ctx} = await opened(calls);
    const running = calls.stream(() => NEVER).subscribe({error: () => {}});
    await turns();
    pair.cut();
    t.true((await errorOf(ctx.result())) instanceof TransportClosed);
    t.notThrows(() => running.unsubscribe());
    t.true(await ctx.cancel());
  },
);

rule(
  'RS 3.16: a request returns normally in every state, and says in its promise what is the matter',
  async (t, {pair, calls}) => {
    const pull = (reader: AsyncIterator<unknown>): Promise<unknown> => {
      let pulled: Promise<unknown> | undefined;
      t.notThrows(() => {
        pulled = reader.next();
      });
      return (pulled as Promise<unknown>).then(
        result => ((result as IteratorResult<unknown>).done ? 'done' : 'value'),
        error => error.constructor,
      );
    };
    const {ctx, near} = await opened(calls);
    const waiting = pull(near.iterate());
    await ctx.cancel();
    t.is(await waiting, ContextCancelled);
    t.is(await pull(near.iterate()), ContextCancelled);
    const failed = calls
      .stream(() => {
        throw new Error('failed');
      })
      .iterate();
    t.is(await pull(failed), RemoteActorError);
    t.is(await pull(failed), 'done');
    const cut = calls.stream(() => NEVER).iterate();
    await turns();
    pair.cut();
    t.is(await pull(cut), TransportClosed);
  },
);

rule('RS 3.17: the largest demand that there is may be told again and again', async (t, {pair, monitor}) => {
  const values = numbers(100).map(n => `${n}`.padEnd(100));
  for (const options of [
    {window: Number.MAX_SAFE_INTEGER, windowBytes: 1_000},
    {window: 4, windowBytes: Number.MAX_SAFE_INTEGER},
  ]) {
    const stream = pair.with(options).stream(() => of(...values));
    t.deepEqual(await receivers.iterate(stream), values);
    t.true((monitor.contexts.at(-1)?.lanes.far.grants ?? 0) > 10);
  }
});
