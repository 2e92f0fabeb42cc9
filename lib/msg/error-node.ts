/**
 * The shape in which a thrown value crosses to another actor, and the classes and properties that both ends know.
 * Floor 1: below `boxed-node`, which makes these nodes, and `revive`, which makes errors of them again.
 */

/** A thrown value as plain data. */
export type BoxedNode =
  | ErrorNode
  /** The thrown value is not an Error, and is sent as it is. */
  | {readonly value: unknown}
  /** The thrown value is not an Error and cannot be sent: this text stands for it. */
  | {readonly text: string};

export interface ErrorNode {
  /** The name of the error's class. */
  readonly class: string;
  /** The nearest class above it that every receiver knows: a builtin class by name, or one of this library by code. */
  readonly base?: string;
  /** The `name` of the error, where it differs from the name of the class. */
  readonly name?: string;
  readonly message: string;
  readonly stack?: string;
  /** Its own enumerable properties. */
  readonly own?: Record<string, unknown>;
  /** The properties of `hiddenKeys` that the error has. */
  readonly hidden?: Record<string, unknown>;
  readonly cause?: BoxedNode;
  /** The members of an AggregateError. */
  readonly errors?: readonly BoxedNode[];
  readonly suppressed?: readonly BoxedNode[];
}

/** An error within a value, boxed already: `encoder` sends it as an error. */
export class Boxed {
  readonly node: BoxedNode;

  constructor(node: BoxedNode) {
    this.node = node;
  }
}

/** The hidden property with the class name of an error that was revived without its class. */
export const classKey: unique symbol = Symbol.for('rxtractor/error-class') as never;

/** Properties of this library's errors that are not enumerable, and cross nevertheless. */
export const hiddenKeys = ['actor', 'origin', 'path', 'canceller', 'stderr'] as const;

export type ErrorClass = abstract new (...args: never[]) => Error;

/** The builtin error classes that exist at every receiver, without Error itself. */
export const builtinErrors: readonly ErrorClass[] = [
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  AggregateError,
  DOMException,
];
