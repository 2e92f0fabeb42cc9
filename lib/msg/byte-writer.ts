/**
 * Writes MessagePack into memory: the headers, numbers, texts and bytes of which `writer` makes a message.
 * Floor 1: below `writer`; above `encoded`. Each value gets the shortest form that it has.
 */
import type {Encoded} from './encoded.js';

/** The bytes of a slab. A message that waits keeps its slab alive. */
const slabBytes = 8 * 1024;
/** Maximum characters of a text that is written without a call into Node, which would cost more. */
const shortText = 31;
/** The largest header: a token and a length of four bytes. */
const headerBytes = 5;

export class ByteWriter {
  /** Filled once, and never written again: the messages are views of it. */
  #slab!: Buffer;
  #view!: DataView;
  /** Where the message begins. */
  #from = 0;
  /** Where the next byte goes. */
  #at = 0;
  /** The slab that goes on after a message for which it was too small, and where. */
  #kept: {readonly slab: Buffer; readonly from: number} | undefined;

  constructor() {
    this.#use(Buffer.allocUnsafeSlow(slabBytes), 0);
  }

  /** The message so far, in memory that nobody writes again. The next one begins. */
  end(): Uint8Array {
    // Not `subarray`, which takes three times as long.
    const bytes = new Uint8Array(this.#slab.buffer, this.#from, this.#at - this.#from);
    if (this.#kept) this.#return(this.#kept);
    else this.#from = this.#at;
    return bytes;
  }

  /** The message is not wanted. The next one begins. */
  drop(): void {
    if (this.#kept) this.#return(this.#kept);
    else this.#at = this.#from;
  }

  nil(): void {
    this.#room(1);
    this.#slab[this.#at++] = 0xc0;
  }

  boolean(value: boolean): void {
    this.#room(1);
    this.#slab[this.#at++] = value ? 0xc3 : 0xc2;
  }

  number(value: number): void {
    this.#room(9);
    if (value >>> 0 === value && !Object.is(value, -0)) this.#unsigned(value);
    else if ((value | 0) === value && value !== 0) this.#negative(value);
    else {
      this.#slab[this.#at] = 0xcb;
      this.#view.setFloat64(this.#at + 1, value);
      this.#at += 9;
    }
  }

  /** Writes a short text of ASCII. Returns false when the text is another one, and writes nothing then. */
  shortAscii(text: string): boolean {
    const {length} = text;
    if (length > shortText) return false;
    this.#room(length + 1);
    const slab = this.#slab;
    let at = this.#at;
    slab[at++] = 0xa0 | length;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return false;
      slab[at++] = code;
    }
    this.#at = at;
    return true;
  }

  /** Writes a text that UTF-8 can carry. */
  text(text: string): void {
    const length = Buffer.byteLength(text);
    this.#room(length + headerBytes);
    if (length < 32) this.#slab[this.#at++] = 0xa0 | length;
    else this.#sized(0xd9, length);
    this.#at += this.#slab.write(text, this.#at, length);
  }

  arrayHeader(length: number): void {
    this.#containerHeader(0x90, 0xdc, length);
  }

  mapHeader(size: number): void {
    this.#containerHeader(0x80, 0xde, size);
  }

  /** Writes a binary value. */
  binary(bytes: Uint8Array): void {
    this.#room(bytes.length + headerBytes);
    this.#sized(0xc4, bytes.length);
    this.#slab.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Writes a value that was encoded already. */
  encoded(value: Encoded): void {
    value.check();
    this.#room(value.length);
    value.writeTo(this.#slab, this.#at);
    this.#at += value.length;
  }

  #unsigned(value: number): void {
    const slab = this.#slab;
    if (value <= 0x7f) slab[this.#at++] = value;
    else if (value <= 0xff) {
      slab[this.#at++] = 0xcc;
      slab[this.#at++] = value;
    } else if (value <= 0xffff) this.#two(0xcd, value);
    else this.#four(0xce, value);
  }

  #negative(value: number): void {
    const slab = this.#slab;
    if (value >= -0x20) slab[this.#at++] = value;
    else if (value >= -0x80) {
      slab[this.#at++] = 0xd0;
      slab[this.#at++] = value;
    } else if (value >= -0x8000) this.#two(0xd1, value);
    else this.#four(0xd2, value);
  }

  /** @param fixed the token of a container of fewer than 16 @param token that of a length of two bytes. That of four is the next */
  #containerHeader(fixed: number, token: number, length: number): void {
    this.#room(headerBytes);
    if (length < 16) this.#slab[this.#at++] = fixed | length;
    else if (length <= 0xffff) this.#two(token, length);
    else this.#four(token + 1, length);
  }

  /** A token and a length. The tokens for lengths of one, two and four bytes follow one another. */
  #sized(token: number, length: number): void {
    if (length > 0xffff) this.#four(token + 2, length);
    else if (length > 0xff) this.#two(token + 1, length);
    else {
      this.#slab[this.#at++] = token;
      this.#slab[this.#at++] = length;
    }
  }

  #two(token: number, value: number): void {
    const slab = this.#slab;
    slab[this.#at++] = token;
    slab[this.#at++] = value >>> 8;
    slab[this.#at++] = value;
  }

  #four(token: number, value: number): void {
    this.#slab[this.#at] = token;
    this.#view.setInt32(this.#at + 1, value);
    this.#at += 5;
  }

  #room(bytes: number): void {
    if (this.#slab.length - this.#at < bytes) this.#grow(bytes);
  }

  /** Takes the message so far along. One that grows step by step is not copied at each step. */
  #grow(bytes: number): void {
    const slab = this.#slab;
    const from = this.#from;
    const used = this.#at - from;
    const needed = Math.max(used + bytes, Math.ceil(used * 1.5));
    // The messages after a large one must not keep its memory alive.
    if (needed > slabBytes && !this.#kept) this.#kept = {slab, from};
    this.#use(Buffer.allocUnsafeSlow(Math.max(slabBytes, needed)), 0);
    this.#slab.set(slab.subarray(from, from + used));
    this.#at = used;
  }

  #return({slab, from}: {readonly slab: Buffer; readonly from: number}): void {
    this.#kept = undefined;
    this.#use(slab, from);
  }

  #use(slab: Buffer, at: number): void {
    this.#slab = slab;
    this.#view = viewOf(slab);
    this.#from = at;
    this.#at = at;
  }
}

const viewOf = ({buffer, byteOffset, byteLength}: Buffer): DataView => new DataView(buffer, byteOffset, byteLength);
