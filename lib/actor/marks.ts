/**
 * The marks of the functions that may be called from another actor.
 * Floor 5: below `markers`, which make the marks. `mark-table` finds them again, `exposed` decides who may call, `dispatch` runs.
 */
import {hasProperty, readProperty} from '../base/foreign.js';
import {runtimeModule} from '../base/runtime-name.js';
import type {Schemas} from '../msg/schema.js';
import type {FunctionKind} from '../msg/types.js';
import type {Script} from './call-site.js';

declare const kind: unique symbol;

/**
 * A function that has been marked with `task`, `stream`, `operator` or `context`. It may be called in an actor whose `expose`
 * names it.
 */
export type Marked<K extends FunctionKind = FunctionKind> = {readonly [kind]: K};
/** A marked function of any kind. */
export type RemoteFn = Marked<'task'> | Marked<'stream'> | Marked<'operator'> | Marked<'context'>;

/** The mark of a function. */
export interface Mark {
  readonly kind: FunctionKind;
  /** URL of the file that another actor imports to find the function; empty when the mark was made in no file. */
  readonly module: string;
  /** The module within which the place is unique; empty for a name that holds everywhere. */
  readonly within: string;
  /** `line:column` of the mark, or `name:…`. */
  readonly place: string;
  /** `within` and place in one: the function is looked up by it. */
  readonly key: string;
  /** The name in messages for people. */
  readonly name: string;
  /** The schemas that check what crosses; undefined when there are none. */
  readonly schemas: Schemas | undefined;
  /** The code that made the mark; undefined where a user has said both module and name. */
  readonly script?: Script | undefined;
  /** The name that a tool gave to the code that made the mark, where that code is evaluated and stands in no file. */
  readonly evaluated?: string | undefined;
  /**
   * Whether it goes on while its actor ends, because what still runs in the actor, or below it, is reached over it. Its caller ends it. Only
   * functions of the runtime do.
   */
  readonly isRoad?: boolean;
}

export type AnyFunction = (...args: never[]) => unknown;

/** Another symbol where the shape of a mark changes, because two copies of the library may meet in one process. */
const markKey = Symbol.for('rxtractor/mark/2');

export function attachMark(fn: AnyFunction, mark: Mark): void {
  Object.defineProperty(fn, markKey, {value: mark});
}

export function isMarked(value: unknown): value is AnyFunction {
  return typeof value === 'function' && hasProperty(value, markKey);
}

/** Whether the function itself has a mark, and not only its prototype. */
export function hasOwnMark(fn: AnyFunction): boolean {
  return Object.hasOwn(fn, markKey);
}

/** The mark of a value; undefined when it has none. */
export function readMark(value: unknown): Mark | undefined {
  return typeof value === 'function' ? (readProperty(value, markKey) as Mark | undefined) : undefined;
}

export function keyOf(within: string, place: string): string {
  return `${within}#${place}`;
}

const nameBegin = 'name:';

/** The place of a function that has a name of its own. */
export function namedPlace(name: string): string {
  return `${nameBegin}${name}`;
}

/** The name that a user has given to a function; undefined where the line and column count. */
export function givenName({place}: Pick<Mark, 'place'>): string | undefined {
  return place.startsWith(nameBegin) ? place.slice(nameBegin.length) : undefined;
}

/**
 * Marks a function of the runtime itself. It is known by its name alone, so that another copy of the library, perhaps on
 * another machine, means the same function.
 */
export function runtimeFunction<K extends FunctionKind, F extends AnyFunction>(
  kind: K,
  name: string,
  fn: F,
  more: Pick<Mark, 'isRoad'> = {},
): F & Marked<K> {
  const [module, place] = [runtimeModule, namedPlace(name)];
  const key = keyOf(module, place);
  attachMark(fn, {kind, module, within: module, place, key, name: `${module}${name}`, schemas: undefined, ...more});
  return fn as F & Marked<K>;
}
