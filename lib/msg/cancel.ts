/**
 * The payload of a Cancel. It passes values, hence goes whole in one frame, and it never fails for its reason.
 * Floor 1: above `codec`; contexts and actors are cancelled with the same words.
 */
import type {ActorId} from '../base/actor-id.js';
import type {CancelReason} from '../base/errors.js';
import type {Codec} from './codec.js';
import {pieceBytes} from './frame.js';
import {actorTuple, type CancelPayload} from './types.js';

/** Of a reason that goes as a text, so many characters go. */
const textLength = 4 * 1024;

/** What the canceller gave as its reason goes as it is where it can cross and is not large, as a text otherwise. */
export function encodeCancel(
  codec: Codec,
  cancel: {
    readonly reason: CancelReason;
    readonly cause: unknown;
    readonly canceller: ActorId;
    readonly budget: number;
  },
): Uint8Array {
  const encode = (cause: unknown): Uint8Array => {
    const payload: CancelPayload = [cancel.reason, cause, actorTuple(cancel.canceller), cancel.budget];
    return codec.encode(payload);
  };
  try {
    const bytes = encode(cancel.cause);
    if (bytes.length <= pieceBytes) return bytes;
  } catch {
    // A text goes in its place.
  }
  return encode(textOf(cancel.cause));
}

function textOf(value: unknown): string {
  try {
    // By way of bytes: a lone half of a character cannot cross.
    return Buffer.from(String(value).slice(0, textLength)).toString();
  } catch {
    return 'a reason that cannot be sent';
  }
}
