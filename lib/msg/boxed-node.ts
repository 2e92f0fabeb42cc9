/**
 * One thrown thing as plain data: an error with its causes and members, or a value that is no error.
 * Floor 1: above `lossy`; `boxed-error` adds the road it took, `revive` makes an error of it again.
 */
import {inspect, types} from 'node:util';
import {ActorError, RemoteActorError, suppressedBy} from '../base/errors.js';
import {plainStack} from '../base/failure-tree.js';
import {userFrames} from '../base/stack.js';
import {wellFormed} from './extensions.js';
import {limits} from './limits.js';
import {Budget, byteLength, cutText, markBytes, soften, softenRecord, type WrapError} from './lossy.js';

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

/** An error within a value, boxed already: `encoder` sends it as an error. */
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
const maxHeaderBytes = 2 * 1024;
const maxNameBytes = 256;
/** The keys of a node, its map, and a mark in its place. */
const nodeOverhead = 96;

/**
 * Never throws, and never outgrows `limits.errorBytes`. What an error is (classes, messages, properties, causes, members)
 * comes before where it was thrown: the stacks share the room that is left.
 */
export function boxNode(thrown: unknown): BoxedNode {
  const budget = new Budget(limits.errorBytes);
  const boxer = new Boxer();
  const node = boxer.box(thrown, budget, []);
  boxer.fillStacks(budget);
  return node;
}

export function isError(thrown: unknown): thrown is Error {
  // A proxy may throw at the second question.
  return attempt(() => types.isNativeError(thrown) || thrown instanceof Error, false);
}

type OpenNode = {-readonly [Key in keyof ErrorNode]: ErrorNode[Key]};

class Boxer {
  readonly #stackless: [error: Error, node: OpenNode][] = [];

  /** `around`: the errors and objects that it lies in; `causes`: how many errors in a row it is the cause of. */
  box(thrown: unknown, budget: Budget, around: readonly object[], causes = 0): BoxedNode {
    try {
      return isError(thrown) ? this.#error(thrown, budget, around, causes) : this.#value(thrown, budget);
    } catch {
      return {text: 'an error that cannot be read'};
    }
  }

