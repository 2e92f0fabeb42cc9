/**
 * The four functions by which a user marks what may be called from another actor: task, stream, operator, context.
 * Floor 5: above `marks`, which keeps what they make.
 */
import type {ObservableInput} from 'rxjs';
import type {CalleeContext} from '../context/rx/callee-context.js';
import type {RemoteStream} from '../context/rx/remote-stream.js';
import {isSchema, type Schemas, type StandardSchema} from '../msg/schema.js';
import type {FunctionKind} from '../msg/types.js';
import {callSiteOf} from './call-site.js';
import {addMark} from './mark-table.js';
import {type AnyFunction, hasOwnMark, keyOf, type Mark, type Marked, namedPlace} from './marks.js';

/** A home that is given by hand, for code of which there are several copies, or that a tool moves to another file. */
export interface FnHome {
  /** `import.meta.url` of the module that the callee imports. Default: the file that calls the marker. */
  readonly module?: string;
  /**
   * A name, such as `shop/price`. Alone it holds everywhere: any actor that exposes a function of this kind under this name
   * answers to it, in whatever folder, program or host its file lies. Together with `module` it holds in that module. Default:
   * none, the file and the place of the mark count.
   */
  readonly name?: string;
}

/**
 * Options of a marker: a home, and Standard Schema validators of what crosses. The sender of a value checks it, and throws
 * MessageTypeError there, where the mistake is. The receiver parses it, so that transforms apply there. `args` (one schema
 * for the list of all arguments) and `result` may be asynchronous; `in`, `out` and `started` are synchronous.
 */
export interface FnOptions extends FnHome, Schemas {}

/**
 * Any function, too. When it has two different signatures, TypeScript does not infer the parameters of the function that is
 * given: a parameter without a type is then an error ("implicitly has an 'any' type"), and not silently `never`.
 */
type Markable<R = unknown> = ((...args: never[]) => R) | ((first: never, ...rest: never[]) => R);
/** The result that a stream or an operator may give; a promise of it, too. */
type StreamSource = Exclude<ObservableInput<unknown>, PromiseLike<unknown>>;
type Streaming = Markable<StreamSource | PromiseLike<StreamSource>>;

type NoSchemas = {readonly [Part in keyof Schemas]?: undefined};
type MaybeSchema = StandardSchema<unknown, unknown> | undefined;
/** A value with this schema as the function gets it: parsed. */
type Parsed<S, None> = S extends StandardSchema<infer _Input, infer Output> ? Output : None;
/** A value with this schema as the function gives it: it is checked. */
type Given<S> = S extends StandardSchema<infer Input, infer _Output> ? Input : unknown;
type Later<T> = T | PromiseLike<T>;
type ArgsOf<S> = Parsed<S, never[]> extends infer A extends readonly unknown[] ? A : never;
type CalleeOf<I, O, F> = [I, O, F] extends [undefined, undefined, undefined]
  ? never
  : CalleeContext<Parsed<I, Any>, O extends undefined ? Any : Given<O>, F extends undefined ? Any : Given<F>>;
type OutputOf<S> = S extends undefined ? unknown : Later<ObservableInput<Given<S>>>;
// biome-ignore lint/suspicious/noExplicitAny: where there is no schema, the types of the function itself hold
type Any = any;

/**
 * Marks a function that gives one value, or a promise of it. Called with `portal.run(fn, …args)`.
 *
 * Mark functions at the top level of their module: the actor imports that module to find the function.
 *
 * @throws TypeError when it is not a function, is marked already, or has an option that does not exist
 * @example
 * ```ts
 * export const add = task((a: number, b: number) => a + b);
 * ```
 */
export function task<F extends Markable>(fn: F, options?: FnHome & NoSchemas): F & Marked<'task'>;
/**
 * The same, and schemas check what crosses. They also give the types that the function does not say.
 *
 * @example
 * ```ts
 * export const add = task((a, b) => a + b, {args: z.tuple([z.number(), z.number()]), result: z.number()});
 * ```
 */
export function task<
  F extends (...args: ArgsOf<A>) => Later<Given<R>>,
  A extends MaybeSchema = undefined,
  R extends MaybeSchema = undefined,
>(fn: F, options: FnHome & {readonly args?: A; readonly result?: R}): F & Marked<'task'>;
export function task(fn: AnyFunction, options?: FnOptions): AnyFunction & Marked<'task'> {
  return mark('task', fn, options, task) as AnyFunction & Marked<'task'>;
}

/**
 * Marks a function that gives an Observable, AsyncIterable or Iterable. Called with `portal.stream(fn, …args)`.
 *
 * @throws TypeError when it is not a function, is marked already, or has an option that does not exist
 * @example
 * ```ts
 * export const countTo = stream(function* (last: number) {
 *   for (let value = 1; value <= last; value++) yield value;
 * });
 * ```
 */
