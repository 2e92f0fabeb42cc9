// Spans at the two ends of a call, and what travels with it: headers that make no sense, too much baggage, options. Two actors in this process.
import {tracingChannel} from 'node:diagnostics_channel';
import {context, propagation, type Span, trace} from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import test from 'ava';
import {lastValueFrom, of, retry} from 'rxjs';
import {configureLog} from '../../lib/base/log.js';
import {type CallEvent, ContextCancelled, sleep} from '../../lib/index.js';
import {type TraceOptions, traceWithOtel} from '../../lib/otel/index.js';
import {over} from '../kit/over-pair.js';
import {until} from '../kit/pair.js';

const exporter = new InMemorySpanExporter();
new NodeTracerProvider({spanProcessors: [new SimpleSpanProcessor(exporter)]}).register();
const tracer = trace.getTracer('spec');
const [server, client] = [1, 2];
const active = (): Span | undefined => trace.getActiveSpan();

/** Runs in a span, with tracing, and returns the spans besides that one. */
async function traced(fn: (request: Span) => unknown, options: TraceOptions = {}): Promise<readonly ReadableSpan[]> {
  using _tracing = traceWithOtel(options);
  exporter.reset();
  const request = tracer.startSpan('request');
  await context.with(trace.setSpan(context.active(), request), async () => fn(request));
  // The end of a callee is told after its answer has been sent.
  await new Promise(resolve => setImmediate(resolve));
  return exporter.getFinishedSpans();
}

const idOf = (span: ReadableSpan | undefined): string | undefined => span?.spanContext().spanId;
const linksOf = (span: ReadableSpan | undefined): (string | undefined)[] | undefined =>
  span?.links.map(link => link.context.spanId);

over(
  'the span of a function is the child of the span of its call, and runs in it',
  async (t, _pair, calls) => {
    let inside: string | undefined;
    let outer: Span | undefined;
    const spans = await traced(async request => {
      outer = request;
      inside = await calls.run(() => active()?.spanContext().spanId);
    });
    const [callee, caller] = [spans.find(({kind}) => kind === server), spans.find(({kind}) => kind === client)];
    t.is(caller?.parentSpanContext?.spanId, outer?.spanContext().spanId);
    t.is(callee?.parentSpanContext?.spanId, idOf(caller));
    t.is(inside, idOf(callee));
    t.like(callee?.attributes, {'rpc.system': 'rxtractor', 'rpc.method': 'anyTask', 'rxtractor.peer.name': 'near'});
    t.is(callee?.attributes['rxtractor.context'], caller?.attributes['rxtractor.context']);
  },
  test.serial,
);

over(
  'outside a span a thousand calls make no span, unless all calls are wanted; with none the trace travels all the same',
  async (t, _pair, calls) => {
    using tracing = traceWithOtel();
    exporter.reset();
    await Promise.all(Array.from({length: 1_000}, () => calls.run(() => 1)));
    t.is(exporter.getFinishedSpans().length, 0);
    tracing[Symbol.dispose]();
    {
      using _all = traceWithOtel({calls: 'all'});
      await calls.run(() => 1);
      t.is(exporter.getFinishedSpans().filter(({kind}) => kind === client).length, 1);
    }
    const none = await traced(
      async request => t.is(await calls.run(() => active()?.spanContext().spanId), request.spanContext().spanId),
      {calls: 'none'},
    );
    t.is(none.length, 0);
  },
  test.serial,
);

over(
  'a retry links to the attempt before, and a failure says the class of the original error',
  async (t, _pair, calls) => {
    let failures = 2;
    const shaky = calls.stream(() => {
      if (failures-- > 0) throw new SyntaxError('not yet');
      return of('done');
    });
    const spans = await traced(() => lastValueFrom(shaky.pipe(retry(3))));
    const attempts = spans.filter(({kind}) => kind === client);
    t.deepEqual(attempts.map(linksOf), [[], [idOf(attempts[0])], [idOf(attempts[1])]]);
    t.like(attempts[0]?.attributes, {'error.type': 'SyntaxError', 'rxtractor.outcome': 'failed'});
    t.deepEqual(
      attempts[0]?.events.map(({name}) => name),
      ['exception'],
    );
    t.is(attempts[0]?.status.code, 2);
  },
  test.serial,
);

over(
  'a cancelled call is no error, and says who cancelled it and why',
  async (t, pair) => {
    const spans = await traced(() =>
      t.throwsAsync(
        pair.with({timeout: 20}).run(() => sleep(1e6)),
        {instanceOf: ContextCancelled},
      ),
    );
    const caller = spans.find(({kind}) => kind === client);
    t.is(caller?.status.code, 0);
    t.like(caller?.events[0], {name: 'cancelled', attributes: {'rxtractor.cancel.reason': 'deadline'}});
  },
  test.serial,
);

