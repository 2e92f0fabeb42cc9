/**
 * A call: what its Start carries, and how messages speak of it.
 * Floor 4, room `protocol`: below `caller`, which carries it out.
 */
import {formatActor} from '../../base/actor-id.js';
import type {Report} from '../../base/answer.js';
import {beginAtCall, type Frames, framesAbove} from '../../base/call-frames.js';
import type {CarriedPair} from '../../base/carry.js';
import {
  type CancelReason,
  ContextCancelled,
  MessageTypeError,
  retold,
  TransportClosed,
  Unserializable,
} from '../../base/errors.js';
import {escapeText} from '../../base/escape.js';
import {textOf} from '../../base/foreign.js';
import {log} from '../../base/log.js';
import {ownCancel, type Scope} from '../../base/scope.js';
import {suppress} from '../../base/suppressed.js';
import type {Channel} from '../../channel/channel.js';
import type {Schemas} from '../../msg/schema.js';
import type {FunctionKind, FunctionRef, StartPayload} from '../../msg/types.js';
import {firstWindow} from '../flow/credit.js';
import type {Flow} from '../flow/options.js';
import {encodeCarried} from './carried.js';
import type {Outcome} from './dialog.js';

/** Everything that a call needs to begin. */
export interface Call {
  readonly kind: FunctionKind;
  readonly fn: FunctionRef;
  /** The name of the function, for messages. */
  readonly name: string;
  readonly args: readonly unknown[];
  readonly openedBy: 'verb' | 'subscription';
  /** The scope that owns the call. */
  readonly scope: Scope;
  /** Decides who is told of a failure. Default: one of its own, whose owner is the scope. A subscription is always told. */
  readonly report?: Report | undefined;
  readonly flow: Flow;
  readonly schemas?: Schemas | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds in all; after them the call is cancelled with reason `deadline`. */
  readonly timeout?: number | undefined;
  /** `cancel`: leaving the scope cancels the call instead of waiting for its result. */
  readonly onExit?: 'wait' | 'cancel' | undefined;
  /** The function that the user called, whose caller is the first frame that errors show. Or the frames themselves. */
  readonly from?: ((...args: never[]) => unknown) | Frames;
  /** Ends the actor of a task that does not obey a cancel. Absent when this tree does not own the actor. */
  readonly force?: ((why: ContextCancelled) => Promise<void>) | undefined;
  /** Called at the first message of the peer, because the peer has understood the call then. */
  readonly understood?: (() => void) | undefined;
  /** How long the function may take to obey a cancel, in ms. */
  readonly cancelBound: number;
}

/** Maximum characters of an error in a line of the log. */
const maxLogged = 1_000;

/** With more calls than this in flight on a channel the frames of a call are not kept, because they cost as much as the call. */
const maxTracedCalls = 16;

/** The frames of a call. Undefined under a flood of calls. */
export function framesOfCall(from: ((...args: never[]) => unknown) | undefined, inFlight: number): Frames | undefined {
  return inFlight > maxTracedCalls ? undefined : framesAbove(from);
}

/** An error that refused a call, at this very call: nothing was sent, so that the error is of this call alone. */
export function refusedAt(place: () => string, from: NonNullable<Call['from']>, error: unknown): unknown {
  if (error instanceof Unserializable || error instanceof MessageTypeError || error instanceof TransportClosed)
    beginAtCall(error, place(), typeof from === 'object' ? from : framesAbove(from, true));
  return error;
}

/** @throws ContextCancelled when the scope or the signal was cancelled before, TransportClosed on a channel that is closed */
export function checkMayBegin(channel: Channel, call: Call): void {
  call.scope.check();
  if (call.signal?.aborted) throw cancelledBeforeError(channel, call, 'requested', call.signal.reason);
  if (call.timeout !== undefined && call.timeout <= 0) throw cancelledBeforeError(channel, call, 'deadline', undefined);
  if (channel.closed) throw channel.closed;
}

/**
 * The payload of Start, and the bytes of the first credit that travels with it: 0 when none does.
 *
 * @param carried the pairs that travel with the call
 * @throws Unserializable with the path to the argument that cannot cross, or to the carrier
 */
export function encodeStart(
  channel: Channel,
  call: Call,
  carried?: readonly CarriedPair[],
): {readonly payload: Uint8Array; readonly granted: number} {
  const more = carried && carried.length > 0 ? encodeCarried(channel.codec, carried, verbOf(call)) : undefined;
  const {window, windowBytes, bufferBytes, overflow} = call.flow;
  const isStream = call.kind === 'stream' || call.kind === 'operator';
  const granted = isStream ? firstWindow(channel.windows, windowBytes) : 0;
  const start: StartPayload = [
    call.fn,
    call.kind,
    call.args,
    call.kind === 'task' ? null : [window, windowBytes, bufferBytes, overflow, granted],
    call.timeout === Number.POSITIVE_INFINITY ? null : (call.timeout ?? null),
  ];
  try {
    return {payload: channel.codec.encode(more ? [...start, more] : start, ''), granted};
  } catch (error) {
    channel.windows.giveBack(granted);
    if (!(error instanceof Unserializable)) throw error;
    // The path leads to the arguments by their index in the payload.
    const [, index, ...within] = error.path;
    throw retold(error, index === argsIndex ? ['args', ...within] : ['args'], verbOf(call));
  }
}
/** The place of the arguments in the payload of Start. */
const argsIndex = 2;

/** The call as the user wrote it: `portal.run(price)`. */
function verbOf({kind, name, openedBy}: Call): string {
  const verbs = {
    task: 'run',
    stream: 'stream',
    operator: 'operator',
    context: openedBy === 'verb' ? 'openContext' : 'context',
  };
  return `portal.${verbs[kind]}(${name})`;
}

/** `count in worker (pid 12)`. */
export function describeCall(channel: Channel, call: Call): string {
  return `${call.name} in ${channel.peer ? formatActor(channel.peer) : 'an actor'}`;
}

/** The call is not made, because its signal was aborted before, or its time is over. */
function cancelledBeforeError(channel: Channel, call: Call, reason: CancelReason, cause: unknown): ContextCancelled {
  const why = reason === 'deadline' ? `deadline: its timeout is ${call.timeout} ms` : reason;
  return ownCancel(
    new ContextCancelled(`${describeCall(channel, call)} was cancelled before it began (${why})`, {
      canceller: channel.self,
      reason,
      cause,
      actor: channel.peer,
    }),
  );
}

/** The own cancellation of a call, with the errors that the clean-up of the function threw. */
export function withCleanUp(own: ContextCancelled, told: unknown): ContextCancelled {
  for (const error of told instanceof ContextCancelled ? told.suppressed : []) suppress(own, error);
  return own;
}

/** An error of a clean-up is attached to the cancellation. When nobody reads the cancellation, the log has the error. */
export function logCleanUp(channel: Channel, call: Call, outcome: Outcome): void {
  if (outcome.kind !== 'failed' || !(outcome.error instanceof ContextCancelled)) return;
  for (const error of outcome.error.suppressed)
    log(
      'warn',
      `the clean-up of ${describeCall(channel, call)} failed: ${escapeText(textOf(error).slice(0, maxLogged))}`,
      {error},
    );
}
