/**
 * What `codec` needs of a MessagePack library: to write. What arrives is read by `reader`, which checks as it goes.
 * Floor 1: the contract of `msgpack-lite` and `msgpackr`, which write the same bytes.
 */
export interface Library {
  readonly name: 'msgpack-lite' | 'msgpackr';
  /**
   * The bytes of a value that was prepared: null, booleans, numbers, well-formed strings, plain arrays and objects,
   * Uint8Array, Ready. In memory that is not written again. Throws what a getter throws at its second reading.
   */
  encode(prepared: unknown): Uint8Array;
}
