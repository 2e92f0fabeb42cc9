/**
 * Reads a value whose bytes come in pieces, while they come: no step takes longer than a piece, and the bytes are not kept.
 * Floor 1: above `reader`, which reads each token that lies whole within a piece; below `gradual-message`.
 */
import {ProtocolError} from '../base/errors.js';
import type {ByteRoom} from './byte-room.js';
import {binaryWeight, Ext, isNested, weightOf} from './extensions.js';
import {limits} from './limits.js';
import {LongBinary, LongText} from './long-parts.js';
import {checkedKey, Reader} from './reader.js';
import {type OnRegistered, withinError} from './registered.js';
import {Form, formOf, headBytes, isContainer, lengthAt} from './token.js';
import {malformedError, unpackLeaf} from './unpack.js';

/** A value that contains others, and is not full yet. */
type Container = OpenArray | OpenRecord | OpenExtension;
interface OpenArray {
  readonly is: 'array';
  readonly value: unknown[];
  left: number;
}
interface OpenRecord {
  readonly is: 'record';
  readonly value: Record<string, unknown>;
  left: number;
  /** The key of the entry whose value comes next. Undefined when the key comes next. */
  key: string | undefined;
}
interface OpenExtension {
  readonly is: 'extension';
  readonly type: number;
  /** How many bytes of the message are read when its content has ended. */
  readonly end: number;
  /** How the reader makes values of registered types again when this extension has ended. */
  readonly outside: OnRegistered;
}

/** A text, a binary or an extension of which bytes are missing. */
interface LongPart {
  readonly part: LongText | LongBinary;
  /** It is whole. */
  done(): void;
}

const nothing = new Uint8Array(0);

export class GradualReader {
  readonly #reader: Reader;
  /** The piece at hand, behind the beginning of a token that was cut by the end of the piece before. Between pieces that beginning. */
  #bytes: Uint8Array = nothing;
  /** How many bytes of the message came before `#bytes`. */
  #before = 0;
  /** The containers around the innermost one. */
  readonly #around: (Container | undefined)[] = [];
  /** The innermost container that is not full yet. */
  #inner: Container | undefined;
  /** How many containers that are not full yet are arrays and objects. */
  #depth = 0;
  #long: LongPart | undefined;
  #result: {readonly value: unknown} | undefined;
  readonly #room: ByteRoom;
  /** How many bytes it has taken of its room. */
  reserved = 0;

  /** @param room the bytes that may be taken for binaries before they have come @param onRegistered as that of `Reader` */
  constructor(room: ByteRoom, onRegistered: OnRegistered) {
    this.#room = room;
    this.#reader = new Reader(nothing, onRegistered);
  }

  /** How many values it has read, by their weight in memory. */
  get nodes(): number {
    return this.#reader.nodes;
  }

  /** Reads the next piece, which is used no more when this returns. @throws ProtocolError */
  feed(piece: Uint8Array): void {
    this.#goOn(this.#bytes.length === 0 ? piece : Buffer.concat([this.#bytes, piece]));
    while (this.#reader.at < this.#bytes.length && this.#step()) {
      // A step reads a token, or as much as there is of a long part.
    }
    const {at} = this.#reader;
    this.#before += at;
    this.#goOn(Uint8Array.from(this.#bytes.subarray(at)));
  }

