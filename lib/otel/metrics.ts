/**
 * Measures calls, actors, streams and the event loop of this process.
 * Floor 7: listens on the channels of `base/events`, and reads the counters that streams keep anyway.
 */
import type {Meter} from '@opentelemetry/api';
import {loopDelay, plainClock} from '../base/clock.js';
import {
  actorEvents,
  type CallEvent,
  callEvents,
  type LifeEvent,
  type SpawnEvent,
  spawnEvents,
  type TracedEnd,
} from '../base/events.js';
import {instruments} from '../base/instruments.js';
import {checkAmount, checkKeys} from '../base/option-checks.js';
import {flushed, openTelemetry} from './api.js';
import {Ears} from './ears.js';
import {StreamTotals} from './stream-totals.js';

/** Options of `measureWithOtel`. */
export interface MeasureOptions {
  /**
   * In ms. The counters of streams, and the delay of the event loop, are read at an export, and not again within this time: several
   * readers of one provider then cost one reading. Default 10 000.
   */
  readonly every?: number;
}

/**
 * Measures what this process does with actors, by the global MeterProvider of OpenTelemetry. The instruments:
 *
 * - `rxtractor.call.duration` (histogram, s; `fn`, `outcome`) and `rxtractor.call.active`: calls that this process makes
 * - `rxtractor.actor.count`, `rxtractor.actor.deaths` (`exit`), `rxtractor.actor.spawn.duration` (s; `outcome`): its children
 * - `rxtractor.stream.values`, `.dropped`, `.stalled` (s), `.queued` (bytes): what its ends of streams send
 * - `rxtractor.loop.delay` (s; `quantile`)
 *
 * Call it before actors are started, in every actor that shall be measured: the option `preload` of the root does that. Disposing of
 * the result ends it.
 *
 * @throws TypeError and RangeError for wrong options, or when it was called already; ResourceExhausted `package` without `@opentelemetry/api`
 * @example
 * ```ts
 * metrics.setGlobalMeterProvider(new MeterProvider({readers: [reader]}));
 * measureWithOtel();
 * ```
 */
export function measureWithOtel(options: MeasureOptions = {}): Disposable {
  checkKeys(options, new Set(['every']), 'measureWithOtel(): ');
  const {every = 10_000} = options;
  checkAmount('measureWithOtel(): every', every, 'milliseconds');
  if (instruments.senderOpened)
    throw new TypeError('measureWithOtel() was called already: whoever disposes of its result ends it');
  const {metrics} = openTelemetry();
  const meter = metrics.getMeter('rxtractor');
  const ears = new Ears();
  countCalls(meter, ears);
  countActors(meter, ears);
  const stops = [readStreams(meter, every), readLoop(meter, every)];
  const flush = (): Promise<void> => flushed(metrics.getMeterProvider());
  instruments.lastWords.add(flush);
  return {
    [Symbol.dispose]: () => {
      ears.close();
      instruments.lastWords.delete(flush);
      for (const stop of stops) stop();
    },
  };
}

function countCalls(meter: Meter, ears: Ears): void {
  const duration = meter.createHistogram('rxtractor.call.duration', {unit: 's', description: 'Calls, until their end'});
  const active = meter.createUpDownCounter('rxtractor.call.active', {description: 'Calls that have not ended'});
  const began = new WeakMap<object, number>();
  const ended = (event: CallEvent): void => {
    const since = began.get(event);
    if (since === undefined) return;
    began.delete(event);
    active.add(-1, {fn: event.fn});
    duration.record(secondsSince(since), {fn: event.fn, outcome: outcomeOf(event)});
  };
  ears.on<CallEvent>(callEvents.start, event => {
    began.set(event, plainClock.now());
    active.add(1, {fn: event.fn});
  });
  ears.on<CallEvent>(callEvents.asyncEnd, ended);
  // A call that was refused before anything was sent has no asynchronous end.
  ears.on<CallEvent>(callEvents.end, event => event.outcome && ended(event));
}

function countActors(meter: Meter, ears: Ears): void {
  const count = meter.createUpDownCounter('rxtractor.actor.count', {description: 'Children that serve'});
  const deaths = meter.createCounter('rxtractor.actor.deaths', {description: 'Children that have ended unasked'});
  const duration = meter.createHistogram('rxtractor.actor.spawn.duration', {
    unit: 's',
    description: 'Starts of actors, until they serve',
  });
  const born = new Set<string>();
  ears.on<LifeEvent>(actorEvents, ({type, actor, exit, asked}) => {
    if (type === 'born') {
      born.add(actor.id);
      count.add(1);
    }
    if (type !== 'ended') return;
    if (born.delete(actor.id)) count.add(-1);
    if (!asked) deaths.add(1, {exit: String(exit?.signal ?? exit?.code ?? 'unknown')});
  });
  const began = new WeakMap<object, number>();
  ears.on<SpawnEvent>(spawnEvents.start, event => began.set(event, plainClock.now()));
  ears.on<SpawnEvent>(spawnEvents.asyncEnd, event => {
    const since = began.get(event);
    if (since !== undefined) duration.record(secondsSince(since), {outcome: outcomeOf(event)});
  });
}

function readStreams(meter: Meter, every: number): () => void {
  const totals = new StreamTotals(every);
  instruments.senderOpened = sender => totals.opened(sender);
  const values = meter.createObservableCounter('rxtractor.stream.values', {description: 'Values that were sent'});
  const dropped = meter.createObservableCounter('rxtractor.stream.dropped', {description: 'Values that were dropped'});
  const stalled = meter.createObservableCounter('rxtractor.stream.stalled', {
    unit: 's',
    description: 'For how long streams have waited for room, all together',
  });
  const queued = meter.createObservableGauge('rxtractor.stream.queued', {
    unit: 'By',
    description: 'Bytes that wait for room',
  });
  const all = [values, dropped, stalled, queued];
  const read: Parameters<Meter['addBatchObservableCallback']>[0] = result => {
    const now = totals.read();
    result.observe(values, now.values);
    result.observe(dropped, now.dropped);
    result.observe(stalled, now.stalledMs / 1_000);
    result.observe(queued, now.queuedBytes);
  };
  meter.addBatchObservableCallback(read, all);
  return () => {
    instruments.senderOpened = undefined;
    meter.removeBatchObservableCallback(read, all);
  };
}

/** The delay of the event loop since the reading before. */
function readLoop(meter: Meter, every: number): () => void {
  const histogram = loopDelay();
  const delay = meter.createObservableGauge('rxtractor.loop.delay', {
    unit: 's',
    description: 'The delay of the event loop',
  });
  let at = Number.NEGATIVE_INFINITY;
  let quantiles: readonly (readonly [quantile: string, seconds: number])[] = [];
  const read: Parameters<typeof delay.addCallback>[0] = result => {
    if (plainClock.now() - at >= every) {
      at = plainClock.now();
      quantiles = [
        ['0.5', histogram.percentile(50) / 1e9],
        ['0.99', histogram.percentile(99) / 1e9],
        ['1', histogram.max / 1e9],
      ];
      histogram.reset();
    }
    for (const [quantile, seconds] of quantiles) result.observe(seconds, {quantile});
  };
  delay.addCallback(read);
  return () => {
    delay.removeCallback(read);
    histogram.disable();
  };
}

const secondsSince = (began: number): number => (plainClock.now() - began) / 1_000;
const outcomeOf = ({outcome}: TracedEnd): string => outcome ?? 'unknown';
