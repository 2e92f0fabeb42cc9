/**
 * The door `rxtractor/otel`: traces and metrics with OpenTelemetry.
 * Floor 7: named re-exports, grouped for the page of the API; no logic.
 */

// OpenTelemetry
export {traceWithOtel, type TraceOptions} from './trace.js';
export {measureWithOtel, type MeasureOptions} from './metrics.js';
