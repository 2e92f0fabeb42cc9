/**
 * One thrown thing as plain data: an error with its causes and members, or a value that is no error.
 * Floor 1: above `soften`; `boxed-error` adds the road it took, `revive` makes an error of it again.
 */
import {inspect, types} from 'node:util';
import {ActorError, suppressedBy} from '../base/errors.js';
import {userFrames} from '../base/stack.js';
import {plainStack} from '../base/tree.js';
import {limits} from './limits.js';
import {Budget, cutText, soften, softenRecord} from './soften.js';

export type BoxedNode =
  | ErrorNode
  /** No error, and sent as it is. */
  | {readonly value: unknown}
  /** No error, and not to be sent: a text in its place. */
  | {readonly text: string};

export interface ErrorNode {
  /** The name of its class. */
  readonly class: string;
  /** The nearest class above it that every receiver knows: a builtin by name, or one of ours by code. */
  readonly base?: string;
  /** Where it is not that of the class. */
  readonly name?: string;
  readonly message: string;
  readonly stack?: string;
  /** Its own enumerable properties. */
  readonly own?: Record<string, unknown>;
  /** What errors of ours keep out of print: `hiddenKeys`. */
  readonly hidden?: Record<string, unknown>;
  readonly cause?: BoxedNode;
  /** Of an AggregateError. */
  readonly errors?: readonly BoxedNode[];
  readonly suppressed?: readonly BoxedNode[];
}

/** An error within a value, boxed already: `prepare` sends it as an error. */
export class Boxed {
  readonly node: BoxedNode;

  constructor(node: BoxedNode) {
    this.node = node;
  }
}

/** Where an error that was revived without its class keeps the name of that class. Not enumerable. */
export const classKey: unique symbol = Symbol.for('rxtractor/error-class') as never;

/** Own properties of our errors that are not enumerable. */
export const hiddenKeys = ['actor', 'origin', 'path', 'canceller', 'stderr'] as const;

export type ErrorClass = abstract new (...args: never[]) => Error;
/** Those that exist everywhere, but for Error itself. */
export const builtinErrors: readonly ErrorClass[] = [
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  AggregateError,
  DOMException,
];

const maxMessageBytes = 16 * 1024;
const maxStackBytes = 16 * 1024;
const maxNameBytes = 256;
/** The keys of a node, its map, and a mark in its place. */
const nodeOverhead = 96;

/** Never throws, and never outgrows the budget. `around`: the errors and objects that it lies in. */
export function boxNode(
  thrown: unknown,
  budget: Budget = new Budget(limits.errorBytes),
  around: readonly object[] = [],
): BoxedNode {
  try {
    return isError(thrown) ? boxErrorNode(thrown, budget, around) : boxValue(thrown, budget);
  } catch {
    return {text: 'an error that cannot be read'};
  }
}

export function isError(thrown: unknown): thrown is Error {
  // A proxy may throw at the second question.
  return attempt(() => types.isNativeError(thrown) || thrown instanceof Error, false);
}

function boxValue(value: unknown, budget: Budget): BoxedNode {
  if (!budget.take(nodeOverhead)) return {text: 'cut'};
  const softened = budget.share(0.5, part => {
    const copy = soften(value, part, wrapError);
    return {copy, whole: !part.changed};
  });
  if (softened.whole || typeof value === 'string') return {value: softened.copy};
  if (typeof softened.copy === 'string') return {text: softened.copy.slice(1, -1)};
  // Plain data by now: to print it calls nobody's code.
  return {text: cutText(inspect(softened.copy, {breakLength: Number.POSITIVE_INFINITY}), budget)};
}

function boxErrorNode(error: Error, budget: Budget, around: readonly object[]): BoxedNode {
  if (around.includes(error)) return {text: 'circular'};
  if (around.filter(isError).length > limits.errorCauses) return {text: 'deeper causes were cut'};
  if (!budget.take(nodeOverhead)) return {text: 'cut'};
  const within = [...around, error];
  const className = readClass(error);
  const base = readBase(error);
  const name = readText(error, 'name');
  const message = readText(error, 'message') ?? '';
  const stack = readText(error, 'stack');
  const head = {
    class: cutText(className, budget, maxNameBytes),
    ...(base !== undefined && base !== className && {base: cutText(base, budget, maxNameBytes)}),
    ...(name !== undefined && name !== className && {name: cutText(name, budget, maxNameBytes)}),
    message: cutText(message, budget, maxMessageBytes),
    ...(stack !== undefined && {stack: cutStack(stack, message, budget)}),
  };
  const members = readMembers(error);
  const skip = (key: string): boolean => headKeys.has(key) || (key === 'errors' && members !== undefined);
  // What it carries comes before its relations: a code says more than a ninth cause.
  const own = attempt(() => budget.share(0.5, part => softenRecord(error, part, wrapError, within, skip)), {});
  const hidden = attempt(() => readHidden(error, budget), {});
  const cause = readCause(error);
  const suppressed = attempt(() => suppressedBy(error), []);
  return {
    ...head,
    ...(Object.keys(own).length > 0 && {own}),
    ...(Object.keys(hidden).length > 0 && {hidden}),
    ...(cause !== undefined && {
      cause: budget.share(members === undefined ? 0.9 : 0.3, part => boxNode(cause.value, part, within)),
    }),
    ...(members !== undefined && {errors: boxMembers(members, budget, within)}),
    ...(suppressed.length > 0 && {suppressed: boxMembers(suppressed, budget, within)}),
  };
}

