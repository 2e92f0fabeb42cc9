/**
 * One trace over three processes, sent over OTLP to a collector, which is a server in this process that prints what comes.
 *
 *   node dist/examples/tracing/collector.js
 *
 * With a collector of your own, such as Jaeger, set OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 and run console.js.
 */
import {once} from 'node:events';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {json} from 'node:stream/consumers';
import {main} from 'rxtractor';

interface Span {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
}
interface Told {
  readonly resourceSpans?: readonly {readonly scopeSpans: readonly {readonly spans: readonly Span[]}[]}[];
  readonly resourceMetrics?: readonly {
    readonly scopeMetrics: readonly {readonly metrics: readonly {readonly name: string}[]}[];
  }[];
}

const spans: Span[] = [];
const measured = new Set<string>();

const collector = createServer(async (request, response) => {
  const {resourceSpans = [], resourceMetrics = []} = (await json(request)) as Told;
  for (const {scopeSpans} of resourceSpans) for (const scope of scopeSpans) spans.push(...scope.spans);
  for (const {scopeMetrics} of resourceMetrics)
    for (const {metrics} of scopeMetrics) for (const {name} of metrics) measured.add(name);
  response.setHeader('content-type', 'application/json').end('{}');
});
collector.listen(0, '127.0.0.1');
await once(collector, 'listening');
process.env.OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;

await import('./telemetry.js');
const {shopping} = await import('./shop.js');
await main(shopping, {preload: [new URL('telemetry.js', import.meta.url)], timeouts: {flush: 10_000}});
collector.close();

const kinds = ['', 'internal', 'server', 'client'];
function print(parent: string | undefined, depth: number): void {
  for (const {name, kind, spanId, parentSpanId} of spans) {
    if (parentSpanId !== parent) continue;
    console.log(`${'  '.repeat(depth)}${name} (${kinds[kind]})`);
    print(spanId, depth + 1);
  }
}
print(undefined, 0);
console.log(`${new Set(spans.map(({traceId}) => traceId)).size} trace, measured: ${[...measured].sort().join(' ')}`);
