/**
 * Errors between actors: the thrown value, and the actors that it passed through.
 * Floor 1: above `boxed-node` and `revive`, which pack and unpack the thrown value itself.
 */
import {type ActorId, formatActor} from '../base/actor-id.js';
import {callFrames, type Frames} from '../base/call-frames.js';
import {ProtocolError, RemoteActorError} from '../base/errors.js';
import {escapeText} from '../base/escape.js';
import {plainStack} from '../base/failure-tree.js';
import {attempt, isError} from '../base/foreign.js';
import {userFrames, withPlainStacks} from '../base/stack.js';
import {boxNode} from './boxed-node.js';
import type {BoxedNode} from './error-node.js';
import {limits} from './limits.js';
import {isActorPath, isRecord, reviveNode} from './revive.js';

export interface BoxedError {
  /** The class name of the original. `unknown` when the thrown value was not an Error. */
  readonly type: string;
  /** The actors that it passed through: the origin first, without the receiver. */
  readonly path: readonly ActorId[];
  readonly thrown: BoxedNode;
}

/**
 * Packs a value that was thrown in this actor. Never throws. An error from another actor that passes through is not boxed
 * again: `self` is added to its path.
 */
export function boxError(error: unknown, self: ActorId): BoxedError {
  const relayed = relayedPath(error);
  const thrown = boxNode(relayed === undefined ? error : (error as RemoteActorError).cause);
  const type = 'class' in thrown ? thrown.class : 'unknown';
  if (relayed === undefined) return {type, path: [self], thrown};
  // When an error goes round without end, its origin and the last actors are kept.
  const path =
    relayed.length < limits.errorPath ? relayed : [relayed[0] as ActorId, ...relayed.slice(2 - limits.errorPath)];
  return {type, path: [...path, self], thrown};
}

function relayedPath(error: unknown): readonly ActorId[] | undefined {
  return attempt(() =>
    isError(error) && error instanceof RemoteActorError && isActorPath(error.path) ? error.path : undefined,
  );
}

/** The error for the caller of a remote function. @param at has the frames of the call, where they were kept */
export function unboxError(boxed: BoxedError, at?: Frames): RemoteActorError {
  return withPlainStacks(() => unbox(boxed, at));
}

function unbox(boxed: BoxedError, at: Frames | undefined): RemoteActorError {
  const fields: unknown = boxed;
  const valid = isRecord(fields) && typeof fields.type === 'string' && isActorPath(fields.path);
  const cause = valid ? reviveNode(fields.thrown) : new ProtocolError('a malformed error arrived');
  const path = valid ? (fields.path as [ActorId, ...ActorId[]]) : nobody;
  const type = valid ? escapeText(fields.type as string) : 'unknown';
  const text = isError(cause) ? cause.message : `a value that is no Error was thrown: ${textOf(cause)}`;
  const error = new RemoteActorError(type === 'unknown' ? text : `${type}: ${text}`, {cause, type, path});
  stitch(error, isError(cause) ? plainStack(cause) : undefined, at);
  return error;
}

/** The path of an error that is malformed. */
const nobody: [ActorId] = [{name: 'unknown', id: '', pid: 0, host: ''}];

/** The original itself, revived. */
export function reviveError(boxed: BoxedError): unknown {
  return withPlainStacks(() => reviveNode(isRecord(boxed) ? boxed.thrown : undefined));
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** Sets the printed text: the header, the remote frames, the actors on the path, the frames of the call here. */
function stitch(error: RemoteActorError, remote: string | undefined, call: Frames | undefined): void {
  Error.captureStackTrace(error, unboxError);
  const {stack: reader} = error;
  const ofCall = callFrames(call?.stack);
  const [origin, ...relays] = error.path;
  const path = `    [in ${formatActor(origin as ActorId)}${relays.map(actor => `, through ${formatActor(actor)}`).join('')}]`;
  const header = `${error.name} [${error.code}]: ${error.message}`;
  const stack =
    escapeText([header, ...frames(remote), path].join('\n')) +
    ['', ...(ofCall.length > 0 ? ofCall : frames(call?.stack ?? reader))].join('\n');
  Object.defineProperty(error, 'stack', {value: stack, configurable: true, writable: true});
}

function frames(stack: unknown): readonly string[] {
  if (typeof stack !== 'string') return [];
  const start = stack.search(/^[ \t]+at /m);
  return start < 0 ? [] : userFrames(stack.slice(start).split('\n'));
}
