/**
 * The carrier of a trace: which headers travel with a call, and the context that is made of them where they arrive.
 * Floor 7: below `trace`, which makes the spans.
 */
import {AsyncLocalStorage} from 'node:async_hooks';
import type {Context, TextMapGetter, TextMapSetter} from '@opentelemetry/api';
import type {Carrier} from '../base/carry.js';
import type {openTelemetry} from './api.js';

export const carrierName = 'rxtractor/otel';

/** The headers that travel, as a propagator writes them: `traceparent`, `tracestate`, `baggage`. */
export type Headers = Readonly<Record<string, string>>;

/** Maximum size of all headers, in characters: what travels with a call has 4 KiB, and others have a part of it. */
const maxHeaders = 2_048;

const setter: TextMapSetter<Record<string, string>> = {
  set: (headers, name, value) => {
    headers[name] = String(value);
  },
};
const getter: TextMapGetter<Headers> = {
  get: (headers, name) => headers[name],
  keys: headers => Object.keys(headers),
};

export class TraceCarrier implements Carrier<Headers> {
  readonly name = carrierName;
  readonly #api: ReturnType<typeof openTelemetry>;
  readonly #withBaggage: boolean;
  /** The headers that came with the running call. An actor without an SDK hands them on untouched. */
  readonly #came = new AsyncLocalStorage<Headers>();
  /** The contexts of the functions that begin now, by the headers that came with their call. */
  readonly #contexts = new WeakMap<Headers, Context>();

  constructor(api: ReturnType<typeof openTelemetry>, withBaggage: boolean) {
    this.#api = api;
    this.#withBaggage = withBaggage;
  }

  capture(): Headers | undefined {
    return this.headersOf(this.#api.context.active()) ?? this.#came.getStore();
  }

  run<T>(headers: Headers, fn: () => T): T {
    const context = this.#contexts.get(headers) ?? this.contextOf(headers);
    return this.#came.run(headers, () => this.#api.context.with(context, fn));
  }

  /** Sets the context in which the function runs whose call has brought these headers. */
  place(headers: Headers, context: Context): void {
    this.#contexts.set(headers, context);
  }

  /** Undefined when the context holds nothing that travels, or when there is no SDK. */
  headersOf(context: Context): Headers | undefined {
    const {propagation} = this.#api;
    const headers: Record<string, string> = {};
    propagation.inject(this.#withBaggage ? context : propagation.deleteBaggage(context), headers, setter);
    if (sizeOf(headers) > maxHeaders) delete headers.baggage;
    const size = sizeOf(headers);
    return size > 0 && size <= maxHeaders ? headers : undefined;
  }

  /** The context that the headers describe, on top of the one that is active. Headers that make no sense describe nothing. */
  contextOf(headers: unknown): Context {
    const active = this.#api.context.active();
    try {
      return this.#api.propagation.extract(active, textsIn(headers), getter);
    } catch {
      return active;
    }
  }
}

function sizeOf(headers: Headers): number {
  return Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
}

/** They come from another process. */
function textsIn(headers: unknown): Headers {
  const pairs = Object.entries(typeof headers === 'object' && headers !== null ? headers : {});
  return Object.fromEntries(pairs.filter(([, value]) => typeof value === 'string'));
}