  #goOn(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#reader.goOn(bytes);
  }

  /** The value, when all pieces have come. @throws ProtocolError when bytes are missing */
  end(): unknown {
    if (!this.#result) throw new ProtocolError('a value is cut short');
    return this.#result.value;
  }

  /** Returns false when the next token is cut. */
  #step(): boolean {
    if (this.#long) return this.#readLong(this.#long);
    if (this.#result) throw new ProtocolError(`${this.#bytes.length - this.#reader.at} bytes follow a value`);
    const token = this.#bytes[this.#reader.at] as number;
    if (!this.#has(headBytes[token] as number)) return false;
    const inner = this.#inner;
    if (inner?.is === 'extension' && !isContainer(token)) throw malformedError(inner.type);
    if (inner?.is === 'record' && inner.key === undefined) return this.#readKey(inner, token);
    return this.#readValue(token);
  }

  #readValue(token: number): boolean {
    const form = formOf[token] as Form;
    if (form === Form.Atom) {
      this.#put(this.#reader.value(0));
      return true;
    }
    const length = lengthAt(this.#bytes, this.#reader.at);
    const head = headBytes[token] as number;
    if (form === Form.Array || form === Form.Map) return this.#enter(form, length, head);
    const type = form === Form.Extension ? (this.#bytes[this.#reader.at + head - 1] as number) : 0;
    if (form === Form.Extension && isNested(type)) return this.#enterExtension(type, length, head);
    if (this.#has(head + length)) {
      this.#put(this.#reader.value(0));
      return true;
    }
    if (form === Form.Text) {
      const text = new LongText(length);
      return this.#begin(head, {part: text, done: () => this.#put(text.value)});
    }
    this.#reader.count(form === Form.Binary ? binaryWeight : weightOf(type));
    const isReserved = this.#room.take(length);
    if (isReserved) this.reserved += length;
    const binary = new LongBinary(length, isReserved);
    const done = (): void => this.#put(form === Form.Binary ? binary.value : unpackLeaf(type, binary.value, true));
    return this.#begin(head, {part: binary, done});
  }

  #readKey(inner: OpenRecord, token: number): boolean {
    const head = headBytes[token] as number;
    const isWhole = formOf[token] !== Form.Text || this.#has(head + lengthAt(this.#bytes, this.#reader.at));
    if (isWhole) {
      inner.key = this.#reader.key();
      return true;
    }
    const text = new LongText(lengthAt(this.#bytes, this.#reader.at));
    const done = (): void => {
      inner.key = checkedKey(text.value);
    };
    return this.#begin(head, {part: text, done});
  }

  #begin(head: number, long: LongPart): boolean {
    this.#reader.at += head;
    this.#long = long;
    return true;
  }

  #readLong(long: LongPart): boolean {
    const reader = this.#reader;
    const {part} = long;
    const taken = part.take(this.#bytes.subarray(reader.at, Math.min(this.#bytes.length, reader.at + part.missing)));
    reader.at += taken;
    if (part.missing > 0) return taken > 0;
    this.#long = undefined;
    long.done();
    return true;
  }

  #enter(form: Form, length: number, head: number): boolean {
    if (this.#depth >= limits.depth) throw new ProtocolError(`nested deeper than ${limits.depth}`);
    this.#reader.count(form === Form.Map ? length * 2 : length);
    this.#reader.at += head;
    const isDictionary = this.#inner?.is === 'extension' && this.#inner.type === Ext.Dictionary;
    this.#around.push(this.#inner);
    this.#depth++;
    this.#inner =
      form === Form.Map
        ? {is: 'record', value: isDictionary ? Object.create(null) : {}, left: length, key: undefined}
        : {is: 'array', value: [], left: length};
    if (length === 0) this.#leave(this.#inner.value);
    return true;
  }

  #enterExtension(type: number, length: number, head: number): boolean {
    this.#reader.count(weightOf(type));
    this.#reader.at += head;
    this.#around.push(this.#inner);
    const outside = this.#reader.onRegistered;
    if (type === Ext.Error) this.#reader.onRegistered = withinError(outside);
    this.#inner = {is: 'extension', type, end: this.#before + this.#reader.at + length, outside};
    return true;
  }

  /** A value was read: it goes into the innermost container, and closes it when it is the last one there. */
  #put(value: unknown): void {
    const inner = this.#inner;
    if (!inner) this.#result = {value};
    else if (inner.is === 'extension') this.#closeExtension(inner, value);
    else {
      if (inner.is === 'array') inner.value.push(value);
      else {
        inner.value[inner.key as string] = value;
        inner.key = undefined;
      }
      if (--inner.left === 0) this.#leave(inner.value);
    }
  }

  /** An array or an object is full. */
  #leave(value: unknown): void {
    this.#depth--;
    this.#inner = this.#around.pop();
    this.#put(value);
  }

  #closeExtension({type, end, outside}: OpenExtension, content: unknown): void {
    if (this.#before + this.#reader.at !== end) throw malformedError(type);
    this.#inner = this.#around.pop();
    this.#reader.onRegistered = outside;
    this.#put(this.#reader.made(type, content));
  }

  #has(bytes: number): boolean {
    return this.#bytes.length - this.#reader.at >= bytes;
  }
}
