/**
 * How many bytes may still be written, and texts that are cut to fit.
 * Floor 1: below `lossy` and `boxed-node`, because an error must never outgrow `limits.errorBytes`.
 */
import {isPlainText} from './extensions.js';

export class ByteRoom {
  left: number;
  /** Whether something was cut or replaced by a text. */
  changed = false;

  constructor(left: number) {
    this.left = left;
  }

  /** Takes `bytes` bytes, and tells whether there was room for them. */
  take(bytes: number): boolean {
    if (bytes > this.left) {
      this.changed = true;
      return false;
    }
    this.left -= bytes;
    return true;
  }

  /** Runs `write` with a part of this room, between 0 and 1. The bytes that it leaves over come back. */
  share<T>(part: number, write: (room: ByteRoom) => T): T {
    const given = Math.floor(this.left * part);
    const own = new ByteRoom(given);
    const result = write(own);
    this.left -= given - own.left;
    this.changed ||= own.changed;
    return result;
  }
}

/** The bytes that every value costs beside its text: more than the longest header. */
export const valueOverhead = 9;
/** Maximum bytes of one text within a value. */
const maxTextBytes = 8 * 1024;
/** Maximum bytes of the mark that says how much was cut, also where the text goes as UTF-16. */
export const markBytes = 64;

/** A text that fits: cut where there is no room for it, with a mark that tells how much is missing. */
export function cutText(text: string, room: ByteRoom, maxBytes: number = maxTextBytes): string {
  const most = Math.min(room.left - valueOverhead, maxBytes);
  // Every character takes a byte at least, so a text of more characters need not be counted.
  const bytes = text.length > most ? Number.POSITIVE_INFINITY : byteLength(text);
  if (bytes <= most) {
    room.take(bytes + valueOverhead);
    return text;
  }
  room.changed = true;
  const kept = most - markBytes;
  if (kept <= 0) return '';
  const {read} = new TextEncoder().encodeInto(text, new Uint8Array(kept));
  const end = isPlainText(text.slice(0, read)) ? read : Math.min(read, kept >> 1);
  room.take(most + valueOverhead);
  return `${text.slice(0, end)}… (${text.length - end} more characters)`;
}

/** The bytes of a text as it is sent: one with a lone surrogate goes as UTF-16. */
export function byteLength(text: string): number {
  return isPlainText(text) ? Buffer.byteLength(text) : text.length * 2;
}
