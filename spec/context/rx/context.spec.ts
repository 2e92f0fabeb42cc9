// Contexts between two actors: the sync point, the result, cancellation, and the ways of ending.
import test from 'ava';
import {firstValueFrom, lastValueFrom, map, mergeMap, retry, toArray} from 'rxjs';
import {
  ContextCancelled,
  ProtocolError,
  type RemoteActorError,
  StreamClosed,
  TransportClosed,
  Unserializable,
} from '../../../lib/base/errors.js';
import {openNursery, sleep} from '../../../lib/index.js';
import {Kind} from '../../../lib/msg/types.js';
import {over} from '../../kit/over-pair.js';
import {type Callee, newPair, type Pair, turns, until} from '../../kit/pair.js';

const forever = async (ctx: Callee): Promise<never> => {
  if (!ctx.signal.aborted) await new Promise(resolve => ctx.signal.addEventListener('abort', resolve));
  throw ctx.signal.reason;
};
const start = (first?: unknown) => (ctx: Callee) => {
  ctx.started.next(first);
  return forever(ctx);
};
async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not reject');
}

for (const first of [undefined, null, false, 0, ''])
  over(`C1: started may be given ${JSON.stringify(first) ?? 'undefined'}`, async (t, _, calls) => {
    const ctx = await calls.openContext(start(first));
    t.is(ctx.first, first);
    await ctx.cancel();
  });

over(
  'C2: a function that returns before started rejects openContext with a text that names started',
  async (t, _, calls) => {
    const error = await errorOf(calls.openContext(() => 5));
    t.true(error instanceof ProtocolError);
    t.regex((error as Error).message, /started/);
  },
);

over(
  'C2: a function that cancels itself before started rejects openContext with ContextCancelled',
  async (t, pair, calls) => {
    const error = await errorOf(
      calls.openContext(ctx => {
        ctx.cancel('no');
        return forever(ctx);
      }),
    );
    t.true(error instanceof ContextCancelled, String(error));
    t.is((error as ContextCancelled).canceller?.id, pair.far.actor.id.id);
  },
);

over('C3: a late subscriber sees what started was given, then completion', async (t, _, calls) => {
  const ctx = await calls.openContext(start(7));
  await turns();
  t.deepEqual(await lastValueFrom(ctx.started.pipe(toArray())), [7]);
  t.deepEqual(await lastValueFrom(ctx.started.pipe(toArray())), [7]);
  await ctx.cancel();
  t.deepEqual(await lastValueFrom(ctx.started.pipe(toArray())), [7]);
});

over('C3: a second started throws ProtocolError in the function', async (t, pair, calls) => {
  const ctx = await calls.openContext(callee => {
    callee.started.next(1);
    const error = t.throws(() => callee.started.next(2), {instanceOf: ProtocolError});
    return (error as Error).message;
  });
  t.regex((await ctx.result()) as string, /once/);
  t.is(pair.wire.filter(line => line.includes('Started')).length, 1);
});

over('C3: openStream in the function before started throws ProtocolError', async (t, _, calls) => {
  const ctx = await calls.openContext(callee => {
    t.throws(() => callee.openStream(), {instanceOf: ProtocolError, message: /started/});
    callee.started.next(1);
    return 'went on';
  });
  t.is(await ctx.result(), 'went on');
});

over('started that is given what cannot cross throws there, and may be given another value', async (t, _, calls) => {
  const ctx = await calls.openContext(callee => {
    t.throws(() => callee.started.next(() => 1), {instanceOf: Unserializable});
    callee.started.next('better');
  });
  t.is(ctx.first, 'better');
  await ctx.result();
});

over('started.error fails the context at both ends', async (t, _, calls) => {
  let reason: unknown;
  const error = await errorOf(
    calls.openContext(async ctx => {
      ctx.started.error(new TypeError('not today'));
      reason = ctx.signal.reason;
    }),
  );
  t.true((error as RemoteActorError).cause instanceof TypeError);
  t.true(reason instanceof ContextCancelled);
});

over('C4: result drains a stream that this end never opened', async (t, _, calls) => {
  const ctx = await calls.openContext(async callee => {
    callee.started.next(0);
    const wire = callee.openStream();
    for (let i = 0; i < 3_000; i++) await wire.send(i);
    return 'done';
  });
  t.is(await ctx.result(), 'done');
});

