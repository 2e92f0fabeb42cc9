// The events that are told of a call at its two ends, and that nothing is made while nobody listens. Over two actors in this process.
import {type Channel, channel, type TracingChannel, tracingChannel} from 'node:diagnostics_channel';
import type {ExecutionContext} from 'ava';
import {EMPTY, of} from 'rxjs';
import {ContextCancelled, currentSignal, type FlowEvent, RemoteActorError} from '../../lib/index.js';
import {eventually} from '../kit/eventually.js';
import {test} from '../kit/limited.js';
import {over} from '../kit/over-pair.js';
import {until} from '../kit/pair.js';

interface Told {
  readonly on: string;
  readonly event: Record<string, unknown>;
}

const moments = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;

/** Notes what is told on tracing channels until the test has ended. */
function listen(t: ExecutionContext, ...names: readonly string[]): Told[] {
  const told: Told[] = [];
  for (const name of names) {
    const traced: TracingChannel<unknown, object> = tracingChannel(`rxtractor:${name}`);
    for (const moment of moments) {
      const note = (event: unknown): void =>
        void told.push({on: `${name} ${moment}`, event: event as Record<string, unknown>});
      traced[moment].subscribe(note);
      t.teardown(() => traced[moment].unsubscribe(note));
    }
  }
  return told;
}

function listenPlain(t: ExecutionContext, name: string): FlowEvent[] {
  const told: FlowEvent[] = [];
  const plain: Channel = channel(`rxtractor:${name}`);
  const note = (event: unknown): void => void told.push(event as FlowEvent);
  plain.subscribe(note);
  t.teardown(() => plain.unsubscribe(note));
  return told;
}

const ons = (told: readonly Told[]): string[] => told.map(({on}) => on);

const whole = [
  ['call start', 'call end'],
  ['task start', 'task end', 'task asyncStart', 'task asyncEnd'],
  ['call asyncStart', 'call asyncEnd'],
].flat();

over(
  'a call is told at its caller and at its callee, with one name of its context',
  async (t, {near, far}, calls) => {
    const told = listen(t, 'call', 'task');
    t.is(await calls.run((a, b) => a + b, 1, 2), 3);
    t.deepEqual(ons(told), whole);
    const [call, task] = [told[0]?.event, told[2]?.event];
    t.like(call, {fn: 'anyTask', kind: 'task', actor: near.actor.id, peer: far.actor.id, scope: 'actor near'});
    t.like(task, {fn: 'anyTask', kind: 'task', actor: far.actor.id, caller: near.actor.id});
    t.deepEqual([call?.outcome, task?.outcome], ['returned', 'returned']);
    t.is(call?.context, task?.context);
    t.regex(String(call?.context), /^[0-9a-f]{8}-[0-9a-f]{8}-\d+$/);
    t.true(
      told.every(({event}) => event === call || event === task),
      'one object for each run',
    );
    t.false('args' in Object(call) || 'result' in Object(call));
  },
  test.serial,
);

over(
  'an error is told at both ends: the one that was thrown, and the revived one',
  async (t, _pair, calls) => {
    const told = listen(t, 'call', 'task');
    const thrown = new TypeError('no');
    const error = await t.throwsAsync(
      calls.run(async () => {
        throw thrown;
      }),
      {instanceOf: RemoteActorError},
    );
    const both = told.filter(({on}) => on.endsWith('error'));
    t.deepEqual(ons(both), ['task error', 'call error']);
    t.deepEqual(
      both.map(({event}) => event.error),
      [thrown, error],
    );
    t.deepEqual(
      both.map(({event}) => event.outcome),
      ['failed', 'failed'],
    );
  },
  test.serial,
);

