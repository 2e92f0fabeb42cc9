/**
 * The marks of the functions that may be called from another actor, and the table of them.
 * Floor 5: below `markers`, which make the marks; `exposed` decides who may call, `dispatch` runs.
 */
import {processWide} from '../base/process-wide.js';
import type {Schemas} from '../msg/schema.js';
import type {FunctionKind} from '../msg/types.js';

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
  /** URL of the module; empty when the mark was made in no file. */
  readonly module: string;
  /** `line:column` of the mark, or `name:…`. */
  readonly place: string;
  /** Module and place in one: the function is looked up by it. */
  readonly key: string;
  /** The name in messages for people. */
  readonly name: string;
  /** The schemas that check what crosses; undefined when there are none. */
  readonly schemas: Schemas | undefined;
}

export type AnyFunction = (...args: never[]) => unknown;

const markKey = Symbol.for('rxtractor/mark');

/** All marked functions of this process, by key. When several have the same key, none of them can be called. */
const functionsByKey = processWide('marks', () => new Map<string, Set<AnyFunction>>());

/** Gives a function its mark, under which it is found from now on. */
export function addMark(fn: AnyFunction, mark: Mark): void {
  attachMark(fn, mark);
  const others = functionsByKey.get(mark.key);
  if (others) others.add(fn);
  else functionsByKey.set(mark.key, new Set([fn]));
}

function attachMark(fn: AnyFunction, mark: Mark): void {
  Object.defineProperty(fn, markKey, {value: mark});
}

export function isMarked(value: unknown): value is AnyFunction {
  return typeof value === 'function' && markKey in value;
}

/** Whether the function itself has a mark, and not only its prototype. */
export function hasOwnMark(fn: AnyFunction): boolean {
  return Object.hasOwn(fn, markKey);
}

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
  if ((functionsByKey.get(found.key)?.size ?? 0) > 1) {
    throw new TypeError(
      `several functions are marked at ${found.key}: give each a name, ${found.kind}(fn, {module: import.meta.url, name: '…'})`,
    );
  }
  return found;
}

/** The function that has been marked under a key in this process. */
export function markedFunction(key: string): AnyFunction | undefined {
  const found = functionsByKey.get(key);
  return found?.size === 1 ? [...found][0] : undefined;
}

export function keyOf(module: string, place: string): string {
  return `${module}#${place}`;
}

/** Takes the place of a module's URL for functions of the runtime, which nobody imports. */
const runtimeModule = 'rxtractor:';

/**
 * Marks a function of the runtime itself. It is known by its name alone, so that another copy of the library, perhaps on
 * another machine, means the same function.
 */
export function runtimeFunction<K extends FunctionKind, F extends AnyFunction>(
  kind: K,
  name: string,
  fn: F,
): F & Marked<K> {
  const [module, place] = [runtimeModule, `name:${name}`];
  attachMark(fn, {kind, module, place, key: keyOf(module, place), name: `${module}${name}`, schemas: undefined});
  return fn as F & Marked<K>;
}

/** Whether a function with this name belongs to the runtime, and not to a user. */
export function isRuntimeName(name: string): boolean {
  return name.startsWith(runtimeModule);
}
