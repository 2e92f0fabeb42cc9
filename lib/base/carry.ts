/**
 * Carriers: what travels with a call besides its arguments, from the async context of the caller to that of the function.
 * Floor 0: users register carriers here; `context/protocol` captures at the call, and `actor/dispatch` runs the function in them.
 */
import type {AsyncLocalStorage} from 'node:async_hooks';
import {textOf, thrownText} from './foreign.js';
import {log} from './log.js';
import {checkText} from './option-checks.js';
import {processWide} from './process-wide.js';

/** A name, and the value under it that crosses to the other actor. */
export type CarriedPair = readonly [name: string, wire: unknown];

/**
 * The argument of `carry`. `W` is the value that crosses.
 *
 * @example
 * ```ts
 * const locale: Carrier<string> = {
 *   name: 'shop/locale',
 *   capture: () => i18n.locale,
 *   run: (value, fn) => i18n.withLocale(value, fn),
 * };
 * ```
 */
export interface Carrier<W> {
  /** The name, the same in both actors. */
  readonly name: string;
  /** Called at each call. Undefined: nothing travels with it. */
  capture(): W | undefined;
  /** Called where the function of the call runs, with the value that has crossed. Calls `fn` once, and returns its result. */
  run<T>(value: W, fn: () => T): T;
}

/**
 * Options of `carryStore`.
 *
 * @example
 * ```ts
 * const options: CarryStoreOptions<User> = {pick: user => user.id, revive: id => new User(String(id))};
 * ```
 */
export interface CarryStoreOptions<T> {
  /** The part of the value that crosses. Default: the value itself. */
  pick?(value: T): unknown;
  /** Makes the value of the store from the part that has crossed. Default: that part. */
  revive?(wire: unknown): T;
}

/** Maximum number of unknown names that are remembered, so that each is warned of once. */
const maxUnknown = 1_000;

interface Carriers {
  readonly known: Map<string, Carrier<unknown>>;
  /** The carriers that have thrown: one warning says it of each. */
  readonly failed: WeakSet<Carrier<unknown>>;
  /** The names that came and are not known here, and how often each was dropped. */
  readonly unknown: Map<string, number>;
}

const carriers = processWide<Carriers>('carriers', () => ({
  known: new Map(),
  failed: new WeakSet(),
  unknown: new Map(),
}));

/**
 * Lets something travel with every call that this process makes or serves: a trace, a tenant, a locale. It is captured where the
 * call is made (a cold stream: where it is subscribed), and restored around the function that runs. Both actors register a
 * carrier of the same name; what comes under a name that is not known is dropped, and a warning says so once. The option `preload`
 * of the root imports the module that registers it in every actor.
 *
 * All carriers of a call have 4 KiB together, encoded: beyond that, and for a value that cannot cross, the call fails with
 * `Unserializable`, whose path names the carrier. A carrier that throws is logged once, and the call goes on without it.
 *
 * Disposing of the result ends it.
 *
 * @throws TypeError for a name that is empty or taken, and for functions that are missing
 * @example
 * ```ts
 * // tenant.ts, which the root imports and names in its option `preload`
 * let tenant = 'nobody';
 * carry<string>({
 *   name: 'shop/tenant',
 *   capture: () => tenant,
 *   run: (value, fn) => {
 *     tenant = value;
 *     return fn();
 *   },
 * });
 * ```
 */
export function carry<W>(carrier: Carrier<W>): Disposable {
  const {name} = carrier;
  checkText('carry(): name', name);
  if (name === '') throw new TypeError('carry(): name is a text that is not empty');
  for (const part of ['capture', 'run'] as const)
    if (typeof carrier[part] !== 'function')
      throw new TypeError(`carry(): ${part} is a function, not ${textOf(carrier[part])}`);
  if (carriers.known.has(name)) throw new TypeError(`carry(): there is a carrier ${name} already`);
  const known = carrier as Carrier<unknown>;
  carriers.known.set(name, known);
  return {
    [Symbol.dispose]: () => {
      if (carriers.known.get(name) === known) carriers.known.delete(name);
    },
  };
}

