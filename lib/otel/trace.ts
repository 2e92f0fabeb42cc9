/**
 * Makes spans of calls, of the functions that run because of them, and of the starts of actors.
 * Floor 7: listens on the channels of `base/events`; `carrier` takes the trace to the other actor.
 */
import type {Context, Link, Span, SpanContext, SpanKind, Tracer} from '@opentelemetry/api';
import {carry} from '../base/carry.js';
import {plainClock} from '../base/clock.js';
import {
  type CallEvent,
  callEvents,
  type FlowEvent,
  type SpawnEvent,
  spawnEvents,
  streamEvents,
  type TaskEvent,
  taskEvents,
} from '../base/events.js';
import {instruments} from '../base/instruments.js';
import {checkAmount, checkBoolean, checkKeys, checkWord} from '../base/option-checks.js';
import {flushed, openTelemetry} from './api.js';
import {carrierName, type Headers, TraceCarrier} from './carrier.js';
import {Ears} from './ears.js';
import {addFlowEvent, addPhases, attributesOf, endSpan, spawnAttributes} from './spans.js';

/** Options of `traceWithOtel`. */
export interface TraceOptions {
  /**
   * For which calls spans are made: those that are made inside a recording span, all of them, or none. With `none` the context of the
   * trace still travels. Default `inside`.
   */
  readonly calls?: 'inside' | 'all' | 'none';
  /**
   * How the span of a function with a stream (`stream`, `operator`, `context`) stands to that of its call: its child, or the beginning
   * of a trace of its own with a link to it. Default `child`.
   */
  readonly streams?: 'link' | 'child';
  /**
   * In ms. A call that is made by a function that runs for longer than this begins a new trace, with a link to that function: the
   * trace of a function that never ends would grow for ever. Default 60 000.
   */
  readonly longAfter?: number;
  /** Whether baggage travels with calls. Default `true`. */
  readonly baggage?: boolean;
}

const traceOptions = new Set(['calls', 'streams', 'longAfter', 'baggage']);
const clientKind: SpanKind.CLIENT = 2;
const serverKind: SpanKind.SERVER = 1;
const sampledFlag = 1;

/**
 * Makes OpenTelemetry spans of what this process does with actors: one of the kind CLIENT for a call that it makes, one of the kind
 * SERVER for a function that runs because of a call, and one for each actor that it starts. The context of the trace travels with
 * the call, and the function runs in it. Call it in every actor: in a module that the option `preload` of the root names, behind
 * the start of the SDK. An actor that has no SDK hands the trace on.
 *
 * Names of functions and actors are recorded, and no arguments. Disposing of the result ends it.
 *
 * @throws TypeError and RangeError for wrong options, or when it was called already; ResourceExhausted `package` without
 * `@opentelemetry/api`
 * @example
 * ```ts
 * // telemetry.ts, which the root imports and names in its option `preload`
 * import {BatchSpanProcessor, NodeTracerProvider} from '@opentelemetry/sdk-trace-node';
 * import {traceWithOtel} from 'rxtractor/otel';
 *
 * new NodeTracerProvider({spanProcessors: [new BatchSpanProcessor(exporter)]}).register();
 * traceWithOtel();
 * ```
 */
export function traceWithOtel(options: TraceOptions = {}): Disposable {
  checkKeys(options, traceOptions, 'traceWithOtel(): ');
  const {calls = 'inside', streams = 'child', longAfter = 60_000, baggage = true} = options;
  checkWord('traceWithOtel(): calls', calls, ['inside', 'all', 'none']);
  checkWord('traceWithOtel(): streams', streams, ['link', 'child']);
  checkAmount('traceWithOtel(): longAfter', longAfter, 'milliseconds');
  checkBoolean('traceWithOtel(): baggage', baggage);
  const tracing = new Tracing({calls, streams, longAfter, baggage});
  return {[Symbol.dispose]: () => tracing.end()};
}

/** A function that runs in a span of ours. */
interface Running {
  readonly span: SpanContext;
  readonly began: number;
}

class Tracing {
  readonly #options: Required<TraceOptions>;
  readonly #api = openTelemetry();
  readonly #tracer: Tracer = this.#api.trace.getTracer('rxtractor');
  readonly #runningKey = this.#api.createContextKey('rxtractor: the function that runs');
  readonly #carrier: TraceCarrier;
  readonly #carried: Disposable;
  readonly #ears = new Ears();
  readonly #spans = new WeakMap<object, Span>();
  /** The open spans at this end of a context, for what happens to its stream. */
  readonly #ofContexts = new Map<string, Span>();
  /** The attempts that have failed last, by the context that made them and what was called. */
  readonly #failed = new WeakMap<Context, Map<string, SpanContext>>();

