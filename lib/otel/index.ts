/**
 * The door `rxtractor/otel`: traces and metrics with OpenTelemetry.
 * Floor 7: named re-exports; no logic.
 */

export {type MeasureOptions, measureWithOtel} from './metrics.js';
export {type TraceOptions, traceWithOtel} from './trace.js';
