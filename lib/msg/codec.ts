/**
 * Values as bytes: MessagePack.
 * Floor 1: the top of `msg`, above `writer` and `reader`; channels and contexts encode with it.
 */
import {types} from 'node:util';
import {ProtocolError} from '../base/errors.js';
import {attempt} from '../base/foreign.js';
import {type Bytes, Encoded, wrapBinary} from './encoded.js';
import {splitValues} from './frame.js';
import {limits} from './limits.js';
import {read} from './reader.js';
import {type OnRegistered, RegisteredFaults, refuseRegistered, unpackRegistered} from './registered.js';
import {onRegisteredIn} from './registered-kinds.js';
import type {Message} from './types.js';
import {toPlain, write} from './writer.js';

export interface Codec {
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

export const messagePack: Codec = {
  encode: (value, label, of) => write(value, label, of),
  encodeGiven(value, label, of) {
    const owned = new Set<ArrayBufferLike>();
    return take(inPlace(value, label, of, owned) ?? write(value, label, of, owned), owned);
  },
  decode(bytes, onRegistered = refuseRegistered) {
    if (bytes.length > limits.messageBytes) throw new ProtocolError(`a message of ${bytes.length} bytes arrived`);
    return read(bytes, onRegistered);
  },
};

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

/** A large binary value whose memory nobody else has, left where it is. */
function inPlace(
  value: unknown,
  label: string | undefined,
  of: string | undefined,
  owned: Set<ArrayBufferLike>,
): Encoded | undefined {
  if (!ArrayBuffer.isView(value) && !types.isAnyArrayBuffer(value)) return undefined;
  const plain = toPlain(value, label, of, owned);
  const encoded = plain instanceof Uint8Array ? wrapBinary(plain) : (plain as Encoded);
  return encoded.payload && owned.has(encoded.payload.buffer) && encoded.length <= limits.messageBytes
    ? encoded
    : undefined;
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