over('C5: after its own cancel, result rejects with ContextCancelled of this actor', async (t, pair, calls) => {
  const ctx = await calls.openContext(start());
  t.true(await ctx.cancel('enough'));
  const error = (await errorOf(ctx.result())) as ContextCancelled;
  t.true(error instanceof ContextCancelled);
  t.like(error, {reason: 'requested', cause: 'enough', acked: true});
  t.is(error.canceller?.id, pair.near.actor.id.id);
  t.true(ctx.cancelCalled && ctx.cancelAcked);
  t.is(ctx.canceller?.id, pair.near.actor.id.id);
});

over('C5, X7: a result that was on its way when it was cancelled is kept', async (t, _, calls) => {
  let go = (): void => {};
  const ctx = await calls.openContext(callee => {
    callee.started.next(0);
    return new Promise(resolve => {
      go = () => resolve('made it');
    });
  });
  const result = ctx.result();
  go();
  t.true(await ctx.cancel());
  t.is(await result, 'made it');
});

over('C5, E6: a real error that was on its way when it was cancelled is kept', async (t, _, calls) => {
  let go = (): void => {};
  const ctx = await calls.openContext(callee => {
    callee.started.next(0);
    return new Promise((_, reject) => {
      go = () => reject(new RangeError('real'));
    });
  });
  const error = errorOf(ctx.result());
  go();
  t.true(await ctx.cancel());
  t.true(((await error) as RemoteActorError).cause instanceof RangeError);
});

over('X2: cancel resolves once the finalizers have run, and as often as it is asked', async (t, pair, calls) => {
  let finalized = false;
  const ctx = await calls.openContext(async callee => {
    callee.started.next(0);
    try {
      await forever(callee);
    } finally {
      await turns();
      finalized = true;
    }
  });
  const first = ctx.cancel();
  const second = ctx.cancel().then(ended => ended && finalized);
  t.true(await first);
  t.true(finalized);
  t.true(await second);
  t.true(await ctx.cancel());
  t.is(pair.wire.filter(line => line === '→ Cancel').length, 1);
  t.is(pair.wire.filter(line => line === '← CancelAck').length, 2);
});

over('X2: the order of an obeyed cancel is received, terminal, ended', async (t, pair, calls) => {
  const ctx = await calls.openContext(start());
  await ctx.cancel();
  t.deepEqual(pair.wire, ['→ Start', '← Started', '→ Cancel', '← CancelAck', '← Error', '← CancelAck']);
});

over(
  'X2: a cancel that is not obeyed in its time resolves false, and the context ends unacknowledged',
  async (t, _, calls) => {
    let letGo = (): void => {};
    const ctx = await calls.openContext(callee => {
      callee.started.next(0);
      return new Promise<void>(resolve => {
        letGo = resolve;
      });
    });
    const result = errorOf(ctx.result());
    t.false(await ctx.cancel('now', {timeout: 1}));
    t.like((await result) as object, {code: 'ERR_CANCELLED', acked: false});
    t.false(ctx.cancelAcked);
    letGo();
    t.true(await ctx.cancel());
  },
);

over('X2, X4: a cancel with a reason beyond a frame arrives, and the channel lives', async (t, _, calls) => {
  let told: unknown;
  const ctx = await calls.openContext(async callee => {
    callee.started.next(0);
    await forever(callee).catch(error => {
      told = (error as ContextCancelled).cause;
      throw error;
    });
  });
  t.true(await ctx.cancel('x'.repeat(200_000)));
  t.is((told as string).length, 4_096);
  t.is(await calls.run(() => 1), 1);
});

over('X3: every wait of the function rejects with the cancellation', async (t, pair, calls) => {
  const told: unknown[] = [];
  const ctx = await calls.openContext(async callee => {
    callee.started.next(0);
    const wire = callee.openStream({window: 1});
    const iterator = wire.iterate();
    const sends = Promise.allSettled([iterator.next(), wire.send('nobody grants room')]);
    for (const result of await sends) told.push(result.status === 'rejected' ? result.reason : result.value);
    told.push(callee.signal.reason);
    throw callee.signal.reason;
  });
  await until(() => pair.wire.includes('← Credit'));
  await ctx.cancel({my: 'reason'});
  t.is(told.length, 3);
  for (const error of told) {
    t.true(error instanceof ContextCancelled, String(error));
    t.like(error as object, {reason: 'requested', cause: {my: 'reason'}});
    t.is((error as ContextCancelled).canceller?.id, pair.near.actor.id.id);
  }
});

