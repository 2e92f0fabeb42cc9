/**
 * Maximum sizes of one message. The sender checks them while it encodes, the receiver while it reads.
 * Floor 1: numbers only. `encoder` and `reader` enforce them, and `channel` enforces `messageBytes` while pieces arrive.
 */

export const limits = {
  /** Depth of arrays, objects, maps and sets within one another, because both ends call themselves for each level. */
  depth: 64,
  /** Number of values and keys. A value that takes much memory for few bytes counts more (`weightOf`). */
  nodes: 1_000_000,
  /** Bytes of the encoded message. */
  messageBytes: 64 * 1024 * 1024,
  /** Bytes of all messages of one channel that are on their way in pieces, in one direction. */
  unfinishedBytes: 128 * 1024 * 1024,
  /** Bytes of a bigint, because arithmetic on a larger one could stall the receiver. */
  bigintBytes: 128 * 1024,
  /** Bytes of a pattern, or of the text of a URL, because the receiver must parse them again. */
  patternBytes: 64 * 1024,
  /** Bytes of a boxed error, together with its causes and members. */
  errorBytes: 64 * 1024,
  /** Number of members of an AggregateError, and of suppressed errors. */
  errorMembers: 64,
  /** Number of causes that follow one another. */
  errorCauses: 8,
  /** Depth of errors within one another: as causes, as members or in properties. */
  errorDepth: 16,
  /** Number of frames of one stack. */
  stackFrames: 50,
  /** Number of actors in the path of an error. */
  errorPath: 64,
} as const;
