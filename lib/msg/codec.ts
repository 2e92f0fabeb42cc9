/**
 * Values as bytes: MessagePack, in the same form whichever library writes it.
 * Floor 1: the top of `msg`, above `encoder`, the two libraries and `reader`; channels and contexts encode with it.
 */
import {ProtocolError, Unserializable} from '../base/errors.js';
import {attempt} from '../base/foreign.js';
import {type Bytes, Encoded, encodeBinary, wrapBinary} from './encoded.js';
import {toPlain, walked} from './encoder.js';
import {splitValues} from './frame.js';
import type {Library} from './library.js';
import {limits} from './limits.js';
import {loadMsgpackLite} from './msgpack-lite.js';
import {loadMsgpackr} from './msgpackr.js';
import {read} from './reader.js';
import {type OnRegistered, RegisteredFaults, refuseRegistered, unpackRegistered} from './registered.js';
import {onRegisteredIn} from './registered-kinds.js';
import type {Message} from './types.js';

export interface Codec {
  readonly name: 'msgpack-lite' | 'msgpackr';
  /**
   * The bytes of one value, in memory that nobody writes again.
   *
   * @param label the start of the path in errors: `args` gives `args[0].deep`
   * @param of names the call in errors, or the function: `portal.run(price)`
   * @throws Unserializable when the value cannot cross unchanged
   */
  encode(value: unknown, label?: string, of?: string): Uint8Array;
  /**
   * The same for a value whose sender gives it away. Memory that the value has for itself is taken from the sender: its views are
   * empty afterwards. A large binary value is not copied. Nothing is taken when it throws.
   */
  encodeGiven(value: unknown, label?: string, of?: string): Bytes;
  /**
   * The one value in these bytes. It shares no memory with them.
   *
   * @param onRegistered makes the values of registered types. Default: there may be none, as in the messages of the runtime
   * @throws ProtocolError, and whatever `onRegistered` throws
   */
  decode(bytes: Uint8Array, onRegistered?: OnRegistered): unknown;
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

/** The one value of a message. @throws ProtocolError, and MessageTypeError for a value of a registered type that cannot be made */
export function valueIn(codec: Codec, {kind, payload, read}: Message): unknown {
  if (!read) return codec.decode(payload, onRegisteredIn(kind));
  if (read.fault) throw read.fault;
  return read.value;
}

/** The same for a list that is needed whatever is in it: the fault stands beside it. @throws ProtocolError */
export function listIn(codec: Codec, {payload, read}: Message): {readonly list: unknown; readonly fault: unknown} {
  if (read) return {list: read.value, fault: read.fault};
  const faults = new RegisteredFaults();
  return {list: codec.decode(payload, faults.unpack), fault: faults.first};
}

/** Calls `each` with every value of a Yield, and the number of its bytes. @throws ProtocolError, MessageTypeError as `valueIn` */
export function eachValue(codec: Codec, {payload, read}: Message, each: (value: unknown, bytes: number) => void): void {
  if (read?.fault) throw read.fault;
  if (read) each(read.value, read.bytes);
  else splitValues(payload, bytes => each(codec.decode(bytes, unpackRegistered), bytes.length));
}

function codecOf(library: Library): Codec {
  const encodePlain = (plain: unknown): Uint8Array => library.encode(plain, 0);
  const encodeAs = <T extends Bytes>(
    value: unknown,
    label: string | undefined,
    of: string | undefined,
    encode: (plain: unknown) => T,
    owned?: Set<ArrayBufferLike>,
  ): T => {
    let bytes: T;
    try {
      bytes = encode(toPlain(value, label, of, encodePlain, owned));
    } catch (error) {
      throw error instanceof Unserializable ? error : refusalError('reading it failed', label, of, error);
    }
    if (bytes.length > limits.messageBytes)
      throw refusalError(`more than ${limits.messageBytes} bytes in one message`, label, of);
    return bytes;
  };
  const encodeCopy = (plain: unknown): Uint8Array => encodedAlready(plain) ?? library.encode(plain, walked.bytes);
  return {
    name: library.name,
    encode: (value, label, of) => encodeAs(value, label, of, encodeCopy),
    encodeGiven(value, label, of) {
      const owned = new Set<ArrayBufferLike>();
      const encode = (plain: unknown): Bytes => inPlace(plain, owned) ?? encodeCopy(plain);
      return take(encodeAs(value, label, of, encode, owned), owned);
    },
    decode(bytes, onRegistered = refuseRegistered) {
      if (bytes.length > limits.messageBytes) throw new ProtocolError(`a message of ${bytes.length} bytes arrived`);
      return read(bytes, onRegistered);
    },
  };
}

/** The bytes of a value that needs no library. */
function encodedAlready(plain: unknown): Uint8Array | undefined {
  if (typeof plain !== 'object') return undefined;
  if (plain instanceof Uint8Array) return encodeBinary(plain);
  return plain instanceof Encoded ? plain.toBytes() : undefined;
}

/** A large binary value whose memory nobody else has, left where it is. */
function inPlace(plain: unknown, owned: ReadonlySet<ArrayBufferLike>): Encoded | undefined {
  const encoded = plain instanceof Uint8Array ? wrapBinary(plain) : plain;
  if (!(encoded instanceof Encoded) || !encoded.payload || !owned.has(encoded.payload.buffer)) return undefined;
  encoded.check();
  return encoded;
}

/** Takes the memory from the sender. What cannot be taken (that of WebAssembly, for example) is copied. */
function take(bytes: Bytes, owned: ReadonlySet<ArrayBufferLike>): Bytes {
  let result = bytes;
  for (const buffer of owned) {
    const taken = attempt(() => structuredClone(buffer, {transfer: [buffer as ArrayBuffer]}));
    if (!(bytes instanceof Encoded) || bytes.payload?.buffer !== buffer) continue;
    result = taken ? new Encoded(bytes.bytes, new Uint8Array(taken)) : bytes.toBytes();
  }
  return result;
}

const refusalError = (
  what: string,
  label: string | undefined,
  of: string | undefined,
  cause?: unknown,
): Unserializable => new Unserializable(what, {path: label === undefined ? [] : [label], of, cause});
