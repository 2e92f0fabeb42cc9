/**
 * Copies a value that belongs to an error so that it can be sent: a part that cannot cross becomes a text that says so.
 * Floor 1: below `boxed-node`. Where `encoder` refuses a value, this file replaces it. It never throws, and never writes more
 * bytes than there is room for.
 */
import {types} from 'node:util';
import {attempt, isError} from '../base/foreign.js';
import {type ByteRoom, byteLength, cutText, valueOverhead} from './byte-room.js';
import {describe} from './describe.js';
import {isPlainText, viewType} from './extensions.js';

/** Makes of an error that was found within a value what goes into the copy. */
export type WrapError = (error: Error, room: ByteRoom, around: readonly object[]) => unknown;

/** Maximum depth of objects within one another. */
const maxDepth = 16;
/** Maximum characters of a key. */
const maxKeyLength = 256;
/** A list goes on only while there is room for a few values more. */
const fewBytes = 4 * valueOverhead;

/** A value that the codec takes, as like the original as the room allows. @param around the objects that it lies in */
export function lossyCopy(value: unknown, room: ByteRoom, wrap: WrapError, around: readonly object[] = []): unknown {
  switch (typeof value) {
    case 'string':
      return cutText(value, room);
    case 'number':
    case 'boolean':
    case 'undefined':
      return room.take(valueOverhead) ? value : null;
    case 'bigint':
      return BigInt.asIntN(8192, value) === value && room.take(1024 + valueOverhead)
        ? value
        : mark('a large bigint', room);
    case 'object':
      break;
    default:
      return mark(describe(value), room);
  }
  if (!room.take(valueOverhead) || value === null) return null;
  return attempt(() => copyObject(value, room, wrap, around)) ?? mark(describe(value), room);
}

/** The own enumerable properties of an object, without those that `skip` names. */
export function lossyRecord(
  record: object,
  room: ByteRoom,
  wrap: WrapError,
  around: readonly object[],
  skip: (key: string) => boolean = key => key === '__proto__',
): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(record)) {
    if (room.left < fewBytes) {
      room.changed = true;
      break;
    }
    if (skip(key)) continue;
    if (key.length > maxKeyLength || !isPlainText(key) || !room.take(byteLength(key) + valueOverhead)) {
      room.changed = true;
      continue;
    }
    const read = attempt(() => ({item: (record as Record<string, unknown>)[key]}));
    copy[key] = lossyCopy(read ? read.item : mark('a getter that throws', room), room, wrap, around);
  }
  return copy;
}

/** A text that stands for a value that cannot cross. */
function mark(text: string, room: ByteRoom): string {
  room.changed = true;
  return cutText(`[${text}]`, room);
}

/** Undefined when the object cannot be sent. */
function copyObject(value: object, room: ByteRoom, wrap: WrapError, around: readonly object[]): unknown {
  if (around.includes(value)) return mark('circular', room);
  if (around.length >= maxDepth) return mark('nested deeper', room);
  if (isError(value)) return wrap(value, room, around);
  const within = [...around, value];
  if (Array.isArray(value)) return copyItems(value, room, wrap, within);
  if (types.isMap(value)) return copyMap(value, room, wrap, within);
  if (types.isSet(value)) return new Set(copyItems(value, room, wrap, within));
  if (types.isDate(value)) return new Date(value.getTime());
  const prototype: unknown = Object.getPrototypeOf(value);
  if (ArrayBuffer.isView(value)) return ownView(value, prototype, room);
  if (prototype !== Object.prototype && prototype !== null) return undefined;
  return lossyRecord(value, room, wrap, within);
}

function copyItems(items: Iterable<unknown>, room: ByteRoom, wrap: WrapError, around: readonly object[]): unknown[] {
  const copy: unknown[] = [];
  for (const item of items) {
    if (room.left < fewBytes) {
      copy.push(mark('more', room));
      break;
    }
    copy.push(lossyCopy(item, room, wrap, around));
  }
  return copy;
}

function copyMap(
  map: ReadonlyMap<unknown, unknown>,
  room: ByteRoom,
  wrap: WrapError,
  around: readonly object[],
): unknown {
  const copy = new Map<unknown, unknown>();
  for (const [key, item] of map) {
    if (room.left < fewBytes) {
      room.changed = true;
      break;
    }
    copy.set(lossyCopy(key, room, wrap, around), lossyCopy(item, room, wrap, around));
  }
  return copy;
}

/** The view itself, when its memory belongs to this process alone. */
function ownView(view: ArrayBufferView, prototype: unknown, room: ByteRoom): unknown {
  const known =
    prototype === Uint8Array.prototype || prototype === Buffer.prototype || viewType(prototype) !== undefined;
  if (!known || types.isSharedArrayBuffer(view.buffer)) return undefined;
  // Throws when the buffer is detached, which `encoder` would refuse.
  if (view.byteLength === 0) new Uint8Array(view.buffer);
  return room.take(view.byteLength) ? view : undefined;
}
