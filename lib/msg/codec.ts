/**
 * Values as bytes: MessagePack, in the same form whichever library writes it.
 * Floor 1: the top of `msg`, above `encoder`, the two libraries and `reader`; channels and contexts encode with it.
 */
import {ProtocolError, Unserializable} from '../base/errors.js';
import {Encoded, encodeBinary} from './encoded.js';
import {toPlain, walked} from './encoder.js';
import {splitValues} from './frame.js';
import type {Library} from './library.js';
import {limits} from './limits.js';
import {loadMsgpackLite} from './msgpack-lite.js';
import {loadMsgpackr} from './msgpackr.js';
import {read} from './reader.js';
import type {Message} from './types.js';

export interface Codec {
  readonly name: 'msgpack-lite' | 'msgpackr';
  /**
   * The bytes of one value, in memory that nobody writes again.
   *
   * @param label the start of the path in errors: `args` gives `args[0].deep`
   * @throws Unserializable when the value cannot cross unchanged
   */
  encode(value: unknown, label?: string): Uint8Array;
  /** The one value in these bytes. It shares no memory with them. @throws ProtocolError */
  decode(bytes: Uint8Array): unknown;
}

/**
 * The codec with msgpackr when that is installed, otherwise with msgpack-lite. The library is loaded at the first call.
 *
 * @param name asks for one of them. Default: the environment variable RXTRACTOR_CODEC
 */
export function loadCodec(name?: Codec['name']): Codec {
  const wanted = name ?? wantedByEnvironment() ?? chosen;
  if (wanted === undefined) return loadBest();
  const codec = loaded.get(wanted) ?? codecOf(wanted === 'msgpackr' ? loadMsgpackr() : loadMsgpackLite());
  loaded.set(wanted, codec);
  return codec;
}
const loaded = new Map<Codec['name'], Codec>();
/** The better library that is installed, once it is known. */
let chosen: Codec['name'] | undefined;

function wantedByEnvironment(): Codec['name'] | undefined {
  const name = process.env.RXTRACTOR_CODEC;
  if (name === undefined || name === '') return undefined;
  if (name === 'msgpackr' || name === 'msgpack-lite') return name;
  throw new TypeError(`RXTRACTOR_CODEC is msgpackr or msgpack-lite, not ${name}`);
}

function loadBest(): Codec {
  try {
    chosen = 'msgpackr';
    return loadCodec(chosen);
  } catch {
    chosen = 'msgpack-lite';
    return loadCodec(chosen);
  }
}

/** The one value of a message. @throws ProtocolError */
export function valueIn(codec: Codec, {payload, read}: Message): unknown {
  return read ? read.value : codec.decode(payload);
}

/** Calls `each` with every value of a Yield, and the number of its bytes. @throws ProtocolError */
export function eachValue(codec: Codec, {payload, read}: Message, each: (value: unknown, bytes: number) => void): void {
  if (read) each(read.value, read.bytes);
  else splitValues(payload, bytes => each(codec.decode(bytes), bytes.length));
}

function codecOf(library: Library): Codec {
  const encodePlain = (plain: unknown): Uint8Array => library.encode(plain, 0);
  return {
    name: library.name,
    encode(value, label) {
      let bytes: Uint8Array;
      try {
        const plain = toPlain(value, label, encodePlain);
        bytes = encodedAlready(plain) ?? library.encode(plain, walked.bytes);
      } catch (error) {
        throw error instanceof Unserializable ? error : refusalError('reading it failed', label, error);
      }
      if (bytes.length > limits.messageBytes)
        throw refusalError(`more than ${limits.messageBytes} bytes in one message`, label);
      return bytes;
    },
    decode(bytes) {
      if (bytes.length > limits.messageBytes) throw new ProtocolError(`a message of ${bytes.length} bytes arrived`);
      return read(bytes);
    },
  };
}

/** The bytes of a value that needs no library. */
function encodedAlready(plain: unknown): Uint8Array | undefined {
  if (typeof plain !== 'object') return undefined;
  if (plain instanceof Uint8Array) return encodeBinary(plain);
  if (!(plain instanceof Encoded)) return undefined;
  // Short bytes may be a constant of `encoded`, which nobody must write.
  return plain.bytes.length < 16 ? new Uint8Array(plain.bytes) : plain.bytes;
}

const refusalError = (what: string, label: string | undefined, cause?: unknown): Unserializable =>
  new Unserializable(what, {path: label === undefined ? [] : [label], cause});
