/**
 * What a call is: what is sent in its Start, and how it is spoken of.
 * Floor 4: below `caller`, which carries it out.
 */
import {formatActor} from '../../base/actor-id.js';
import {type CancelReason, ContextCancelled, Unserializable} from '../../base/errors.js';
import {log} from '../../base/log.js';
import {ownCancel, type Scope} from '../../base/scope.js';
import {suppress} from '../../base/suppressed.js';
import type {Channel} from '../../channel/channel.js';
import type {Schemas} from '../../msg/schema.js';
import type {FunctionKind, FunctionRef, StartPayload} from '../../msg/types.js';
import {firstWindow} from '../flow/credit.js';
import type {Flow} from '../flow/options.js';
import type {Outcome} from './link.js';

/** Frames as Error.captureStackTrace keeps them: formatted only when they are read. */
export interface Frames {
  readonly stack?: string;
}

/** What a call needs to begin. */
export interface Call {
  readonly kind: FunctionKind;
  readonly fn: FunctionRef;
  /** For messages: how the function is called. */
  readonly name: string;
  readonly args: readonly unknown[];
  readonly openedBy: 'verb' | 'subscription';
  readonly scope: Scope;
  readonly flow: Flow;
  readonly schemas?: Schemas | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds in all; then the call is cancelled with reason `deadline`. */
  readonly timeout?: number | undefined;
  /** `cancel`: leaving the scope cancels in place of waiting for the result. */
  readonly onExit?: 'wait' | 'cancel' | undefined;
  /** The function that the user called: the frames kept for errors begin with its caller. Or those frames. */
  readonly from?: ((...args: never[]) => unknown) | Frames;
  /** Ends the actor of a task that does not obey a cancel; absent where this tree does not own it. */
  readonly force?: ((why: ContextCancelled) => Promise<void>) | undefined;
  /** How long a cancel may take to be obeyed, in ms. */
  readonly cancelBound: number;
}

/** With more calls in flight on a channel than this, a call's frames are not kept. */
const tracedCalls = 16;

/** The frames above a function. A capture costs as much as the rest of a call: under a flood of calls there are none. */
export function framesAbove(from: ((...args: never[]) => unknown) | undefined, inFlight: number): Frames | undefined {
  if (inFlight > tracedCalls) return undefined;
  const frames: Frames = {};
  Error.captureStackTrace(frames, from);
  return frames;
}

/**
 * The payload of Start, and the first credit of the stream that comes with it, in bytes: 0 where none does.
 *
 * @throws Unserializable with the way to the argument at fault
 */
export function encodeStart(channel: Channel, call: Call): {readonly payload: Uint8Array; readonly granted: number} {
  const {window, windowBytes, bufferBytes, overflow} = call.flow;
  const isStream = call.kind === 'stream' || call.kind === 'operator';
  const granted = isStream ? firstWindow(channel.windows, windowBytes) : 0;
  const start: StartPayload = [
    call.fn,
    call.kind,
    call.args,
    [window, windowBytes, bufferBytes, overflow, granted],
    call.timeout ?? null,
  ];
  try {
    return {payload: channel.codec.encode(start, ''), granted};
  } catch (error) {
    channel.windows.giveBack(granted);
    // Encoded alone, the arguments say where in them the fault lies.
    if (error instanceof Unserializable) channel.codec.encode(call.args, 'args');
    throw error;
  }
}

export function describeCall(channel: Channel, call: Call): string {
  return `${call.name} in ${channel.peer ? formatActor(channel.peer) : 'an actor'}`;
}

/** A call that is not made: its signal was aborted before, or its time is over. */
export function cancelledBefore(channel: Channel, call: Call, reason: CancelReason, cause: unknown): ContextCancelled {
  return ownCancel(
    new ContextCancelled(`${describeCall(channel, call)} was cancelled before it began (${reason})`, {
      canceller: channel.self,
      reason,
      cause,
      actor: channel.peer,
    }),
  );
}

/** One's own cancellation, with what the clean-up over there threw. */
export function withCleanUp(own: ContextCancelled, told: unknown): ContextCancelled {
  for (const error of told instanceof ContextCancelled ? told.suppressed : []) suppress(own, error);
  return own;
}

/** An error of a clean-up is attached to a cancellation; where nobody reads that, the log has it. */
export function logCleanUp(channel: Channel, call: Call, outcome: Outcome): void {
  if (outcome.kind !== 'failed' || !(outcome.error instanceof ContextCancelled)) return;
  for (const error of outcome.error.suppressed)
    log('warn', `the clean-up of ${describeCall(channel, call)} failed: ${String(error)}`, {error});
}
