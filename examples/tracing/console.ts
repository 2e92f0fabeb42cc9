/**
 * One trace over three processes, printed by the console exporter of OpenTelemetry's SDK: each process prints its own spans.
 *
 *   node dist/examples/tracing/console.js
 */
import {main} from 'rxtractor';
import {shopping} from './shop.js';
import './telemetry.js';

await main(shopping, {preload: [new URL('telemetry.js', import.meta.url)], timeouts: {flush: 10_000}});
