/**
 * Makes a value of the payload of an extension that arrived.
 * Floor 1: above `extensions`, below `reader`; `encoded` and `encoder` make the same payloads. Payloads come from outside, so
 * every one is checked.
 */
import {ProtocolError} from '../base/errors.js';
import {Ext, isPlainText, viewByType} from './extensions.js';
import {limits} from './limits.js';

/**
 * The value of an extension whose payload is bytes or text.
 *
 * @param isOwn the payload is all of its memory, and nobody else has it: the value may keep it
 * @throws ProtocolError when the payload is malformed
 */
export function unpackLeaf(type: number, payload: Uint8Array, isOwn = false): unknown {
  switch (type) {
    case Ext.Undefined:
      if (payload.length !== 1) break;
      return undefined;
    case Ext.BigInt:
      if (payload.length === 0 || payload.length % 8 !== 0 || payload.length > limits.bigintBytes + 8) break;
      return BigInt.asIntN(payload.length * 8, BigInt(`0x${asBuffer(payload).toString('hex')}`));
    case Ext.Date:
      return unpackDate(asBuffer(payload));
    case Ext.URL:
      if (payload.length > limits.patternBytes) break;
      try {
        return new URL(asBuffer(payload).toString());
      } catch {
        break;
      }
    case Ext.Text16: {
      const text = asBuffer(payload).toString('utf16le');
      if (payload.length % 2 !== 0 || isPlainText(text)) break;
      return text;
    }
    case Ext.ArrayBuffer:
      return isOwn ? payload.buffer : new Uint8Array(payload).buffer;
    case Ext.Buffer:
      // Memory of its own: that of `Buffer.from(payload)` may belong to other Buffers as well.
      return Buffer.from((isOwn ? payload : new Uint8Array(payload)).buffer as ArrayBuffer);
    default: {
      const View = viewByType.get(type);
      if (View === undefined) throw new ProtocolError(`an extension of unknown type ${type} arrived`);
      if (payload.length % (View.BYTES_PER_ELEMENT ?? 1) !== 0) break;
      return new View((isOwn ? payload : new Uint8Array(payload)).buffer as ArrayBuffer);
    }
  }
  throw malformedError(type);
}

/** The value of an extension whose content was read already: a Map, a Set or a RegExp. @throws ProtocolError */
export function unpackNested(type: number, content: unknown): unknown {
  if (!Array.isArray(content)) throw malformedError(type);
  if (type === Ext.Set) return new Set(content);
  return type === Ext.Map ? unpackMap(content) : unpackRegExp(content);
}

export const malformedError = (type: number): ProtocolError =>
  new ProtocolError(`a malformed extension of type ${type} arrived`);

function unpackDate(payload: Buffer): Date {
  if (payload.length === 1) return new Date(Number.NaN);
  let seconds: number;
  let nanoseconds = 0;
  if (payload.length === 4) seconds = payload.readUInt32BE();
  else if (payload.length === 8) {
    // 30 bits of nanoseconds, then 34 bits of seconds.
    const high = payload.readUInt32BE();
    nanoseconds = high >>> 2;
    seconds = (high & 3) * 2 ** 32 + payload.readUInt32BE(4);
  } else if (payload.length === 12) {
    nanoseconds = payload.readUInt32BE();
    seconds = Number(payload.readBigInt64BE(4));
  } else throw malformedError(Ext.Date);
  const date = new Date(seconds * 1000 + nanoseconds / 1_000_000);
  // A time that is finer or farther than a Date can tell would be changed without notice.
  if (nanoseconds > 999_999_999 || nanoseconds % 1_000_000 !== 0 || Number.isNaN(date.getTime()))
    throw malformedError(Ext.Date);
  return date;
}

function unpackMap(content: readonly unknown[]): Map<unknown, unknown> {
  if (content.length % 2 !== 0) throw malformedError(Ext.Map);
  const map = new Map<unknown, unknown>();
  for (let i = 0; i < content.length; i += 2) map.set(content[i], content[i + 1]);
  return map;
}

function unpackRegExp([source, flags, lastIndex = 0, ...more]: readonly unknown[]): RegExp {
  if (
    typeof source !== 'string' ||
    typeof flags !== 'string' ||
    typeof lastIndex !== 'number' ||
    more.length > 0 ||
    source.length > limits.patternBytes
  )
    throw malformedError(Ext.RegExp);
  try {
    const pattern = new RegExp(source, flags);
    pattern.lastIndex = lastIndex;
    return pattern;
  } catch {
    throw malformedError(Ext.RegExp);
  }
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