over('X10: a signal that was aborted prevents the call', async (t, pair) => {
  const why = new Error('mine');
  const error = await errorOf(pair.with({signal: AbortSignal.abort(why)}).openContext(start()));
  t.true(error instanceof ContextCancelled);
  t.is((error as ContextCancelled).cause, why);
  t.deepEqual(pair.wire, []);
});

over('X10: a signal that aborts later cancels the call, with its reason as the cause', async (t, pair) => {
  const controller = new AbortController();
  const ctx = await pair.with({signal: controller.signal}).openContext(start());
  const result = errorOf(ctx.result());
  controller.abort('stop');
  t.like((await result) as object, {code: 'ERR_CANCELLED', cause: 'stop'});
});

over('a Start that is cancelled in its own turn never leaves', async (t, pair) => {
  const controller = new AbortController();
  const opening = errorOf(pair.with({signal: controller.signal}).openContext(start()));
  controller.abort('stop');
  t.true((await opening) instanceof ContextCancelled);
  await turns();
  t.deepEqual(pair.wire, []);
});

over('T6: an argument that cannot cross rejects before anything is sent', async (t, pair, calls) => {
  const error = await errorOf(calls.run(() => 1, {deep: [() => 2]}));
  t.true(error instanceof Unserializable);
  t.regex((error as Error).message, /deep\[0\]/);
  await turns();
  t.deepEqual(pair.wire, []);
});

over('a result that cannot cross is an error of the function', async (t, _, calls) => {
  const ctx = await calls.openContext(callee => {
    callee.started.next(0);
    return {f: () => 1};
  });
  const error = (await errorOf(ctx.result())) as RemoteActorError;
  t.true(error.cause instanceof Unserializable);
});

test('C9: the end of the channel fails the caller and cancels the function', async t => {
  const pair = await newPair();
  let reason: unknown;
  const ctx = await pair.with({}).openContext(async callee => {
    callee.started.next(0);
    await forever(callee).catch(error => {
      reason = error;
      throw error;
    });
  });
  const read = errorOf(ctx.openStream().iterate().next());
  const result = errorOf(ctx.result());
  pair.cut();
  t.true((await result) instanceof TransportClosed);
  t.true((await read) instanceof TransportClosed);
  await until(() => reason !== undefined);
  t.true(reason instanceof ContextCancelled);
  t.true((reason as ContextCancelled).cause instanceof TransportClosed);
  t.true(await ctx.cancel());
  t.true((await errorOf(pair.with({}).run(() => 1))) instanceof TransportClosed);
});

over('C11: the channel serves on after every way in which a context ends', async (t, pair, calls) => {
  for (let i = 0; i < 5; i++) {
    await (await calls.openContext(start())).cancel();
    await errorOf(calls.openContext(() => 1));
    await errorOf(calls.run(() => Promise.reject(new Error('no'))));
    const closed = await calls.openContext(start());
    await closed.openStream().close();
    await closed.cancel();
    const failed = await calls.openContext(start());
    const failure = errorOf(failed.result());
    failed.openStream().error(new Error('mine'));
    await failure;
  }
  await pair.quiet();
  t.is(await calls.run((a: number, b: number) => a + b, 1, 2), 3);
});

over('X11: errors that cross: each end keeps its own, and both let go', async (t, _, calls) => {
  const reasons: unknown[] = [];
  let fail = (): void => {};
  const ctx = await calls.openContext(async callee => {
    callee.started.next(0);
    const wire = callee.openStream();
    fail = () => wire.error(new Error('far'));
    await forever(callee).catch(error => reasons.push((error as Error).cause));
  });
  const result = errorOf(ctx.result());
  ctx.openStream().error(new Error('near'));
  fail();
  t.is(((await result) as Error).message, 'near');
  await until(() => reasons.length > 0);
  t.is((reasons[0] as Error).message, 'far');
});

over('ctx.signal aborts when the context fails, and not when it returns', async (t, _, calls) => {
  const good = await calls.openContext(callee => callee.started.next(0));
  const {signal} = good;
  await good.result();
  t.false(signal.aborted);
  const bad = await calls.openContext(start());
  const badSignal = bad.signal;
  await bad.cancel();
  t.true(badSignal.reason instanceof ContextCancelled);
});