  /** Each stack has an equal part of what is left; what it leaves over is the others'. */
  fillStacks(budget: Budget): void {
    this.#stackless.forEach(([error, node], at) => {
      const text = readText(error, 'stack');
      if (text === undefined) return;
      const part = 1 / (this.#stackless.length - at);
      const stack = budget.share(part, room => cutStack(text, readText(error, 'message') ?? '', room));
      if (stack !== '') node.stack = stack;
    });
  }

  readonly #wrap: WrapError = (error, budget, around) => new Boxed(this.box(error, budget, around));

  #value(value: unknown, budget: Budget): BoxedNode {
    if (!budget.take(nodeOverhead)) return {text: 'cut'};
    const {copy, changed} = this.#softened(value, budget);
    if (!changed || typeof value === 'string') return {value: copy};
    if (typeof copy === 'string') return {text: copy.slice(1, -1)};
    // Plain data by now: to print it calls nobody's code.
    return {text: cutText(inspect(copy, {breakLength: Number.POSITIVE_INFINITY}), budget)};
  }

  #softened(value: unknown, budget: Budget): {readonly copy: unknown; readonly changed: boolean} {
    return budget.share(0.5, part => ({copy: soften(value, part, this.#wrap), changed: part.changed}));
  }

  #error(error: Error, budget: Budget, around: readonly object[], causes: number): BoxedNode {
    if (around.includes(error)) return {text: 'circular'};
    if (causes > limits.errorCauses || around.filter(isError).length >= limits.errorDepth)
      return {text: 'deeper causes were cut'};
    if (!budget.take(nodeOverhead)) return {text: 'cut'};
    const within = [...around, error];
    const className = readClass(error);
    const base = readBase(error);
    const name = readText(error, 'name');
    const message = readText(error, 'message') ?? '';
    const members = readMembers(error);
    const cause = readCause(error);
    const suppressed = attempt(() => suppressedBy(error), []);
    // Where the room is small a long message leaves three quarters of it to its code and to what it came from.
    const isRelated = cause !== undefined || members !== undefined || suppressed.length > 0;
    const node: OpenNode = {
      class: cutText(className, budget, maxNameBytes),
      ...(base !== undefined && base !== className && {base: cutText(base, budget, maxNameBytes)}),
      ...(name !== undefined && name !== className && {name: cutText(name, budget, maxNameBytes)}),
      message: budget.share(isRelated ? 0.25 : 0.5, part => cutText(message, part, maxMessageBytes)),
    };
    this.#stackless.push([error, node]);
    const skip = (key: string): boolean => headKeys.has(key) || (key === 'errors' && members !== undefined);
    // What it carries comes before its relations: a code says more than a ninth cause.
    const own = attempt(() => budget.share(0.5, part => softenRecord(error, part, this.#wrap, within, skip)), {});
    const hidden = attempt(() => this.#hidden(error, budget), {});
    if (Object.keys(own).length > 0) node.own = own;
    if (Object.keys(hidden).length > 0) node.hidden = hidden;
    if (cause !== undefined) {
      const beside = suppressed.length > 0 ? 0.9 : 1;
      const part = members === undefined ? beside : 0.3;
      node.cause = budget.share(part, room => this.box(cause.value, room, within, causes + 1));
    }
    if (members !== undefined) node.errors = this.#members(members, budget, within);
    if (suppressed.length > 0) node.suppressed = this.#members(suppressed, budget, within);
    return node;
  }

  /** Each member has an equal part of what is left, so that one of them cannot silence the others. */
  #members(members: readonly unknown[], budget: Budget, around: readonly object[]): BoxedNode[] {
    const boxed: BoxedNode[] = [];
    const kept = Math.min(members.length, limits.errorMembers);
    for (let i = 0; i < kept && budget.left > 2 * nodeOverhead; i++)
      boxed.push(budget.share(1 / (kept - i), part => this.box(members[i], part, around)));
    if (boxed.length < members.length) boxed.push({text: `${members.length - boxed.length} more were cut`});
    return boxed;
  }

  #hidden(error: Error, budget: Budget): Record<string, unknown> {
    if (!(error instanceof ActorError)) return {};
    const hidden: Record<string, unknown> = {};
    for (const key of hiddenKeys) {
      // Both are the first of the path: `revive` takes them from there.
      if (error instanceof RemoteActorError && (key === 'actor' || key === 'origin')) continue;
      const descriptor = Object.getOwnPropertyDescriptor(error, key);
      if (descriptor?.enumerable !== false) continue;
      const value: unknown = descriptor.value;
      const {copy, changed} = this.#softened(value, budget);
      // Of a road that is too long the origin is kept: an actor that was cut is none.
      const isCutRoad = changed && key === 'path' && Array.isArray(value);
      hidden[key] = isCutRoad ? soften(value.slice(0, 1), budget, this.#wrap) : copy;
    }
    return hidden;
  }
}

const headKeys = new Set(['__proto__', 'name', 'message', 'stack', 'cause']);

/** The header, and the first 50 frames, as many as there is room for. Empty when there is none. */
function cutStack(stack: string, message: string, budget: Budget): string {
  const behindMessage = Math.max(0, stack.indexOf(message)) + message.length;
  const start = stack.slice(behindMessage, behindMessage + 4 * maxStackBytes).search(/^[ \t]+at /m);
  if (start < 0) return cutText(stack, budget, maxStackBytes);
  const framesFrom = behindMessage + start;
  const frames = userFrames(wellFormed(stack.slice(framesFrom, framesFrom + 4 * maxStackBytes)).split('\n'));
  // The message is in the header too, and is cut there as well.
  const whole = wellFormed(stack.slice(0, framesFrom)).trimEnd();
  const header = budget.share(0.5, part => cutText(whole, part, maxHeaderBytes));
  const kept: string[] = [];
  if (header === '' || !budget.take(markBytes)) return '';
  budget.share(Math.min(1, maxStackBytes / budget.left), part => {
    for (const frame of frames.slice(0, limits.stackFrames)) {
      if (!part.take(byteLength(frame) + 1)) return;
      kept.push(frame);
    }
  });
  if (kept.length < frames.length) kept.push(`    … ${frames.length - kept.length} more frames`);
  return [header, ...kept].join('\n');
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
