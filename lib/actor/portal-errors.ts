/**
 * The errors with which a portal refuses what a user asks of it, whoever its calls go to.
 * Floor 5: below `portal`, and below `nursery/lasting-portal`, which is a portal of another make.
 */
import {type ActorId, formatActor} from '../base/actor-id.js';
import {ActorDied, type ActorError, ContextCancelled, TransportClosed} from '../base/errors.js';
import {ownCancel} from '../base/scope.js';
import type {FunctionKind} from '../msg/types.js';

/** The cancellation of a whole actor, asked for by `self`. */
export function cancelActorError(self: ActorId, actor: ActorId, cause: unknown): ContextCancelled {
  const text = `${formatActor(actor)} was cancelled by ${formatActor(self)}`;
  return ownCancel(new ContextCancelled(text, {canceller: self, reason: 'actor', cause, actor}));
}

const verbOf: Readonly<Record<FunctionKind, string>> = {
  task: 'run()',
  stream: 'stream()',
  operator: 'operator()',
  context: 'openContext() or context()',
};

/** A function is called as one of another kind. */
export function wrongVerbError(name: string, kind: FunctionKind): TypeError {
  return new TypeError(`${name} is marked with ${kind}(): call it with ${verbOf[kind]}`);
}

/**
 * The portal takes no more calls.
 *
 * @param closed why its channel is closed, when it is @param over why the portal is over all the same, in a few words
 */
export function portalClosedError(
  actor: ActorId,
  closed: ActorError | undefined,
  over: string | undefined,
): TransportClosed {
  const why = over ?? (closed instanceof ActorDied ? closed.message : 'its actor, or the connection to it, has ended');
  return new TransportClosed(`the portal to ${formatActor(actor)} is closed: ${why}`, {
    kind: 'closed',
    cause: closed,
    actor,
  });
}

/** The output of an actor whose `stdio` is not `pipe`, or that another actor has started. */
export function notPipedError(actor: ActorId): TypeError {
  const who = formatActor(actor);
  return new TypeError(`the output of ${who} is not read here: start it with stdio: 'pipe', and use that portal`);
}