  constructor(options: Required<TraceOptions>) {
    this.#options = options;
    this.#carrier = new TraceCarrier(this.#api, options.baggage);
    this.#carried = carry(this.#carrier);
    if (options.calls !== 'none') this.#listen();
    instruments.recordDetails = () => this.#logged();
    instruments.lastWords.add(this.#flush);
  }

  end(): void {
    this.#ears.close();
    this.#carried[Symbol.dispose]();
    instruments.recordDetails = undefined;
    instruments.lastWords.delete(this.#flush);
  }

  #listen(): void {
    this.#ears.on<CallEvent>(callEvents.start, event => this.#call(event));
    this.#ears.on<CallEvent>(callEvents.asyncEnd, event => this.#ended(event));
    // A call that was refused before anything was sent has no asynchronous end.
    this.#ears.on<CallEvent>(callEvents.end, event => event.outcome && this.#ended(event));
    this.#ears.on<TaskEvent>(taskEvents.start, event => this.#task(event));
    this.#ears.on<TaskEvent>(taskEvents.asyncEnd, event => this.#ended(event));
    this.#ears.on<SpawnEvent>(spawnEvents.start, event => this.#spawn(event));
    this.#ears.on<SpawnEvent>(spawnEvents.asyncEnd, event => this.#ended(event));
    this.#ears.on<FlowEvent>(streamEvents, event => {
      const span = this.#ofContexts.get(endKey(event.context, event.actor.id));
      if (span) addFlowEvent(span, event);
    });
  }

  #call(event: CallEvent): void {
    const context = this.#api.context.active();
    if (!this.#isWanted(context)) return;
    const links = this.#linkToFailed(context, event);
    const options = {kind: clientKind, attributes: attributesOf(event, event.actor, event.peer)};
    const long = this.#longRunning(context);
    const span = long
      ? this.#tracer.startSpan(event.fn, {...options, root: true, links: [...links, {context: long.span}]}, context)
      : this.#tracer.startSpan(event.fn, {...options, links}, context);
    this.#open(event, span, event.actor.id);
    const headers = this.#carrier.headersOf(this.#api.trace.setSpan(context, span));
    if (headers) replaceHeaders(event, headers);
  }

  /** `inside`: a span that is not recorded has no children, but its trace travels. */
  #isWanted(context: Context): boolean {
    return this.#options.calls === 'all' || this.#api.trace.getSpan(context)?.isRecording() === true;
  }

  #longRunning(context: Context): Running | undefined {
    const running = context.getValue(this.#runningKey) as Running | undefined;
    return running && plainClock.now() - running.began > this.#options.longAfter ? running : undefined;
  }

  /** The begin of a function. The carrier runs it in the context that is placed here. */
  #task(event: TaskEvent): void {
    const headers = headersIn(event);
    if (!headers) return;
    const {trace} = this.#api;
    const came = this.#carrier.contextOf(headers);
    const caller = trace.getSpanContext(came);
    if (!caller || !(caller.traceFlags & sampledFlag)) return;
    const isLinked = this.#options.streams === 'link' && event.kind !== 'task';
    const span = this.#tracer.startSpan(
      event.fn,
      {
        kind: serverKind,
        attributes: attributesOf(event, event.actor, event.caller),
        ...(isLinked && {root: true, links: [{context: caller}]}),
      },
      came,
    );
    this.#open(event, span, event.actor.id);
    const running: Running = {span: span.spanContext(), began: plainClock.now()};
    this.#carrier.place(headers, trace.setSpan(came, span).setValue(this.#runningKey, running));
  }

  #spawn(event: SpawnEvent): void {
    const context = this.#api.context.active();
    if (!this.#isWanted(context)) return;
    this.#spans.set(
      event,
      this.#tracer.startSpan(`spawn ${event.name}`, {attributes: spawnAttributes(event)}, context),
    );
  }

  #open(event: CallEvent | TaskEvent, span: Span, actor: string): void {
    this.#spans.set(event, span);
    this.#ofContexts.set(endKey(event.context, actor), span);
  }

  #ended(event: CallEvent | TaskEvent | SpawnEvent): void {
    const span = this.#spans.get(event);
    if (!span) return;
    this.#spans.delete(event);
    if ('context' in event) this.#ofContexts.delete(endKey(event.context, event.actor.id));
    if ('phases' in event) addPhases(span, event);
    if ('peer' in event && event.outcome === 'failed') this.#noteFailed(event, span);
    endSpan(span, event);
  }

  /** The contexts in which calls were made, to find there what has failed. */
  readonly #madeIn = new WeakMap<object, Context>();

  #noteFailed(event: CallEvent, span: Span): void {
    const context = this.#madeIn.get(event);
    if (!context) return;
    const failed = this.#failed.get(context) ?? new Map<string, SpanContext>();
    this.#failed.set(context, failed);
    failed.set(calledIn(event), span.spanContext());
  }

  /** A call of what has failed before, from the same place, is another attempt. */
  #linkToFailed(context: Context, event: CallEvent): Link[] {
    this.#madeIn.set(event, context);
    const before = this.#failed.get(context)?.get(calledIn(event));
    if (!before) return [];
    this.#failed.get(context)?.delete(calledIn(event));
    return [{context: before, attributes: {'rxtractor.link': 'the attempt before'}}];
  }

  #logged(): object | undefined {
    const span = this.#api.trace.getSpanContext(this.#api.context.active());
    return span && {trace: {traceId: span.traceId, spanId: span.spanId}};
  }

  readonly #flush = (): Promise<void> => flushed(this.#api.trace.getTracerProvider());
}

const endKey = (context: string, actor: string): string => `${context} ${actor}`;
const calledIn = ({fn, peer}: CallEvent): string => `${fn} ${peer?.name ?? ''}`;

/** The headers of the call's own span take the place of those of the span around it. */
function replaceHeaders({carrier}: CallEvent, headers: Headers): void {
  const at = carrier.findIndex(([name]) => name === carrierName);
  if (at === -1) carrier.push([carrierName, headers]);
  else carrier[at] = [carrierName, headers];
}

function headersIn({carrier}: TaskEvent): Headers | undefined {
  const headers = carrier.find(([name]) => name === carrierName)?.[1];
  return typeof headers === 'object' && headers !== null ? (headers as Headers) : undefined;
}
