/**
 * Which functions may be called from another process, and where each has its home.
 * Floor 5: marks only; `exposed` decides who may call, `dispatch` runs.
 */
import {pathToFileURL} from 'node:url';
import type {ObservableInput} from 'rxjs';
import {processWide} from '../base/process-wide.js';
import type {CalleeContext} from '../context/rx/callee-context.js';
import type {RemoteStream} from '../context/rx/remote-stream.js';
import {isSchema, type Schemas, type StandardSchema} from '../msg/schema.js';
import type {FunctionKind} from '../msg/types.js';

declare const kind: unique symbol;

/** A function that may be called from another actor, once that actor's `expose` names it. */
export type Marked<K extends FunctionKind = FunctionKind> = {readonly [kind]: K};
export type RemoteFn = Marked<'task'> | Marked<'stream'> | Marked<'operator'> | Marked<'context'>;

/** A home given by hand, for bundlers and test runners that move code about. */
export interface FnHome {
  /** `import.meta.url` of the module that the callee imports. */
  readonly module?: string;
  /** A name that is unique in that module. */
  readonly name?: string;
}

/**
 * Options of a mark: a home, and Standard Schema validators of what crosses. The end that sends a value checks it, and
 * throws MessageTypeError where the fault is; the end that receives it parses it, so that transforms apply there. `args`
 * (one schema for the list of them) and `result` may be asynchronous; `in`, `out` and `started` are synchronous.
 */
export interface FnOptions extends FnHome, Schemas {}

/** What is known of a marked function. */
export interface Mark {
  readonly kind: FunctionKind;
  /** URL of the module; empty where the mark was made in no file. */
  readonly module: string;
  /** `line:column` of the mark, or `name:…`. */
  readonly place: string;
  /** Module and place in one: how the function is looked up. */
  readonly key: string;
  /** For messages. */
  readonly name: string;
  /** What crosses is checked against; undefined when nothing is. */
  readonly schemas: Schemas | undefined;
}

type AnyFunction = (...args: never[]) => unknown;
/**
 * Any function too. From two signatures that differ TypeScript takes no types for the parameters of the function that is
 * given: one without a type is an error ("implicitly has an 'any' type"), where it would be `never` in silence.
 */
type Markable<R = unknown> = ((...args: never[]) => R) | ((first: never, ...rest: never[]) => R);
/** What a stream or an operator may give; a promise of it too. */
type Source = Exclude<ObservableInput<unknown>, PromiseLike<unknown>>;
type Streaming = Markable<Source | PromiseLike<Source>>;

type NoSchemas = {readonly [Part in keyof Schemas]?: undefined};
type MaybeSchema = StandardSchema<unknown, unknown> | undefined;
/** What a function is given of a value with this schema: what it parses to. */
type Parsed<S, None> = S extends StandardSchema<infer _Input, infer Output> ? Output : None;
/** What it gives for one: what the schema checks. */
type Given<S> = S extends StandardSchema<infer Input, infer _Output> ? Input : unknown;
type Later<T> = T | PromiseLike<T>;
type ArgsOf<S> = Parsed<S, never[]> extends infer A extends readonly unknown[] ? A : never;
type CalleeOf<I, O, F> = [I, O, F] extends [undefined, undefined, undefined]
  ? never
  : CalleeContext<Parsed<I, Any>, O extends undefined ? Any : Given<O>, F extends undefined ? Any : Given<F>>;
type OutputOf<S> = S extends undefined ? unknown : Later<ObservableInput<Given<S>>>;
// biome-ignore lint/suspicious/noExplicitAny: where there is no schema, whatever the function says of itself holds
type Any = any;

/** Marks a function that gives one value: `portal.run(fn, …args)`. */
export function task<F extends Markable>(fn: F, options?: FnHome & NoSchemas): F & Marked<'task'>;
/** The same, and what crosses is checked: by schemas, which also give the types that the function does not say. */
export function task<
  F extends (...args: ArgsOf<A>) => Later<Given<R>>,
  A extends MaybeSchema = undefined,
  R extends MaybeSchema = undefined,
>(fn: F, options: FnHome & {readonly args?: A; readonly result?: R}): F & Marked<'task'>;
export function task(fn: AnyFunction, options?: FnOptions): AnyFunction & Marked<'task'> {
  return mark('task', fn, options, task) as AnyFunction & Marked<'task'>;
}

