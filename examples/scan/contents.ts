/**
 * The table of contents: which hashes have been seen, in a few dozen bytes each.
 * Held by `survey` in the root; without it (`--no-duplicates`) nothing there grows with the files.
 *
 * Open addressing over one typed array, 16 bytes a slot: half a SHA-256 is still 128 bits, so that two contents share it
 * by chance once in 10^26 for a million files. A JavaScript Set of hex strings takes more than 100 bytes for each.
 */
const words = 4;
const fullest = 0.75;

export class Contents {
  #slots = new Uint32Array(1024 * words);
  #size = 0;

  /** How many different contents were added. */
  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#slots.byteLength;
  }

  /** True when this content was not there before. */
  add(sha256: Uint8Array): boolean {
    const key = keyOf(sha256);
    const at = slotOf(this.#slots, key, 0);
    if (isTaken(this.#slots, at)) return false;
    copySlot(key, 0, this.#slots, at);
    this.#size += 1;
    if (this.#size * words > this.#slots.length * fullest) this.#grow();
    return true;
  }

  /** Without an object for each slot: a view of one takes six times what the slot does. */
  #grow(): void {
    const larger = new Uint32Array(this.#slots.length * 2);
    for (let at = 0; at < this.#slots.length; at += words) {
      if (isTaken(this.#slots, at)) copySlot(this.#slots, at, larger, slotOf(larger, this.#slots, at));
    }

    this.#slots = larger;
  }
}

function keyOf(sha256: Uint8Array): Uint32Array {
  // Copied because a value off the wire may lie at any offset of its buffer, and words want alignment.
  return new Uint32Array(new Uint8Array(sha256.subarray(0, words * Uint32Array.BYTES_PER_ELEMENT)).buffer);
}

/** Where the key that begins at `from` is, or the free slot where it belongs. */
function slotOf(slots: Uint32Array, keys: Uint32Array, from: number): number {
  const last = slots.length - words;
  let at = ((keys[from] ?? 0) * words) & last;
  while (isTaken(slots, at) && !isEqual(slots, at, keys, from)) at = (at + words) & last;
  return at;
}

function copySlot(keys: Uint32Array, from: number, slots: Uint32Array, at: number): void {
  for (let word = 0; word < words; word++) slots[at + word] = keys[from + word] ?? 0;
}

function isEqual(slots: Uint32Array, at: number, keys: Uint32Array, from: number): boolean {
  for (let word = 0; word < words; word++) if (slots[at + word] !== keys[from + word]) return false;
  return true;
}

// A free slot is all zeros; no content is known whose SHA-256 begins with 128 zero bits.
function isTaken(slots: Uint32Array, at: number): boolean {
  return slots[at] !== 0 || slots[at + 1] !== 0 || slots[at + 2] !== 0 || slots[at + 3] !== 0;
}
