/**
 * The payload of a Cancel, of a context or of an actor.
 * Floor 1: above `codec`; `actor/peer` and `context` send and read it. A Cancel overtakes values, so it goes in one frame, and
 * it never fails because of its cause.
 */
import type {ActorId} from '../base/actor-id.js';
import {type CancelReason, ProtocolError} from '../base/errors.js';
import {attempt} from '../base/foreign.js';
import type {Codec} from './codec.js';
import {pieceBytes} from './frame.js';
import {softenRegistered} from './registered.js';
import {actorFromTuple, actorTuple, type CancelPayload} from './types.js';

export interface Cancel {
  readonly reason: CancelReason;
  /** The value that the canceller gave as its reason. */
  readonly cause: unknown;
  readonly canceller: ActorId;
  /** The milliseconds that the canceller gives for the teardown. */
  readonly budget: number;
}

/** Maximum characters of a cause that goes as a text. */
const maxTextLength = 4 * 1024;

/** The cause goes as it is when it can cross and fits a frame, otherwise as a text. Never throws. */
export function encodeCancel(codec: Codec, cancel: Cancel): Uint8Array {
  const encode = (cause: unknown): Uint8Array => {
    const payload: CancelPayload = [cancel.reason, cause, actorTuple(cancel.canceller), cancel.budget];
    return codec.encode(payload);
  };
  try {
    const bytes = encode(cancel.cause);
    if (bytes.length <= pieceBytes) return bytes;
  } catch {
    // The cause cannot cross: a text goes instead.
  }
  return encode(textOf(cancel.cause));
}

/**
 * Reads the payload of a Cancel.
 *
 * @param what names the cancel in the error: `a cancel of the actor`
 * @throws ProtocolError when the payload does not say who asked
 */
export function decodeCancel(codec: Codec, payload: Uint8Array, what: string): Cancel {
  const decoded = codec.decode(payload, softenRegistered);
  const [reason, cause, tuple, budget]: unknown[] = Array.isArray(decoded) ? decoded : [];
  const canceller = actorFromTuple(tuple);
  if (!canceller || typeof budget !== 'number') throw new ProtocolError(`${what} arrived that does not say who asked`);
  return {reason: reason as CancelReason, cause, canceller, budget};
}

/** The text goes by way of bytes, because a lone surrogate cannot cross. */
function textOf(value: unknown): string {
  return attempt(() => Buffer.from(String(value).slice(0, maxTextLength)).toString(), 'a reason that cannot be sent');
}
