/**
 * Values as bytes: MessagePack, in one fixed form whichever library writes it.
 * Floor 1: the top of `msg`: `encoder` and one of two libraries write, `reader` reads and checks in one pass.
 */
import {ProtocolError, Unserializable} from '../base/errors.js';
import {prepare} from './encoder.js';
import {binary, Ready} from './extensions.js';
import type {Library} from './library.js';
import {limits} from './limits.js';
import {loadMsgpackLite} from './msgpack-lite.js';
import {loadMsgpackr} from './msgpackr.js';
import {read} from './reader.js';

export interface Codec {
  readonly name: 'msgpack-lite' | 'msgpackr';
  /**
   * The bytes of one value, in memory that nobody writes again. `label` is the start of the path in errors:
   * `args` gives `args[0].deep`. @throws Unserializable when the value cannot cross unchanged
   */
  encode(value: unknown, label?: string): Uint8Array;
  /** The one value that these bytes hold. It shares no memory with them. @throws ProtocolError */
  decode(bytes: Uint8Array): unknown;
}

/** msgpackr when it is installed, else msgpack-lite; `name`, or RXTRACTOR_CODEC, asks for one. Loaded at the first call. */
export function loadCodec(name?: Codec['name']): Codec {
  const wanted = name ?? wantedByEnvironment() ?? chosen;
  if (wanted === undefined) return loadBest();
  const codec = loaded.get(wanted) ?? codecOf(wanted === 'msgpackr' ? loadMsgpackr() : loadMsgpackLite());
  loaded.set(wanted, codec);
  return codec;
}
const loaded = new Map<Codec['name'], Codec>();
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

function codecOf(library: Library): Codec {
  const write = (prepared: unknown): Uint8Array => library.encode(prepared);
  return {
    name: library.name,
    encode(value, label) {
      let bytes: Uint8Array;
      try {
        const prepared = prepare(value, label, write);
        bytes = shortWay(prepared) ?? write(prepared);
      } catch (error) {
        throw error instanceof Unserializable ? error : refusal('reading it failed', label, error);
      }
      if (bytes.length > limits.messageBytes)
        throw refusal(`more than ${limits.messageBytes} bytes in one message`, label);
      return bytes;
    },
    decode(bytes) {
      if (bytes.length > limits.messageBytes) throw new ProtocolError(`a message of ${bytes.length} bytes arrived`);
      return read(bytes);
    },
  };
}

/** What needs no library. */
function shortWay(prepared: unknown): Uint8Array | undefined {
  if (typeof prepared !== 'object') return undefined;
  if (prepared instanceof Uint8Array) return binary(prepared);
  if (!(prepared instanceof Ready)) return undefined;
  // The shortest ones are constants.
  return prepared.bytes.length < 16 ? new Uint8Array(prepared.bytes) : prepared.bytes;
}

const refusal = (what: string, label: string | undefined, cause?: unknown): Unserializable =>
  new Unserializable(what, {path: label === undefined ? [] : [label], cause});