over(
  'context() emits at once, completes with the context, and cancels when it is unsubscribed',
  async (t, pair, calls) => {
    const log: string[] = [];
    calls
      .context(callee => callee.started.next('first'))
      .subscribe({next: ctx => ctx.started.subscribe(value => log.push(value)), complete: () => log.push('complete')});
    await until(() => log.includes('complete'));
    t.deepEqual(log, ['first', 'complete']);
    let ended = false;
    const subscription = calls
      .context(async callee => {
        callee.started.next(0);
        await forever(callee).finally(() => {
          ended = true;
        });
      })
      .subscribe({error: error => t.fail(String(error))});
    await until(() => pair.wire.filter(line => line === '← Started').length === 2);
    subscription.unsubscribe();
    await until(() => ended);
  },
);

test('T9: the failure of a context that nobody asked about goes to its scope, once', async t => {
  const pair = await newPair();
  let fail = (): void => {};
  await pair.with({}).openContext(callee => {
    callee.started.next(0);
    return new Promise((_, reject) => {
      fail = () => reject(new RangeError('nobody asked'));
    });
  });
  fail();
  const {scope} = pair.near.actor;
  await until(() => scope.failures.length > 0);
  await turns();
  t.is(scope.failures.length, 1);
  t.true((scope.failures[0] as RemoteActorError).cause instanceof RangeError);
});

over('S1: a stream is opened once, and a closed one not again', async (t, _, calls) => {
  const ctx = await calls.openContext(start());
  const wire = ctx.openStream();
  t.throws(() => ctx.openStream(), {instanceOf: ProtocolError});
  await wire.close();
  t.throws(() => ctx.openStream(), {instanceOf: StreamClosed});
  await ctx.cancel();
  t.throws(() => ctx.openStream(), {instanceOf: ContextCancelled});
});

/** A function that takes its time to end, and how often it ran, and at most at a time. */
function lingering(): {
  call: (ctx: Callee) => Promise<never>;
  opened: number;
  running: number;
  most: number;
  end: () => void;
} {
  const state = {
    opened: 0,
    running: 0,
    most: 0,
    end: () => {},
    call: async (ctx: Callee): Promise<never> => {
      state.opened++;
      state.most = Math.max(state.most, ++state.running);
      const ended = new Promise<void>(resolve => {
        state.end = resolve;
      });
      ctx.started.next(state.opened);
      try {
        return await forever(ctx);
      } finally {
        await ended;
        state.running--;
      }
    },
  };
  return state;
}

over('X9: context() that is subscribed to again waits until the one before is gone', async (t, pair, calls) => {
  const remote = lingering();
  const cold = calls.context(remote.call);
  cold.subscribe().unsubscribe();
  t.is(remote.opened, 0, 'it was taken back before it left');
  const first = cold.subscribe();
  await until(() => remote.opened === 1);
  first.unsubscribe();
  const seen: unknown[] = [];
  const second = cold.subscribe(ctx => seen.push(ctx));
  const third = cold.subscribe(ctx => seen.push(ctx));
  third.unsubscribe();
  await until(() => pair.wire.includes('← CancelAck'));
  await turns();
  t.is(remote.opened, 1);
  t.deepEqual(seen, []);
  remote.end();
  await until(() => remote.opened === 2);
  t.is(seen.length, 1);
  second.unsubscribe();
  remote.end();
  await pair.quiet();
  t.is(remote.opened, 2);
  t.is(remote.most, 1);
});

over('X9: a retry of context() never has two of them', async (t, pair, calls) => {
  const remote = lingering();
  const tried = calls.context(remote.call).pipe(
    mergeMap(ctx => ctx.started),
    map(n => {
      // By now its caller has given up, and it is cancelled.
      setImmediate(() => setImmediate(remote.end));
      if (n < 4) throw new Error('once more');
      return n;
    }),
    retry(3),
  );
  t.is(await firstValueFrom(tried), 4);
  await pair.quiet();
  t.is(remote.most, 1);
});

/** The id of the first context that the near actor opens. */
const firstId = 2;

/** A far end that breaks the rules: the context fails with ProtocolError, and the channel serves on. */
function breaks(title: string, forge: (pair: Pair, encode: (value: unknown) => Uint8Array) => void): void {
  over(title, async (t, pair, calls) => {
    const ctx = await calls.openContext(start());
    // A consumer that takes nothing: what comes is not drained.
    ctx.openStream({window: 2}).iterate();
    const result = errorOf(ctx.result());
    forge(pair, value => pair.far.actor.codec.encode(value));
    t.true((await result) instanceof ProtocolError, String(await result));
    t.is(await calls.run(() => 'serves on'), 'serves on');
  });
}