/** Marks a function that gives an Observable, AsyncIterable or Iterable: `portal.stream(fn, …args)`. */
export function stream<F extends Streaming>(fn: F, options?: FnHome & NoSchemas): F & Marked<'stream'>;
/** The same, and what crosses is checked: by schemas, which also give the types that the function does not say. */
export function stream<
  F extends (...args: ArgsOf<A>) => OutputOf<O>,
  A extends MaybeSchema = undefined,
  O extends MaybeSchema = undefined,
>(fn: F, options: FnHome & {readonly args?: A; readonly out?: O}): F & Marked<'stream'>;
export function stream(fn: AnyFunction, options?: FnOptions): AnyFunction & Marked<'stream'> {
  return mark('stream', fn, options, stream) as AnyFunction & Marked<'stream'>;
}

/** Marks a stage of a pipe, `(source$, …args) => output`: `source$.pipe(portal.operator(fn, …args))`. */
export function operator<F extends Streaming>(fn: F, options?: FnHome & NoSchemas): F & Marked<'operator'>;
/** The same, and what crosses is checked: by schemas, which also give the types that the function does not say. */
export function operator<
  F extends (source: I extends undefined ? never : RemoteStream<Parsed<I, never>>, ...args: ArgsOf<A>) => OutputOf<O>,
  A extends MaybeSchema = undefined,
  I extends MaybeSchema = undefined,
  O extends MaybeSchema = undefined,
>(fn: F, options: FnHome & {readonly args?: A; readonly in?: I; readonly out?: O}): F & Marked<'operator'>;
export function operator(fn: AnyFunction, options?: FnOptions): AnyFunction & Marked<'operator'> {
  return mark('operator', fn, options, operator) as AnyFunction & Marked<'operator'>;
}

/** Marks a function that talks both ways, `(ctx, …args) => result`: `portal.openContext(fn, …args)`. */
export function context<F extends Markable>(fn: F, options?: FnHome & NoSchemas): F & Marked<'context'>;
/** The same, and what crosses is checked: by schemas, which also give the types that the function does not say. */
export function context<
  F extends (ctx: CalleeOf<I, O, First>, ...args: ArgsOf<A>) => Later<Given<R>>,
  A extends MaybeSchema = undefined,
  I extends MaybeSchema = undefined,
  O extends MaybeSchema = undefined,
  First extends MaybeSchema = undefined,
  R extends MaybeSchema = undefined,
>(
  fn: F,
  options: FnHome & {
    readonly args?: A;
    readonly in?: I;
    readonly out?: O;
    readonly started?: First;
    readonly result?: R;
  },
): F & Marked<'context'>;
export function context(fn: AnyFunction, options?: FnOptions): AnyFunction & Marked<'context'> {
  return mark('context', fn, options, context) as AnyFunction & Marked<'context'>;
}

/** Stands in place of a module's URL: there is nothing to import. */
const runtimeModule = 'rxtractor:';

/** Whether that is what a function of the runtime's own is called, and not one of a user's. */
export function isRuntimeName(name: string): boolean {
  return name.startsWith(runtimeModule);
}

/**
 * A function of the runtime's own: known by its name alone, so that another copy of the library, on another machine
 * perhaps, means the same.
 */
export function runtimeFunction<K extends FunctionKind, F extends AnyFunction>(
  kind: K,
  name: string,
  fn: F,
): F & Marked<K> {
  const [module, place] = [runtimeModule, `name:${name}`];
  const made: Mark = {kind, module, place, key: keyOf(module, place), name: `${module}${name}`, schemas: undefined};
  Object.defineProperty(fn, markKey, {value: made});
  return fn as F & Marked<K>;
}

const markKey = Symbol.for('rxtractor/mark');

/** Every mark of this process by key; several functions at one place make it ambiguous. */
const marks = processWide('marks', () => new Map<string, Set<AnyFunction>>());

/** The mark of a function. @throws TypeError when it has none, or one that no other process could find */
export function markOf(fn: unknown): Mark {
  const found = typeof fn === 'function' ? (fn as unknown as Record<symbol, Mark | undefined>)[markKey] : undefined;
  if (!found) {
    const what = typeof fn === 'function' ? `the function ${fn.name || '(anonymous)'}` : String(fn);
    throw new TypeError(`${what} is not marked: wrap it in task(), stream(), operator() or context() in its module`);
  }
  if (found.module === '') {
    throw new TypeError(
      `${found.name} was marked in no file that another process could import (--eval, standard input): put it in a file`,
    );
  }
  if ((marks.get(found.key)?.size ?? 0) > 1) {
    throw new TypeError(
      `several functions are marked at ${found.key}: give each a name, ${found.kind}(fn, {module: import.meta.url, name: '…'})`,
    );
  }
  return found;
}

