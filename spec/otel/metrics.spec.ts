// Metrics of calls, actors and streams of this process, as a reader of OpenTelemetry collects them.
import {metrics} from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import test from 'ava';
import {lastValueFrom, of} from 'rxjs';
import {measureWithOtel} from '../../lib/otel/index.js';
import {over} from '../kit/over-pair.js';

const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({exporter, exportIntervalMillis: 1e6, exportTimeoutMillis: 1e6});
metrics.setGlobalMeterProvider(new MeterProvider({readers: [reader]}));

/** Each measured value with its attributes, by the name of its instrument. */
async function collect(): Promise<Map<string, readonly (readonly [attributes: object, value: unknown])[]>> {
  const {resourceMetrics} = await reader.collect();
  return new Map(
    resourceMetrics.scopeMetrics.flatMap(scope =>
      scope.metrics.map(
        ({descriptor, dataPoints}) =>
          [descriptor.name, dataPoints.map(({attributes, value}) => [attributes, value] as const)] as const,
      ),
    ),
  );
}

over(
  'calls are counted with their outcome, and values of streams with those of streams that are over',
  async (t, _pair, calls) => {
    const measured = measureWithOtel({every: 0});
    t.throws(
      () => measureWithOtel(),
      {instanceOf: TypeError, message: /was called already/},
      'else all would count twice',
    );
    t.is(await calls.run((a, b) => a + b, 1, 2), 3);
    await t.throwsAsync(calls.run(() => Promise.reject(new Error('no'))));
    t.is(await lastValueFrom(calls.stream(() => of(1, 2, 3))), 3);
    const told = await collect();
    const durations = told.get('rxtractor.call.duration') ?? [];
    t.deepEqual(
      durations.map(([attributes, value]) => [attributes, (value as {count: number}).count]),
      [
        [{fn: 'anyTask', outcome: 'returned'}, 1],
        [{fn: 'anyTask', outcome: 'failed'}, 1],
        [{fn: 'anyStream', outcome: 'returned'}, 1],
      ],
    );
    t.deepEqual(told.get('rxtractor.call.active'), [
      [{fn: 'anyTask'}, 0],
      [{fn: 'anyStream'}, 0],
    ]);
    t.deepEqual(told.get('rxtractor.stream.values'), [[{}, 3]]);
    t.deepEqual(told.get('rxtractor.stream.queued'), [[{}, 0]]);
    t.is(told.get('rxtractor.loop.delay')?.length, 3);
    t.is(await lastValueFrom(calls.stream(() => of(1, 2))), 2);
    t.deepEqual((await collect()).get('rxtractor.stream.values'), [[{}, 5]]);
    measured[Symbol.dispose]();
    measureWithOtel()[Symbol.dispose]();
  },
  test.serial,
);
