/**
 * The contract of a MessagePack library, which only writes here: `reader` reads, because it checks in the same pass.
 * Floor 1: below `codec`. `msgpack-lite` and `msgpackr` keep the contract, and write the same bytes.
 */

export interface Library {
  readonly name: 'msgpack-lite' | 'msgpackr';
  /**
   * The bytes of a plain value (see `encoder`), in memory that nobody writes again. Throws what a getter throws when it is
   * read for the second time.
   *
   * @param leastBytes the bytes are at least so many, so that memory for them can be made at once
   */
  encode(plain: unknown, leastBytes: number): Uint8Array;
}