/**
 * Lets the value of an `AsyncLocalStorage` travel with every call: in the function that is called, `store.getStore()` gives the
 * value that the caller had. `carry` says how.
 *
 * @param options `pick` and `revive`, where the value itself cannot cross, or is more than the other actor needs
 * @throws TypeError for a name that is empty or taken
 * @example
 * ```ts
 * export const request = new AsyncLocalStorage<{id: string; log: Logger}>();
 *
 * carryStore('shop/request', request, {
 *   pick: ({id}) => id,
 *   revive: id => ({id: String(id), log: logger.child({id})}),
 * });
 * ```
 */
export function carryStore<T>(
  name: string,
  store: AsyncLocalStorage<T>,
  options: CarryStoreOptions<T> = {},
): Disposable {
  const {pick = value => value, revive = wire => wire as T} = options;
  return carry<unknown>({
    name,
    capture: () => {
      const value = store.getStore();
      return value === undefined ? undefined : pick(value);
    },
    run: (wire, fn) => store.run(revive(wire), fn),
  });
}

/** Whether anything can travel with a call. */
export const hasCarriers = (): boolean => carriers.known.size > 0;

/** The pairs that travel with a call that is made now. Undefined when there are none. */
export function carriedNow(): CarriedPair[] | undefined {
  if (carriers.known.size === 0) return undefined;
  const pairs: CarriedPair[] = [];
  for (const carrier of carriers.known.values()) {
    try {
      const wire = carrier.capture();
      if (wire !== undefined) pairs.push([carrier.name, wire]);
    } catch (error) {
      warnOf(carrier, 'capture', error);
    }
  }
  return pairs.length > 0 ? pairs : undefined;
}

/** Runs `fn` within what has come with its call. */
export function runCarried<T>(pairs: readonly CarriedPair[], fn: () => T): T {
  return pairs.reduceRight<() => T>((inner, [name, wire]) => {
    const carrier = carriers.known.get(name);
    if (carrier) return () => runWithin(carrier, wire, inner);
    drop(name);
    return inner;
  }, fn)();
}

/** How often something came under a name that no carrier here has. */
export function droppedCarriers(): ReadonlyMap<string, number> {
  return carriers.unknown;
}

/** A carrier is code of a user. Whatever it does, `fn` runs once, and its result counts. */
function runWithin<T>(carrier: Carrier<unknown>, wire: unknown, fn: () => T): T {
  let run: {readonly value: T} | {readonly error: unknown} | undefined;
  const once = (): T => {
    if (!run) {
      try {
        run = {value: fn()};
      } catch (error) {
        run = {error};
      }
    }
    if ('error' in run) throw run.error;
    return run.value;
  };
  try {
    carrier.run(wire, once);
    if (!run) warnOf(carrier, 'run', new Error('it has not called its function'));
  } catch (error) {
    if (!(hasFailed(run) && run.error === error)) warnOf(carrier, 'run', error);
  }
  return once();
}

/** A function of its own, because the compiler does not see that a callback has set the variable. */
function hasFailed(run: object | undefined): run is {readonly error: unknown} {
  return run !== undefined && 'error' in run;
}

function drop(name: string): void {
  const count = carriers.unknown.get(name);
  if (count === undefined && carriers.unknown.size >= maxUnknown) return;
  carriers.unknown.set(name, (count ?? 0) + 1);
  if (count === undefined)
    log(
      'warn',
      `calls come with the carrier ${JSON.stringify(name)}, which is not known here: it is dropped (preload)`,
    );
}

function warnOf(carrier: Carrier<unknown>, method: string, error: unknown): void {
  if (carriers.failed.has(carrier)) return;
  carriers.failed.add(carrier);
  log('warn', `the carrier ${carrier.name} threw in ${method}(), and calls go on without it: ${thrownText(error)}`, {
    error,
  });
}