export function isMarked(value: unknown): value is AnyFunction {
  return typeof value === 'function' && markKey in value;
}

/** The function marked under a key in this process. */
export function markedFunction(key: string): AnyFunction | undefined {
  const found = marks.get(key);
  return found?.size === 1 ? [...found][0] : undefined;
}

export function keyOf(module: string, place: string): string {
  return `${module}#${place}`;
}

function mark(
  kind: FunctionKind,
  fn: AnyFunction,
  options: FnOptions | undefined,
  marker: (...args: never[]) => unknown,
): AnyFunction {
  if (typeof fn !== 'function') throw new TypeError(`${kind}() takes a function`);
  if (Object.hasOwn(fn, markKey))
    throw new TypeError(`${fn.name || 'the function'} is marked already: a function has one mark`);
  const home = options?.name !== undefined ? namedHome(options) : homeOf(marker);
  const key = keyOf(home.module, home.place);
  const name = options?.name ?? (fn.name || `the function marked at ${home.place}`);
  const made: Mark = {kind, ...home, key, name, schemas: schemasOf(kind, options)};
  Object.defineProperty(fn, markKey, {value: made});
  const there = marks.get(key);
  if (there) there.add(fn);
  else marks.set(key, new Set([fn]));
  return fn;
}

/** Which of its values each kind of function can have a schema for. */
const checkedParts: Readonly<Record<FunctionKind, readonly (keyof Schemas)[]>> = {
  task: ['args', 'result'],
  stream: ['args', 'out'],
  operator: ['args', 'in', 'out'],
  context: ['args', 'in', 'out', 'started', 'result'],
};

/** @throws TypeError for an option that this kind of function does not have, or that is no schema */
function schemasOf(kind: FunctionKind, options: FnOptions = {}): Schemas | undefined {
  const {module, name, ...schemas} = options;
  const given = Object.entries(schemas).filter(([, schema]) => schema !== undefined);
  for (const [part, schema] of given) {
    if (!(checkedParts[kind] as readonly string[]).includes(part))
      throw new TypeError(
        `${kind}() has no option ${part}: it takes ${checkedParts[kind].join(', ')}, module and name`,
      );
    if (!isSchema(schema))
      throw new TypeError(
        `${part} of ${kind}() is no schema: Standard Schema says what one is (zod, valibot, arktype)`,
      );
  }
  return given.length > 0 ? Object.fromEntries(given) : undefined;
}

function namedHome(options: FnOptions): {module: string; place: string} {
  if (typeof options.module !== 'string')
    throw new TypeError('a function that is marked with a name needs its module too: {module: import.meta.url, name}');
  return {module: options.module, place: `name:${options.name}`};
}

/**
 * Where the marker was called. Read from the raw call sites: both processes run the same compiled file, whatever
 * source maps make of the positions that are printed.
 */
function homeOf(marker: (...args: never[]) => unknown): {module: string; place: string} {
  const prepare = Error.prepareStackTrace;
  const limit = Error.stackTraceLimit;
  let site: NodeJS.CallSite | undefined;
  try {
    Error.stackTraceLimit = 1;
    Error.prepareStackTrace = (_error, sites) => sites;
    const holder: {stack?: unknown} = {};
    Error.captureStackTrace(holder, marker);
    site = (holder.stack as NodeJS.CallSite[])[0];
  } finally {
    Error.prepareStackTrace = prepare;
    Error.stackTraceLimit = limit;
  }
  const file = site?.getFileName() ?? '';
  const place = `${site?.getLineNumber()}:${site?.getColumnNumber()}`;
  if (noFile.test(file)) return {module: '', place};
  if (file.startsWith('file:')) return {module: file, place};
  return {module: file.startsWith('/') ? pathToFileURL(file).href : '', place};
}

/** What Node calls code that came by `--eval` or standard input; as a module it gets an URL in the current folder. */
const noFile = /^(file:.*\/)?\[(eval\d*|stdin)\](-wrapper)?$/;
