/**
 * Starts OpenTelemetry in a process. The root imports it, and names it in its option `preload`, so that every actor does too.
 * Spans are printed, or sent to the collector that OTEL_EXPORTER_OTLP_ENDPOINT names.
 */
import {metrics} from '@opentelemetry/api';
import {OTLPMetricExporter} from '@opentelemetry/exporter-metrics-otlp-http';
import {OTLPTraceExporter} from '@opentelemetry/exporter-trace-otlp-http';
import {MeterProvider, PeriodicExportingMetricReader} from '@opentelemetry/sdk-metrics';
import {BatchSpanProcessor, ConsoleSpanExporter, NodeTracerProvider} from '@opentelemetry/sdk-trace-node';
import {measureWithOtel, traceWithOtel} from 'rxtractor/otel';

const isCollected = process.env.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined;
const exporter = isCollected ? new OTLPTraceExporter() : new ConsoleSpanExporter();

new NodeTracerProvider({spanProcessors: [new BatchSpanProcessor(exporter)]}).register();
traceWithOtel();

if (isCollected) {
  const reader = new PeriodicExportingMetricReader({exporter: new OTLPMetricExporter()});
  metrics.setGlobalMeterProvider(new MeterProvider({readers: [reader]}));
  measureWithOtel();
}
