// Rules 4.x of Reactive Streams, of processors: a stage of a pipe in another actor, and an actor that passes on.
import {catchError, map, of, take, throwError} from 'rxjs';
import {RemoteActorError, StreamOverrun} from '../../lib/base/errors.js';
import {placeBytes} from '../../lib/context/flow/outlet.js';
import type {RemoteStream} from '../../lib/context/rx/remote-stream.js';
import {newPair, turns, until} from '../kit/pair.js';
import {Remote} from '../kit/remote.js';
import {Monitor} from './monitor.js';
import {errorOf, numbers, receivers, rule, Told} from './rule.js';

rule(
  'RS 4.1: a stage takes from its source what it is asked for, and a cancel goes through it',
  async (t, {pair, monitor}) => {
    let asked = 0;
    let returned = false;
    function* source(): Generator<number> {
      try {
        for (;;) yield asked++;
      } finally {
        returned = true;
      }
    }
    const window = 4;
    const stage = pair.with({window}).operator(async function* (values: RemoteStream<number>) {
      for await (const value of values) yield 2 * value;
    });
    const reader = stage(source()).iterate();
    t.is((await reader.next()).value, 0);
    await turns(50);
    // One window before the stage, and one behind it.
    t.true(asked <= 1 + 2 * window, `${asked} were asked for`);
    const [lanes] = monitor.contexts.map(watched => watched.lanes);
    t.true((lanes?.near.grants ?? 0) >= 1);
    for (const n of numbers(20)) t.is((await reader.next()).value, 2 * n + 2);
    await reader.return?.();
    await until(() => returned);
  },
);

rule(
  'RS 4.1: a stage that returns an Observable takes what its operators take, within bufferBytes',
  async (t, {pair}) => {
    let asked = 0;
    function* source(): Generator<number> {
      for (;;) yield asked++;
    }
    const stage = pair
      .with({window: 2, bufferBytes: 20 * (1 + placeBytes)})
      .operator((values: RemoteStream<number>) => values.pipe(map(value => value)));
    const reader = stage(source()).iterate();
    const error = await (async () => {
      for (;;) {
        // Held until the stage has pushed more than may wait.
        await until(() => pair.wire.includes('← Error'));
        const read = await reader.next().catch(thrown => ({thrown}));
        if ('thrown' in read) return read.thrown;
      }
    })();
    t.true(error instanceof RemoteActorError && error.cause instanceof StreamOverrun, String(error));
    t.true(asked > 20 && asked < 60, `${asked} were asked for`);
  },
);

rule('RS 4.1: an actor in the middle passes on credit, the end, errors and a cancel', async (t, {calls}) => {
  const behind = await newPair();
  const monitor = Monitor.of(behind);
  const through = (remote: Remote, window: number): RemoteStream<number> =>
    calls.stream(() => behind.with({window}).stream(remote.call));

  const endless = Remote.counting();
  const told = new Told();
  through(endless, 2).pipe(take(3)).subscribe(told.observer);
  await until(() => endless.ended === 1);
  t.is(endless.aborted, 1);
  t.deepEqual(told.log, ['0', '1', '2', 'complete']);
  await behind.quiet();

  t.deepEqual(await receivers.subscribe(through(Remote.counting(50), 2)), numbers(50));

  const failing = Remote.pushing<number>(() => throwError(() => new RangeError('failed')));
  const error = await errorOf(receivers.subscribe(through(failing, 2)));
  t.true(error instanceof RemoteActorError && error.cause instanceof RangeError);
  await behind.quiet();
  t.deepEqual(monitor.violations, []);
});

rule(
  'RS 4.1: credit goes through an actor in the middle: who asks for nothing holds up the first',
  async (t, {pair}) => {
    const behind = await newPair();
    const remote = Remote.counting();
    const reader = pair
      .with({window: 3})
      .stream(() => behind.with({window: 5}).stream(remote.call))
      .iterate();
    await reader.next();
    await until(() => remote.made >= 8);
    await turns(50);
    t.true(remote.made <= 1 + 3 + 1 + 5, `${remote.made} were made`);
    await reader.return?.();
    await behind.quiet();
    t.is(remote.ended, 1);
  },
);

rule('RS 4.2: a stage may handle the error of its source, or let it through', async (t, {calls}) => {
  const source = (): RemoteStream<number> =>
    (function* () {
      yield 1;
      throw new RangeError('failed');
    })() as unknown as RemoteStream<number>;
  const handling = calls.operator((values: RemoteStream<number>) =>
    values.pipe(
      map(String),
      catchError(error => of(`handled ${(error as RemoteActorError).type}`)),
    ),
  );
  t.deepEqual(await receivers.subscribe(handling(source())), ['1', 'handled RangeError']);
  const passing = calls.operator((values: RemoteStream<number>) => values);
  const told = new Told();
  passing(source()).subscribe(told.observer);
  await until(() => told.over);
  t.deepEqual(told.log, ['1', 'error']);
  t.true(told.error instanceof RangeError, 'the original object');
});
