/**
 * The hash by which two processes compare the texts of functions.
 * Floor 5: pure; below `mark-table`. `node:crypto` would take longer to load than all hashes of an actor take together. Nobody has a
 * reason to make two texts with one hash here, because whoever could do that has written both functions.
 */

/**
 * 64 bits in base 36. Each half is FNV-1a over the UTF-16 units of the text, with a multiplier of its own, and mixed by the last step of
 * MurmurHash3.
 */
export function textHash(text: string): string {
  let one = 0x811c9dc5;
  let other = 0x9747b28c;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    one = Math.imul(one ^ unit, 0x01000193);
    other = Math.imul(other ^ unit, 0x5bd1e995);
  }
  return (
    mixed(one ^ text.length).toString(36) +
    mixed(other + text.length)
      .toString(36)
      .padStart(7, '0')
  );
}

/** Each bit of the result depends on each bit of the number. */
function mixed(number: number): number {
  let bits = number ^ (number >>> 16);
  bits = Math.imul(bits, 0x85ebca6b);
  bits ^= bits >>> 13;
  bits = Math.imul(bits, 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