over(
  'a cancelled call is told in error too, and says that it was cancelled',
  async (t, _pair, calls) => {
    const told = listen(t, 'call', 'task');
    const controller = new AbortController();
    const running = _pair.with({signal: controller.signal}).run(
      () =>
        new Promise((_, reject) => {
          const signal = currentSignal();
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
    );
    await until(() => told.some(({on}) => on === 'task end'));
    controller.abort('enough');
    await t.throwsAsync(running, {instanceOf: ContextCancelled});
    await until(() => told.filter(({on}) => on.endsWith('asyncEnd')).length === 2);
    const both = told.filter(({on}) => on.endsWith('error'));
    t.deepEqual(
      both.map(({event}) => event.outcome),
      ['cancelled', 'cancelled'],
    );
    void calls;
  },
  test.serial,
);

over(
  'every kind of function is told, and a refused call at its caller alone',
  async (t, _pair, calls) => {
    const told = listen(t, 'call', 'task');
    await calls.stream(() => of(1, 2)).forEach(() => {});
    await calls
      .operator(source => source)(EMPTY)
      .forEach(() => {});
    const context = await calls.openContext(ctx => ctx.started.next(1));
    await context.result();
    const starts = told.filter(({on}) => on.endsWith('start'));
    t.deepEqual(
      starts.map(({on, event}) => `${on} ${event.kind}`),
      ['stream', 'operator', 'context'].flatMap(kind => [`call start ${kind}`, `task start ${kind}`]),
    );
    told.length = 0;
    await t.throwsAsync(
      calls.run(() => 1, Symbol('no')),
      {code: 'ERR_UNSERIALIZABLE'},
    );
    t.deepEqual(ons(told), ['call start', 'call error', 'call end']);
  },
  test.serial,
);

over(
  'S1: a context that has started is told, a stream that stalls, and that it moves again',
  async (t, pair, calls) => {
    // Both ends are in this process, so that each would tell.
    const told = listenPlain(t, 'stream');
    for (const {actor} of [pair.near, pair.far])
      actor.join({...actor.tree, timeouts: {...actor.tree.timeouts, stall: 10}});
    const context = await calls.openContext(async ctx => {
      ctx.started.next(1);
      const wire = ctx.openStream();
      for (let i = 0; i < 5; i++) await wire.send(i);
    });
    const stalled = (): FlowEvent | undefined => told.find(({type}) => type === 'stalled');
    await eventually(stalled, 'a stall', {pollMs: 5});
    const wire = context.openStream();
    for await (const _ of wire);
    await context.result();
    t.deepEqual(
      told.map(({type}) => type),
      ['started', 'started', 'stalled', 'moved'],
    );
    t.deepEqual(
      told.slice(0, 2).map(({actor}) => actor.name),
      [pair.far.actor.id.name, pair.near.actor.id.name],
      'the callee tells of it, then the caller',
    );
    t.like(stalled(), {fn: 'anyContext', actor: pair.far.actor.id, peer: pair.near.actor.id, sent: 0});
    t.true(Math.abs((stalled()?.at ?? 0) - Date.now()) < 60_000);
  },
  test.serial,
);

over(
  'an overrun is told, and an iterator that has missed values',
  async (t, pair, calls) => {
    const told = listenPlain(t, 'stream');
    const stream = pair
      .with({window: 1, bufferBytes: 1_000})
      .stream(() => of(...Array.from({length: 100}, (_, i) => i)));
    const iterator = stream.iterate();
    await t.throwsAsync(
      (async () => {
        for await (const _ of iterator) await until(() => told.length > 0);
      })(),
    );
    t.like(told[0], {type: 'overrun', fn: 'anyStream', actor: pair.far.actor.id});
    told.length = 0;
    let hasSent = false;
    const lagging = calls.stream(async function* () {
      yield* [1, 2, 3, 4];
      hasSent = true;
    });
    const late = lagging.iterate({lag: 2});
    await until(() => hasSent);
    await t.throwsAsync(async () => {
      for (let i = 0; i < 4; i++) await late.next();
    });
    t.like(told[0], {type: 'lagged', missed: 2, actor: pair.near.actor.id});
    await late.return?.();
  },
  test.serial,
);

over(
  'nothing is told of the calls of the runtime itself',
  async (t, pair) => {
    const told = listen(t, 'call', 'task');
    const {askSurvey, survey} = await import('../../lib/actor/survey.js');
    pair.far.actor.exposed.allow(survey);
    await askSurvey(pair.near, {budget: 1_000, contexts: 'all'}, 1);
    t.deepEqual(told, []);
  },
  test.serial,
);