export function stream<F extends Streaming>(fn: F, options?: FnHome & NoSchemas): F & Marked<'stream'>;
/**
 * The same, and schemas check what crosses. They also give the types that the function does not say.
 *
 * @example
 * ```ts
 * export const countTo = stream(last => range(1, last), {args: z.tuple([z.number()]), out: z.number()});
 * ```
 */
export function stream<
  F extends (...args: ArgsOf<A>) => OutputOf<O>,
  A extends MaybeSchema = undefined,
  O extends MaybeSchema = undefined,
>(fn: F, options: FnHome & {readonly args?: A; readonly out?: O}): F & Marked<'stream'>;
export function stream(fn: AnyFunction, options?: FnOptions): AnyFunction & Marked<'stream'> {
  return mark('stream', fn, options, stream) as AnyFunction & Marked<'stream'>;
}

/**
 * Marks one stage of a pipe: a function of a source, `(source$, …args) => output`. Called with
 * `source$.pipe(portal.operator(fn, …args))`.
 *
 * @throws TypeError when it is not a function, is marked already, or has an option that does not exist
 * @example
 * ```ts
 * export const times = operator((source$: RemoteStream<number>, factor: number) =>
 *   source$.pipe(map(value => factor * value)),
 * );
 * ```
 */
export function operator<F extends Streaming>(fn: F, options?: FnHome & NoSchemas): F & Marked<'operator'>;
/**
 * The same, and schemas check what crosses. They also give the types that the function does not say.
 *
 * @example
 * ```ts
 * export const twice = operator(source$ => source$.pipe(map(value => 2 * value)), {in: z.number(), out: z.number()});
 * ```
 */
export function operator<
  F extends (source: I extends undefined ? never : RemoteStream<Parsed<I, never>>, ...args: ArgsOf<A>) => OutputOf<O>,
  A extends MaybeSchema = undefined,
  I extends MaybeSchema = undefined,
  O extends MaybeSchema = undefined,
>(fn: F, options: FnHome & {readonly args?: A; readonly in?: I; readonly out?: O}): F & Marked<'operator'>;
export function operator(fn: AnyFunction, options?: FnOptions): AnyFunction & Marked<'operator'> {
  return mark('operator', fn, options, operator) as AnyFunction & Marked<'operator'>;
}

/**
 * Marks a function that talks both ways, `(ctx, …args) => result`. Called with `portal.openContext(fn, …args)` or
 * `portal.context(fn, …args)`.
 *
 * @throws TypeError when it is not a function, is marked already, or has an option that does not exist
 * @example
 * ```ts
 * export const account = context(async (ctx: CalleeContext<number, number, string>) => {
 *   ctx.started.next('open');
 *   const stream = ctx.openStream();
 *   let balance = 0;
 *   for await (const amount of stream) await stream.send((balance += amount));
 *   return balance;
 * });
 * ```
 */
export function context<F extends Markable>(fn: F, options?: FnHome & NoSchemas): F & Marked<'context'>;
/**
 * The same, and schemas check what crosses. They also give the types that the function does not say.
 *
 * @example
 * ```ts
 * export const account = context(ctx => total(ctx), {in: z.number(), started: z.string(), result: z.number()});
 * ```
 */
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

function mark(
  kind: FunctionKind,
  fn: AnyFunction,
  options: FnOptions | undefined,
  marker: (...args: never[]) => unknown,
): AnyFunction {
  if (typeof fn !== 'function') throw new TypeError(`${kind}() takes a function`);
  if (hasOwnMark(fn)) throw new TypeError(`${fn.name || 'the function'} is marked already: a function has one mark`);
  const home = homeOf(options ?? {}, marker);
  const name = options?.name ?? (fn.name || `the function marked at ${home.place}`);
  addMark(fn, {kind, ...home, key: keyOf(home.within, home.place), name, schemas: schemasOf(kind, options)});
  return fn;
}

type Home = Pick<Mark, 'module' | 'within' | 'place' | 'script' | 'evaluated'>;

/** @throws TypeError for a module or a name that is not a text, or is empty */
function homeOf({module, name}: FnOptions, marker: (...args: never[]) => unknown): Home {
  checkText('module', module);
  checkText('name', name);
  if (name !== undefined && module !== undefined) return {module, within: module, place: namedPlace(name)};
  const site = callSiteOf(marker);
  if (name !== undefined) return {...site, within: '', place: namedPlace(name)};
  return module === undefined ? {...site, within: site.module} : {...site, module, within: module};
}

function checkText(option: string, value: unknown): void {
  if (value !== undefined && (typeof value !== 'string' || value === ''))
    throw new TypeError(`the ${option} of a mark is a text that is not empty`);
}

/** The values that can have a schema, for each kind of function. */
const checkedParts: Readonly<Record<FunctionKind, readonly (keyof Schemas)[]>> = {
  task: ['args', 'result'],
  stream: ['args', 'out'],
  operator: ['args', 'in', 'out'],
  context: ['args', 'in', 'out', 'started', 'result'],
};

/** @throws TypeError for an option that this kind of function does not have, or that is not a schema */
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
