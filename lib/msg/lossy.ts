/**
 * Makes a value that belongs to an error fit to be sent, whatever it is: what cannot cross becomes a text that says so.
 * Floor 1: below `boxed-node`; where `encoder` refuses, this replaces. It never throws, and never outgrows its budget.
 */
import {types} from 'node:util';
import {describe} from './describe.js';
import {isPlainText, viewType} from './extensions.js';

/** How many bytes may still be written, and whether something was cut or replaced on the way. */
export class Budget {
  left: number;
  changed = false;

  constructor(left: number) {
    this.left = left;
  }

  /** Whether there is room for so many bytes, which are then taken. */
  take(bytes: number): boolean {
    if (bytes > this.left) {
      this.changed = true;
      return false;
    }
    this.left -= bytes;
    return true;
  }

  /** Runs `write` with a part of this budget; what it leaves over comes back. */
  share<T>(part: number, write: (budget: Budget) => T): T {
    const given = Math.floor(this.left * part);
    const own = new Budget(given);
    const result = write(own);
    this.left -= given - own.left;
    this.changed ||= own.changed;
    return result;
  }
}

/** Puts an error that was found in a value into it. */
export type WrapError = (error: Error, budget: Budget, around: readonly object[]) => unknown;

/** What any value costs beside its text: more than the longest header. */
const overhead = 9;
const maxDepth = 16;
const maxTextBytes = 8 * 1024;

/** A value that the codec takes, as like the original as the budget allows. `around`: the objects that it lies in. */
export function soften(value: unknown, budget: Budget, wrap: WrapError, around: readonly object[] = []): unknown {
  switch (typeof value) {
    case 'string':
      return cutText(value, budget);
    case 'number':
    case 'boolean':
    case 'undefined':
      return budget.take(overhead) ? value : null;
    case 'bigint':
      return BigInt.asIntN(8192, value) === value && budget.take(1024 + overhead)
        ? value
        : mark('a large bigint', budget);
    case 'object':
      break;
    default:
      return mark(describe(value), budget);
  }
  if (!budget.take(overhead) || value === null) return null;
  try {
    return softenObject(value, budget, wrap, around) ?? mark(describe(value), budget);
  } catch {
    return mark(describe(value), budget);
  }
}

function mark(text: string, budget: Budget): string {
  budget.changed = true;
  return cutText(`[${text}]`, budget);
}

/** undefined when it cannot be sent. */
function softenObject(value: object, budget: Budget, wrap: WrapError, around: readonly object[]): unknown {
  if (around.includes(value)) return mark('circular', budget);
  if (around.length >= maxDepth) return mark('nested deeper', budget);
  if (types.isNativeError(value) || value instanceof Error) return wrap(value, budget, around);
  const within = [...around, value];
  if (Array.isArray(value)) return softenItems(value, budget, wrap, within);
  if (types.isMap(value)) return softenMap(value, budget, wrap, within);
  if (types.isSet(value)) return new Set(softenItems(value, budget, wrap, within));
  if (types.isDate(value)) return new Date(value.getTime());
  const prototype: unknown = Object.getPrototypeOf(value);
  if (ArrayBuffer.isView(value)) return softenView(value, prototype, budget);
  if (prototype !== Object.prototype && prototype !== null) return undefined;
  return softenRecord(value, budget, wrap, within);
}

function softenItems(items: Iterable<unknown>, budget: Budget, wrap: WrapError, around: readonly object[]): unknown[] {
  const copy: unknown[] = [];
  for (const item of items) {
    if (budget.left < 4 * overhead) {
      copy.push(mark('more', budget));
      break;
    }
    copy.push(soften(item, budget, wrap, around));
  }
  return copy;
}

function softenMap(
  map: ReadonlyMap<unknown, unknown>,
  budget: Budget,
  wrap: WrapError,
  around: readonly object[],
): unknown {
  const copy = new Map<unknown, unknown>();
  for (const [key, item] of map) {
    if (budget.left < 4 * overhead) {
      budget.changed = true;
      break;
    }
    copy.set(soften(key, budget, wrap, around), soften(item, budget, wrap, around));
  }
  return copy;
}

function softenView(view: ArrayBufferView, prototype: unknown, budget: Budget): unknown {
  const known =
    prototype === Uint8Array.prototype || prototype === Buffer.prototype || viewType(prototype) !== undefined;
  if (!known || types.isSharedArrayBuffer(view.buffer)) return undefined;
  // Throws when it is detached: `encoder` would refuse it.
  if (view.byteLength === 0) new Uint8Array(view.buffer);
  return budget.take(view.byteLength) ? view : undefined;
}

/** The own enumerable properties of an object, but for those that `skip` names. */
export function softenRecord(
  record: object,
  budget: Budget,
  wrap: WrapError,
  around: readonly object[],
  skip: (key: string) => boolean = key => key === '__proto__',
): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(record)) {
    if (budget.left < 4 * overhead) {
      budget.changed = true;
      break;
    }
    if (skip(key)) continue;
    if (key.length > 256 || !isPlainText(key) || !budget.take(byteLength(key) + overhead)) {
      budget.changed = true;
      continue;
    }
    let item: unknown;
    try {
      item = (record as Record<string, unknown>)[key];
    } catch {
      item = mark('a getter that throws', budget);
    }
    copy[key] = soften(item, budget, wrap, around);
  }
  return copy;
}

/** A text that fits: cut, with a mark that tells how much is gone. */
export function cutText(text: string, budget: Budget, maxBytes: number = maxTextBytes): string {
  const room = Math.min(budget.left - overhead, maxBytes);
  // No character takes less than a byte: what is too long need not be counted.
  const bytes = text.length > room ? Number.POSITIVE_INFINITY : byteLength(text);
  if (bytes <= room) {
    budget.take(bytes + overhead);
    return text;
  }
  budget.changed = true;
  const kept = room - markBytes;
  if (kept <= 0) return '';
  const {read} = new TextEncoder().encodeInto(text, new Uint8Array(kept));
  const end = isPlainText(text.slice(0, read)) ? read : Math.min(read, kept >> 1);
  budget.take(room + overhead);
  return `${text.slice(0, end)}… (${text.length - end} more characters)`;
}

/** Of the mark that says how much is gone, at most: also where a text goes as UTF-16. */
export const markBytes = 64;

/** As it is sent: what is no well-formed text by itself goes as UTF-16. */
export const byteLength = (text: string): number => (isPlainText(text) ? Buffer.byteLength(text) : text.length * 2);
