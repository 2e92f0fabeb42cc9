/**
 * The content of spans: their attributes, how they end, and which events they get while they are open.
 * Floor 7: below `trace`, which begins them.
 */
import type {Attributes, Span, SpanStatusCode} from '@opentelemetry/api';
import type {ActorId} from '../base/actor-id.js';
import {ContextCancelled, RemoteActorError} from '../base/errors.js';
import type {CallEvent, FlowEvent, SpawnEvent, TaskEvent, TracedEnd} from '../base/events.js';
import {isError, thrownText} from '../base/foreign.js';

const errorStatus: SpanStatusCode.ERROR = 2;

export function attributesOf({fn, kind, context}: CallEvent | TaskEvent, actor: ActorId, peer?: ActorId): Attributes {
  return {
    'rpc.system': 'rxtractor',
    'rpc.method': fn,
    'rxtractor.kind': kind,
    'rxtractor.context': context,
    'rxtractor.actor.name': actor.name,
    'rxtractor.actor.id': actor.id,
    ...(peer && {'rxtractor.peer.name': peer.name, 'rxtractor.peer.id': peer.id}),
  };
}

export const spawnAttributes = ({name, id, backend, host, attempt}: SpawnEvent): Attributes => ({
  'rxtractor.actor.name': name,
  'rxtractor.actor.id': id,
  'rxtractor.spawn.backend': backend,
  'rxtractor.spawn.attempt': attempt,
  'host.name': host,
});

/** The phases of a start, each at its time. */
export function addPhases(span: Span, {phases}: SpawnEvent): void {
  for (const {phase, at} of phases) span.addEvent(phase, at);
}

/** Ends a span with the outcome of its run. What was cancelled has not failed. */
export function endSpan(span: Span, {outcome, error}: TracedEnd): void {
  if (outcome) span.setAttribute('rxtractor.outcome', outcome);
  if (outcome === 'cancelled') span.addEvent('cancelled', cancelAttributes(error));
  if (outcome === 'failed') fail(span, error);
  span.end();
}

export function addFlowEvent(span: Span, {type, sent, queuedBytes, missed}: FlowEvent): void {
  span.addEvent(type, {
    'rxtractor.sent': sent,
    'rxtractor.queued_bytes': queuedBytes,
    ...(missed !== undefined && {'rxtractor.missed': missed}),
  });
}

function cancelAttributes(error: unknown): Attributes {
  if (!(error instanceof ContextCancelled)) return {};
  return {
    'rxtractor.cancel.reason': error.reason,
    ...(error.canceller && {'rxtractor.cancel.canceller': error.canceller.name}),
  };
}

/** The class that is recorded is that of the original error, wherever it was thrown. */
function fail(span: Span, error: unknown): void {
  const message = thrownText(error);
  span.setAttribute('error.type', typeOf(error));
  span.recordException(isError(error) ? error : message);
  span.setStatus({code: errorStatus, message});
}

function typeOf(error: unknown): string {
  if (error instanceof RemoteActorError) return error.type;
  return isError(error) ? error.name : 'unknown';
}
