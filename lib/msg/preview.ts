/**
 * An observer is shown this of a value that crosses: its type, from its first bytes; and, where the program allows it, its beginning.
 * Floor 1: above `codec`. The code of registered types is not called, unless one stands within an error.
 */
import {inspect} from 'node:util';
import {attempt} from '../base/foreign.js';
import {messagePack} from './codec.js';
import type {Bytes} from './encoded.js';
import {Ext} from './extensions.js';

/** Maximum number of characters of a preview. */
const maxPreview = 120;
/** Larger values are not read for a preview. */
const maxBytes = 64 * 1024;

const look = {depth: 2, breakLength: Number.POSITIVE_INFINITY, compact: true, maxArrayLength: 8} as const;

const extensionNames = new Map<number, string>(Object.entries(Ext).map(([name, type]) => [type, name]));

/** Rows of the last first byte and the type that it stands for, in MessagePack. The first row that is not below a byte says its type. */
const types: readonly (readonly [last: number, type: string])[] = [
  [0x7f, 'number'],
  [0x8f, 'object'],
  [0x9f, 'array'],
  [0xbf, 'string'],
  [0xc1, 'null'],
  [0xc3, 'boolean'],
  [0xc6, 'Uint8Array'],
  [0xc9, 'extension'],
  [0xd3, 'number'],
  [0xd8, 'extension'],
  [0xdb, 'string'],
  [0xdd, 'array'],
  [0xdf, 'object'],
  [0xff, 'number'],
];

/** Where the number of an extension stands, by the first byte, if that is not the second place. */
const extensionAt: Readonly<Record<number, number>> = {199: 2, 200: 3, 201: 5};

/** `object`, `string`, `Map`; `registered` for an instance of a class that users have registered. */
export function typeOfEncoded(value: Bytes): string {
  const bytes = value instanceof Uint8Array ? value : value.bytes;
  const first = bytes[0] ?? 0xc0;
  const [, type] = types.find(([last]) => first <= last) as (typeof types)[number];
  if (type !== 'extension') return type;
  const name = extensionNames.get(bytes[extensionAt[first] ?? 1] ?? 0) ?? 'extension';
  return ['Undefined', 'BigInt', 'Registered'].includes(name) ? name.toLowerCase() : name.replace('Text16', 'string');
}

/** The beginning of a value, nearly always on one line. Undefined for one that is too large. */
export function previewOf(value: Bytes): string | undefined {
  if (value.length > maxBytes) return undefined;
  const bytes = value instanceof Uint8Array ? value : value.toBytes();
  const decoded = attempt(() => ({value: messagePack.decode(bytes, name => new Named(name))}));
  if (!decoded) return undefined;
  const text = inspect(decoded.value, {...look, maxStringLength: maxPreview});
  return text.length > maxPreview ? `${text.slice(0, maxPreview - 1)}…` : text;
}

/** Stands for a value of a registered type, whose own code is not called. */
class Named {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  [inspect.custom](): string {
    return `[${this.#name}]`;
  }
}
