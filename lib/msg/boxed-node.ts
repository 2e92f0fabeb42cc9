/**
 * Packs one thrown value as plain data: an error with its causes and members, or a value that is not an error.
 * Floor 1: above `lossy`; `boxed-error` adds the path that the error took, `revive` makes an error of the node again.
 */
import {inspect} from 'node:util';
import {callFrames} from '../base/call-frames.js';
import {ActorError, RemoteActorError} from '../base/errors.js';
import {plainStack} from '../base/failure-tree.js';
import {attempt, isError, messageOf, readProperty} from '../base/foreign.js';
import {userFrames} from '../base/stack.js';
import {suppressedBy} from '../base/suppressed.js';
import {ByteRoom, byteLength, cutText, markBytes} from './byte-room.js';
import {Boxed, type BoxedNode, builtinErrors, classKey, type ErrorNode, hiddenKeys} from './error-node.js';
import {wellFormed} from './extensions.js';
import {limits} from './limits.js';
import {lossyCopy, lossyRecord, type WrapError} from './lossy.js';

/** Maximum bytes of the parts of one error. */
const maxMessageBytes = 16 * 1024;
const maxStackBytes = 16 * 1024;
const maxHeaderBytes = 2 * 1024;
const maxNameBytes = 256;
/** The bytes of the keys of a node, of its map, and of a mark that stands for it. */
const nodeOverhead = 96;

/**
 * Never throws, and never outgrows `limits.errorBytes`. What an error is (classes, messages, properties, causes, members)
 * comes before the place where it was thrown: the stacks share the room that is left.
 */
export function boxNode(thrown: unknown): BoxedNode {
  const room = new ByteRoom(limits.errorBytes);
  const boxer = new Boxer();
  const node = boxer.box(thrown, room, []);
  boxer.fillStacks(room);
  return node;
}

type OpenNode = {-readonly [Key in keyof ErrorNode]: ErrorNode[Key]};

class Boxer {
  readonly #stackless: [error: Error, node: OpenNode][] = [];

  /**
   * @param around the errors and objects that it lies in
   * @param causes how many errors in a row it is the cause of
   */
  box(thrown: unknown, room: ByteRoom, around: readonly object[], causes = 0): BoxedNode {
    const box = (): BoxedNode =>
      isError(thrown) ? this.#error(thrown, room, around, causes) : this.#value(thrown, room);
    return attempt(box, {text: 'an error that cannot be read'});
  }