const headKeys = new Set(['__proto__', 'name', 'message', 'stack', 'cause']);
const wrapError = (error: Error, budget: Budget, around: readonly object[]): Boxed =>
  new Boxed(boxNode(error, budget, around));

/** Each member has an equal part of what is left, so that one of them cannot silence the others. */
function boxMembers(members: readonly unknown[], budget: Budget, around: readonly object[]): BoxedNode[] {
  const boxed: BoxedNode[] = [];
  const kept = Math.min(members.length, limits.errorMembers);
  for (let i = 0; i < kept && budget.left > 2 * nodeOverhead; i++)
    boxed.push(budget.share(1 / (kept - i), part => boxNode(members[i], part, around)));
  if (boxed.length < members.length) boxed.push({text: `${members.length - boxed.length} more were cut`});
  return boxed;
}

/** The header, and the first 50 frames. The message is in the header too, and is cut there as well. */
function cutStack(stack: string, message: string, budget: Budget): string {
  const behindMessage = Math.max(0, stack.indexOf(message)) + message.length;
  const start = stack.slice(behindMessage, behindMessage + 4 * maxStackBytes).search(/^[ \t]+at /m);
  if (start < 0) return cutText(stack, budget, maxStackBytes);
  const framesFrom = behindMessage + start;
  const frames = userFrames(stack.slice(framesFrom, framesFrom + 4 * maxStackBytes).split('\n'));
  const kept = frames.slice(0, limits.stackFrames);
  if (kept.length < frames.length) kept.push(`    … ${frames.length - kept.length} more frames`);
  const header = cutText(stack.slice(0, framesFrom).trimEnd(), budget, 2048);
  return `${header}\n${cutText(kept.join('\n'), budget, maxStackBytes)}`;
}

function readClass(error: Error): string {
  return attempt(() => {
    const kept: unknown = (error as {[classKey]?: unknown})[classKey];
    const name: unknown = typeof kept === 'string' ? kept : error.constructor.name;
    return typeof name === 'string' && name !== '' ? name : 'Error';
  }, 'Error');
}

function readBase(error: Error): string | undefined {
  return attempt(() => {
    if (error instanceof ActorError) return error.code;
    return builtinErrors.find(Class => error instanceof Class)?.name;
  }, undefined);
}

function readText(error: Error, key: 'name' | 'message' | 'stack'): string | undefined {
  return attempt(
    () => {
      const text: unknown = key === 'stack' ? plainStack(error) : error[key];
      return typeof text === 'string' || typeof text === 'number' ? String(text) : undefined;
    },
    key === 'message' ? '[its message cannot be read]' : undefined,
  );
}

function readHidden(error: Error, budget: Budget): Record<string, unknown> {
  if (!(error instanceof ActorError)) return {};
  const hidden: Record<string, unknown> = {};
  for (const key of hiddenKeys) {
    const descriptor = Object.getOwnPropertyDescriptor(error, key);
    if (descriptor?.enumerable === false) hidden[key] = soften(descriptor.value, budget, wrapError);
  }
  return hidden;
}

/** Boxed in an object: `cause: undefined` is a cause all the same. */
function readCause(error: Error): {readonly value: unknown} | undefined {
  return attempt(() => (Object.hasOwn(error, 'cause') ? {value: error.cause} : undefined), {
    value: '[its cause cannot be read]',
  });
}

/** Of an aggregate. Another error's enumerable `errors` is a property like any other. */
function readMembers(error: Error): readonly unknown[] | undefined {
  return attempt(() => {
    const errors: unknown = (error as {errors?: unknown}).errors;
    if (!Array.isArray(errors)) return undefined;
    return error instanceof AggregateError || !Object.prototype.propertyIsEnumerable.call(error, 'errors')
      ? errors
      : undefined;
  }, undefined);
}

function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