over(
  'a context that has started, and a stream that stalls, are events of their spans, and the record of the log has the trace',
  async (t, pair, calls) => {
    const records: Record<string, unknown>[] = [];
    const note = (record: object): void => void records.push({...record});
    configureLog('warn', {logger: {debug: note, info: note, warn: note, error: note}});
    t.teardown(() => configureLog('warn'));
    const {tree} = pair.far.actor;
    pair.far.actor.join({...tree, timeouts: {...tree.timeouts, stall: 10}});
    const spans = await traced(async () => {
      const opened = await calls.openContext(async ctx => {
        ctx.started.next(1);
        await ctx.openStream().send(1);
      });
      await until(() => records.length > 0);
      await opened.openStream().forEach(() => {});
      await opened.result();
    });
    const [callee, caller] = [server, client].map(kind => spans.find(span => span.kind === kind));
    const events = (span: ReadableSpan | undefined): string[] | undefined => span?.events.map(({name}) => name);
    t.deepEqual([events(caller), events(callee)], [['started'], ['started', 'stalled', 'moved']]);
    t.like(callee?.events[1]?.attributes, {'rxtractor.sent': 0});
    t.true(Number(callee?.events[1]?.attributes?.['rxtractor.queued_bytes']) > 0);
    const {traceId, spanId} = callee?.spanContext() ?? {};
    t.like(records, {0: {event: 'stalled', trace: {traceId, spanId}}, length: 1});
  },
  test.serial,
);

over(
  'a function that has run for long, and a stream that is to be linked, begin traces of their own',
  async (t, _pair, calls) => {
    const long = await traced(() => calls.run(async () => sleep(5).then(() => calls.run(() => 1))), {longAfter: 1});
    const [inner, outer] = long.filter(({kind}) => kind === client);
    const running = long.filter(({kind}) => kind === server).at(-1);
    t.not(inner?.spanContext().traceId, outer?.spanContext().traceId);
    t.deepEqual(linksOf(inner), [idOf(running)]);
    const streamed = await traced(() => lastValueFrom(calls.stream(() => of(1))), {streams: 'link'});
    const [callee, caller] = [server, client].map(kind => streamed.find(span => span.kind === kind));
    t.not(callee?.spanContext().traceId, caller?.spanContext().traceId);
    t.deepEqual(linksOf(callee), [idOf(caller)]);
  },
  test.serial,
);

/** Those of the W3C's tests of traceparent in which the header makes no sense, and the extreme ones in which it does. */
const vectors = [
  '',
  '00',
  '00-',
  '00-12345678901234567890123456789012-1234567890123456',
  '00-00000000000000000000000000000000-1234567890123456-01',
  '00-12345678901234567890123456789012-0000000000000000-01',
  'ff-12345678901234567890123456789012-1234567890123456-01',
  'cc-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like',
  '00-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like',
  '00-.2345678901234567890123456789012-1234567890123456-01',
  '00-12345678901234567890123456789012-.234567890123456-01',
  '00-12345678901234567890123456789012-1234567890123456-.0',
  '00-ABCDEF78901234567890123456789012-1234567890123456-01',
  ' 00-12345678901234567890123456789012-1234567890123456-01\t',
  '00-12345678901234567890123456789012-1234567890123456-01,00-12345678901234567890123456789012-1234567890123456-01',
  'x'.repeat(3_000),
  7,
  null,
];

over(
  'headers that make no sense never fail a call',
  async (t, _pair, calls) => {
    using _tracing = traceWithOtel();
    const call = tracingChannel<unknown, CallEvent>('rxtractor:call');
    let wire: unknown;
    const add = (event: unknown): void => void (event as CallEvent).carrier.push(['rxtractor/otel', wire]);
    call.start.subscribe(add);
    t.teardown(() => call.start.unsubscribe(add));
    for (const traceparent of vectors) {
      for (wire of [{traceparent}, {traceparent: [traceparent]}, traceparent, [traceparent], {tracestate: '=,==,'}])
        t.is(await calls.run(() => 'served'), 'served');
    }
    wire = {traceparent: '00-12345678901234567890123456789012-1234567890123456-01'};
    t.is(await calls.run(() => active()?.spanContext().traceId), '12345678901234567890123456789012');
  },
  test.serial,
);

over(
  'baggage travels unless it is too large or not wanted, and never fails a call',
  async (t, _pair, calls) => {
    const call = tracingChannel<unknown, CallEvent>('rxtractor:call');
    let carrier: CallEvent['carrier'] = [];
    const note = (event: unknown): void => {
      carrier = (event as CallEvent).carrier;
    };
    call.start.subscribe(note);
    t.teardown(() => call.start.unsubscribe(note));
    const carriedWith = async (value: string): Promise<unknown> => {
      const baggage = propagation.createBaggage({tenant: {value}});
      await context.with(propagation.setBaggage(context.active(), baggage), () => calls.run(() => 1));
      return carrier;
    };
    {
      using _tracing = traceWithOtel();
      t.deepEqual(await carriedWith('ada'), [['rxtractor/otel', {baggage: 'tenant=ada'}]]);
      t.deepEqual(await carriedWith('x'.repeat(5_000)), []);
    }
    using _without = traceWithOtel({baggage: false});
    t.deepEqual(await carriedWith('ada'), []);
  },
  test.serial,
);

test.serial('wrong options are refused, and so is a second tracing', t => {
  t.throws(() => traceWithOtel({calls: 'some' as never}), {instanceOf: TypeError});
  t.throws(() => traceWithOtel({sample: 1} as never), {instanceOf: TypeError});
  using _tracing = traceWithOtel();
  t.throws(() => traceWithOtel(), {instanceOf: TypeError, message: /there is a carrier/});
});