  /** Each stack has an equal part of the room that is left. The bytes that it leaves over go to the others. */
  fillStacks(room: ByteRoom): void {
    this.#stackless.forEach(([error, node], at) => {
      const text = plainStack(error);
      if (text === undefined) return;
      const part = 1 / (this.#stackless.length - at);
      const stack = room.share(part, own => cutStack(error, text, own));
      if (stack !== '') node.stack = stack;
    });
  }

  readonly #wrap: WrapError = (error, room, around) => new Boxed(this.box(error, room, around));

  #value(value: unknown, room: ByteRoom): BoxedNode {
    if (!room.take(nodeOverhead)) return {text: 'cut'};
    const {copy, changed} = this.#copy(value, room);
    if (!changed || typeof value === 'string') return {value: copy};
    if (typeof copy === 'string') return {text: copy.slice(1, -1)};
    // The copy is plain data, so that to print it calls nobody's code.
    return {text: cutText(inspect(copy, {breakLength: Number.POSITIVE_INFINITY}), room)};
  }

  #copy(value: unknown, room: ByteRoom): {readonly copy: unknown; readonly changed: boolean} {
    return room.share(0.5, part => ({copy: lossyCopy(value, part, this.#wrap), changed: part.changed}));
  }

  #error(error: Error, room: ByteRoom, around: readonly object[], causes: number): BoxedNode {
    if (around.includes(error)) return {text: 'circular'};
    if (causes > limits.errorCauses || around.filter(isError).length >= limits.errorDepth)
      return {text: 'deeper causes were cut'};
    if (!room.take(nodeOverhead)) return {text: 'cut'};
    const within = [...around, error];
    const className = readClass(error);
    const base = readBase(error);
    const name = readText(error, 'name');
    const message = readText(error, 'message', '[its message cannot be read]') ?? '';
    const members = readMembers(error);
    const cause = readCause(error);
    const suppressed = suppressedBy(error);
    // Where the room is small a long message leaves three quarters of it to the error's code and relations.
    const isRelated = cause !== undefined || members !== undefined || suppressed.length > 0;
    const node: OpenNode = {
      class: cutText(className, room, maxNameBytes),
      ...(base !== undefined && base !== className && {base: cutText(base, room, maxNameBytes)}),
      ...(name !== undefined && name !== className && {name: cutText(name, room, maxNameBytes)}),
      message: room.share(isRelated ? 0.25 : 0.5, part => cutText(message, part, maxMessageBytes)),
    };
    this.#stackless.push([error, node]);
    const skip = (key: string): boolean => headKeys.has(key) || (key === 'errors' && members !== undefined);
    // The properties come before the relations, because a code says more than a ninth cause.
    const own = attempt(() => room.share(0.5, part => lossyRecord(error, part, this.#wrap, within, skip)), {});
    const hidden = attempt(() => this.#hidden(error, room), {});
    if (Object.keys(own).length > 0) node.own = own;
    if (Object.keys(hidden).length > 0) node.hidden = hidden;
    if (cause !== undefined) {
      const beside = suppressed.length > 0 ? 0.9 : 1;
      const part = members === undefined ? beside : 0.3;
      node.cause = room.share(part, own => this.box(cause.value, own, within, causes + 1));
    }
    if (members !== undefined) node.errors = this.#members(members, room, within);
    if (suppressed.length > 0) node.suppressed = this.#members(suppressed, room, within);
    return node;
  }

  /** Each member has an equal part of the room that is left, so that one of them cannot silence the others. */
  #members(members: readonly unknown[], room: ByteRoom, around: readonly object[]): BoxedNode[] {
    const boxed: BoxedNode[] = [];
    const kept = Math.min(members.length, limits.errorMembers);
    for (let i = 0; i < kept && room.left > 2 * nodeOverhead; i++)
      boxed.push(room.share(1 / (kept - i), part => this.box(members[i], part, around)));
    if (boxed.length < members.length) boxed.push({text: `${members.length - boxed.length} more were cut`});
    return boxed;
  }

  #hidden(error: Error, room: ByteRoom): Record<string, unknown> {
    if (!(error instanceof ActorError)) return {};
    const hidden: Record<string, unknown> = {};
    for (const key of hiddenKeys) {
      // Both are the first actor of the path: `revive` takes them from there.
      if (error instanceof RemoteActorError && (key === 'actor' || key === 'origin')) continue;
      const descriptor = Object.getOwnPropertyDescriptor(error, key);
      if (descriptor?.enumerable !== false) continue;
      const value: unknown = descriptor.value;
      const {copy, changed} = this.#copy(value, room);
      // When a path is too long its origin is kept, because an actor that was cut is not an actor.
      const isCutPath = changed && key === 'path' && Array.isArray(value);
      hidden[key] = isCutPath ? lossyCopy(value.slice(0, 1), room, this.#wrap) : copy;
    }
    return hidden;
  }
}

/** Properties that have a place of their own in the node. */
const headKeys = new Set(['__proto__', 'name', 'message', 'stack', 'cause']);

/** The header, and the first frames of the user's, as many as there is room for. Empty when there is no room. */
function cutStack(error: Error, stack: string, room: ByteRoom): string {
  const message = messageOf(error) ?? '';
  const behindMessage = Math.max(0, stack.indexOf(message)) + message.length;
  const start = stack.slice(behindMessage, behindMessage + 4 * maxStackBytes).search(/^[ \t]+at /m);
  if (start < 0) return cutText(stack, room, maxStackBytes);
  const framesFrom = behindMessage + start;
  const all = wellFormed(stack.slice(framesFrom, framesFrom + 4 * maxStackBytes));
  // An error of this library tells where the user's code is. The way through the library itself says nothing to its reader.
  const frames = error instanceof ActorError ? callFrames(all) : userFrames(all.split('\n'));
  // The header contains the message once more, so it is cut too.
  const whole = wellFormed(stack.slice(0, framesFrom)).trimEnd();
  const header = room.share(0.5, part => cutText(whole, part, maxHeaderBytes));
  const kept: string[] = [];
  if (header === '' || !room.take(markBytes)) return '';
  room.share(Math.min(1, maxStackBytes / room.left), part => {
    for (const frame of frames.slice(0, limits.stackFrames)) {
      if (!part.take(byteLength(frame) + 1)) return;
      kept.push(frame);
    }
  });
  if (kept.length < frames.length) kept.push(`    … ${frames.length - kept.length} more frames`);
  return [header, ...kept].join('\n');
}

function readClass(error: Error): string {
  const kept = readProperty(error, classKey);
  const name = typeof kept === 'string' ? kept : readProperty(readProperty(error, 'constructor'), 'name');
  return typeof name === 'string' && name !== '' ? name : 'Error';
}

function readBase(error: Error): string | undefined {
  return attempt(() => {
    if (error instanceof ActorError) return error.code;
    return builtinErrors.find(Class => error instanceof Class)?.name;
  });
}

/** A property that should be a text. A number counts as one. @param unreadable given when the property cannot be read */
function readText(error: Error, key: 'name' | 'message', unreadable?: string): string | undefined {
  return attempt(() => {
    const text: unknown = error[key];
    return typeof text === 'string' || typeof text === 'number' ? String(text) : undefined;
  }, unreadable);
}

/** The cause, in an object, because an error may have the cause `undefined`. Undefined when the error has no cause. */
function readCause(error: Error): {readonly value: unknown} | undefined {
  return attempt(() => (Object.hasOwn(error, 'cause') ? {value: error.cause} : undefined), {
    value: '[its cause cannot be read]',
  });
}

/** The members of an aggregate. An enumerable `errors` of another error is a property like any other. */
function readMembers(error: Error): readonly unknown[] | undefined {
  return attempt(() => {
    const {errors} = error as {errors?: unknown};
    if (!Array.isArray(errors)) return undefined;
    const isAggregate = error instanceof AggregateError || !Object.prototype.propertyIsEnumerable.call(error, 'errors');
    return isAggregate ? errors : undefined;
  });
}
