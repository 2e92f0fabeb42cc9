/**
 * The part of one end of a context in which the caller and the callee differ.
 * Floor 4, room `protocol`: below `link`, which calls it; `caller` and `callee` are the two roles.
 */
import type {Frames} from '../../base/call-frames.js';
import type {ActorError, ContextCancelled} from '../../base/errors.js';
import type {BoxedError} from '../../msg/boxed-error.js';
import type {Kind} from '../../msg/types.js';
import type {Outcome} from './dialog.js';

export interface Role {
  /** The name of the function, for messages. */
  readonly name: string;
  /** The call in words, for the stack of an error that it meets. */
  readonly place: string;
  /** The frames of the call. Undefined where they were not kept, and at the callee. */
  readonly site?: Frames | undefined;
  /** Whether the function was told to end, as far as this end knows. */
  readonly isCancelled: boolean;
  /** Callee: why the function was told to end. */
  readonly interrupted?: ContextCancelled | undefined;
  /** Caller: the first value of the function has come. */
  started(value: unknown): void;
  /** Reads a Return (its value) or an Error (its list). A promise: an asynchronous schema still checks the value. */
  outcomeOf(kind: Kind, payload: unknown): Outcome | Promise<Outcome>;
  /** Reads the error in a Stop: the source of the peer has failed, or its function was cancelled. */
  streamError(boxed: BoxedError): unknown;
  /** The error of a context whose channel has ended. */
  lostBy(error: ActorError): ActorError;
  /** Caller: tells observers of the outcome, before a consumer can act on it: one that retries makes the next call within that. */
  tell?(outcome: Outcome): void;
  /** The outcome is known. Called once. @param isTold whether a consumer or a sender of the stream was told of it */
  concluded(outcome: Outcome, isTold: boolean): void;
  /** Callee: the function is to end. @param cancel the payload of the Cancel; absent when the context or its channel failed */
  abort(cancel: Uint8Array | undefined): void;
  /** Caller: the function has ended, its clean-up included. */
  ended(): void;
}