breaks('C8: started twice fails the context', ({far}, encode) => far.channel.send(Kind.Started, firstId, 0, encode(1)));
breaks('C8: more values than were granted fail the context', ({far}, encode) => {
  for (let seq = 1; seq <= 50; seq++) far.channel.sendValue(firstId, seq, encode(new Uint8Array(100_000)));
});
breaks('C8: a value behind Stop fails the context', ({far}, encode) => {
  far.channel.send(Kind.Stop, firstId, 0, encode(['send', null]));
  far.channel.sendValue(firstId, 1, encode(1));
});
breaks('K54: credit that is no number fails the context', ({far}, encode) =>
  far.channel.sendUrgent(Kind.Credit, firstId, encode([Number.NaN, 1])),
);
breaks('K54: credit that is taken back fails the context', ({far}, encode) => {
  far.channel.sendUrgent(Kind.Credit, firstId, encode([5, 50]));
  far.channel.sendUrgent(Kind.Credit, firstId, encode([4, 50]));
});

/** A far end that has lost something, or makes no sense: the channel fails, and with it the context. */
function failsTheChannel(title: string, forge: (pair: Pair, encode: (value: unknown) => Uint8Array) => void): void {
  test(title, async t => {
    const pair = await newPair();
    const ctx = await pair.with({}).openContext(start());
    ctx.openStream();
    const result = errorOf(ctx.result());
    forge(pair, value => pair.far.actor.codec.encode(value));
    const error = await result;
    t.true(error instanceof TransportClosed, String(error));
    t.is((error as TransportClosed).kind, 'protocol');
    await pair.quiet();
  });
}

failsTheChannel('F1: a gap between values fails the channel', ({far}, encode) =>
  far.channel.sendValue(firstId, 2, encode(1)),
);
failsTheChannel('F1: a return that names more values than came fails the channel', ({far}, encode) => {
  far.channel.sendValue(firstId, 1, encode(1));
  far.channel.send(Kind.Return, firstId, 2, encode('done'));
});
failsTheChannel('F1: a Stop that names more values than came fails the channel', ({far}, encode) =>
  far.channel.send(Kind.Stop, firstId, 1, encode(['send', null])),
);
failsTheChannel('C8: a value that cannot be decoded fails the channel', ({far}) =>
  far.channel.sendValue(firstId, 1, Uint8Array.of(0xc1)),
);
failsTheChannel('C8: a result that cannot be decoded fails the channel, and the context with it', ({far}) =>
  far.channel.send(Kind.Return, firstId, 0, Uint8Array.of(0xc1)),
);
failsTheChannel('C8: an error that is no list fails the channel', ({far}, encode) =>
  far.channel.send(Kind.Error, firstId, 0, encode('what')),
);

over('C8: what comes for a context that is gone is counted, and changes nothing', async (t, pair, calls) => {
  const ctx = await calls.openContext(start());
  await ctx.cancel();
  const encode = (value: unknown): Uint8Array => pair.far.actor.codec.encode(value);
  pair.far.channel.sendValue(firstId, 1, encode(1));
  pair.far.channel.send(Kind.Return, firstId, 0, encode(1));
  pair.far.channel.send(Kind.CancelAck, firstId, 0, encode(['ended']));
  await turns();
  t.is(pair.near.strays, 3);
  t.is(await calls.run(() => 'serves on'), 'serves on');
});

over('X6: a cancel of a context that is unknown or has ended is acknowledged', async (t, pair) => {
  const {canceller, encode} = {
    canceller: ['near', 'id', 1, 'host'],
    encode: (value: unknown): Uint8Array => pair.near.actor.codec.encode(value),
  };
  pair.near.channel.sendUrgent(Kind.Cancel, 40, encode(['requested', null, canceller, 100]));
  await until(() => pair.wire.filter(line => line === '← CancelAck').length === 2);
  t.is(pair.far.strays, 1);
});

over('T9: a function that fails ends an inner nursery that it did not await', async (t, _, calls) => {
  let ended = false;
  const error = await errorOf(
    calls.run(async () => {
      void openNursery(() =>
        sleep(1e9).finally(() => {
          ended = true;
        }),
      );
      throw new RangeError('of the function');
    }),
  );
  t.true((error as RemoteActorError).is(RangeError));
  t.true(ended);
});
