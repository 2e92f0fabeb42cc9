/**
 * A frame of the user's that was on the stack once, as it is kept for a prompt.
 * Floor 7: types only; `frame-taker` makes such frames from a stop, `stack-frames` from the text of a stack.
 */
import type {Debugger} from 'node:inspector';
import type {SourcePosition} from './sources.js';

/** Everything that the frame could see lives as long as this object. */
export interface CapturedFrame {
  readonly name: string;
  /** The call frame in V8's words. Undefined where nothing but a stack is known. */
  readonly site?: CallSite;
  /** The file that runs: that of `position`, or the one to which it was compiled. */
  readonly url?: string;
  /** In the file that the author wrote; counts from 0. */
  readonly position: SourcePosition;
  /**
   * Evaluates code in the frame. Variables have the values of the moment of the capture, and may be assigned to. It
   * throws what the code throws.
   */
  readonly evaluate: (code: string) => unknown;
  /** From the innermost outwards, without the global one. `evaluate` gives the values. */
  readonly scopes: readonly CapturedScope[];
  /** The names of the function's parameters, and perhaps more: see `parameterNames`. */
  readonly parameters?: () => readonly string[];
  /** The lines of its file; undefined when the file cannot be found. */
  source(): Promise<readonly string[] | undefined>;
}

/** The part of the inspector's call frame that says which code it is. */
export type CallSite = Pick<Debugger.CallFrame, 'functionName' | 'location' | 'functionLocation'>;

export interface CapturedScope {
  /** `local`, `block`, `closure`, `module`, …, in V8's words. */
  readonly kind: string;
  readonly names: readonly string[];
  /** The names among `names` that the module of the frame imports. */
  readonly imported?: ReadonlySet<string>;
}
