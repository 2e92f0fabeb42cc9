/**
 * Copies a value that belongs to an error so that it can be sent: a part that cannot cross becomes a text that says so.
 * Floor 1: below `boxed-node`. Where `encoder` refuses a value, this file replaces it. It never throws, and never writes more
 * bytes than there is room for.
 */
import {types} from 'node:util';
import {attempt, isError} from '../base/foreign.js';
import {type RegisteredType, typeOfPrototype} from '../base/registered-types.js';
import {type Builtin, builtinOf, hasOwnProperties} from './builtin.js';
import {ByteRoom, byteLength, cutText, valueOverhead} from './byte-room.js';
import {describe} from './describe.js';
import {Ext, isPlainText, viewByType} from './extensions.js';
import {Packed, pack} from './registered.js';

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

/** The own enumerable properties of an object, without those that `skip` names. @param copy is filled */
export function lossyRecord(
  record: object,
  room: ByteRoom,
  wrap: WrapError,
  around: readonly object[],
  skip: (key: string) => boolean = key => key === '__proto__',
  copy: Record<string, unknown> = {},
): Record<string, unknown> {
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
  const prototype = Object.getPrototypeOf(value) as object | null;
  const type = typeOfPrototype(prototype);
  if (type) return packedCopy(type, value, room, wrap, within);
  if (Array.isArray(value)) return copyItems(value, room, wrap, within);
  if (types.isMap(value)) return copyMap(value, room, wrap, within);
  if (types.isSet(value)) return new Set(copyItems(value, room, wrap, within));
  if (types.isDate(value)) return new Date(value.getTime());
  if (prototype === Object.prototype) return lossyRecord(value, room, wrap, within);
  if (prototype === null) return lossyRecord(value, room, wrap, within, undefined, Object.create(null));
  const builtin = builtinOf(value, prototype);
  return builtin && copyLeaf(value, builtin, room);
}

/** Undefined when `pack` throws, or when something in its value would have to be replaced: `unpack` would not know that text. */
function packedCopy(
  type: RegisteredType,
  value: object,
  room: ByteRoom,
  wrap: WrapError,
  around: readonly object[],
): unknown {
  const part = new ByteRoom(room.left);
  const wire = lossyCopy(pack(type, value), part, wrap, around);
  const bytes = room.left - part.left + byteLength(type.name) + valueOverhead;
  return !part.changed && room.take(bytes) ? new Packed(type.name, wire) : undefined;
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

/** A copy without the properties that users gave it. Undefined when it cannot be sent. */
function copyLeaf(value: object, builtin: Builtin, room: ByteRoom): unknown {
  if (hasOwnProperties(value, builtin)) room.changed = true;
  switch (builtin.type) {
    case Ext.ArrayBuffer: {
      const buffer = value as ArrayBuffer;
      return room.take(buffer.byteLength) ? buffer.slice(0) : undefined;
    }
    case Ext.RegExp: {
      const {source, flags} = value as RegExp;
      return room.take(byteLength(source) + valueOverhead) ? new RegExp(source, flags) : undefined;
    }
    case Ext.URL: {
      const {href} = value as URL;
      return room.take(byteLength(href)) ? new URL(href) : undefined;
    }
    default:
      return builtin.isView ? ownView(value as ArrayBufferView, builtin, room) : undefined;
  }
}

/** A view of the same memory, when that belongs to this process alone. */
function ownView({buffer, byteOffset, byteLength: bytes}: ArrayBufferView, {type}: Builtin, room: ByteRoom): unknown {
  if (types.isSharedArrayBuffer(buffer) || !room.take(bytes)) return undefined;
  // Each throws when the buffer was given away, which `encoder` would refuse.
  if (type === Ext.Buffer) return Buffer.from(buffer, byteOffset, bytes);
  const View = (type === 'binary' ? undefined : viewByType.get(type)) ?? Uint8Array;
  return new View(buffer, byteOffset, bytes / (('BYTES_PER_ELEMENT' in View && View.BYTES_PER_ELEMENT) || 1));
}
