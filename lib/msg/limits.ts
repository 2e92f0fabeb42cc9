/**
 * What one message may measure: checked by the sender while it encodes, and by the receiver before it parses.
 * Floor 1: numbers only; `encoder` and `reader` enforce them, `channel` what concerns pieces.
 */
export const limits = {
  /** Arrays, objects, maps and sets within one another. */
  depth: 64,
  /** Values and keys in one message; what takes much memory for few bytes counts more (`weightOf`). */
  nodes: 1_000_000,
  /** One message, encoded. */
  messageBytes: 64 * 1024 * 1024,
  /** A larger bigint is refused: arithmetic on it could stall the receiver. */
  bigintBytes: 128 * 1024,
  /** A pattern, or the text of a URL: what the receiver must parse again. */
  patternBytes: 64 * 1024,
  /** A boxed error, its causes and members included. */
  errorBytes: 64 * 1024,
  /** Of an AggregateError, and of what was suppressed. */
  errorMembers: 64,
  /** The cause of the cause, and so on. */
  errorCauses: 8,
  /** Errors within one another, be it as causes, as members or in properties. */
  errorDepth: 16,
  stackFrames: 50,
  /** Actors that an error is said to have passed through. */
  errorPath: 64,
} as const;
