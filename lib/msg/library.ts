/**
 * What `codec` needs a MessagePack library for: to write. `reader` reads, because it checks in the same pass.
 * Floor 1: the contract of `msgpack-lite` and `msgpackr`, which write the same bytes.
 */

export interface Library {
  readonly name: 'msgpack-lite' | 'msgpackr';
  /**
   * The bytes of a plain value (see `encoder`), in memory that nobody writes again. Throws what a getter throws when it is
   * read for the second time.
   */
  encode(plain: unknown): Uint8Array;
}
