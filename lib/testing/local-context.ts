/**
 * A context without actors: its function runs right here.
 * Floor 9, room of the testing kit; public.
 */
import {Actor} from '../actor/actor.js';
import {markOf} from '../actor/mark-table.js';
import type {Marked} from '../actor/marks.js';
import {Peer} from '../actor/peer.js';
import {defaultTimeouts} from '../actor/tree-options.js';
import {newActorId, newId} from '../base/actor-id.js';
import {Scope} from '../base/scope.js';
import {flowOf} from '../context/flow/options.js';
import {Caller} from '../context/protocol/caller.js';
import type {CalleeContext} from '../context/rx/callee-context.js';
import {Context} from '../context/rx/context.js';
import {messagePack} from '../msg/codec.js';
import {maxFrameBytes} from '../msg/frame.js';
import {memoryPair} from '../transport/memory.js';

/**
 * Calls a context function right here, and gives the caller's end of the context: for unit tests of one function. There is no actor to
 * start and no nursery to open. Values cross as they do between actors, so what cannot be sent is refused here too.
 *
 * @throws TypeError for a function that is not marked by `context`, Unserializable for arguments that cannot cross
 *
 * @example
 * ```ts
 * const counting = localContext(counter, 10);
 * const wire = counting.openStream();
 * await wire.send('next');
 * wire.complete();
 * console.log(await counting.result());
 * ```
 */
export function localContext<In, Out, First, A extends unknown[], R>(
  fn: ((ctx: CalleeContext<In, Out, First>, ...args: A) => R) & Marked<'context'>,
  ...args: A
): Context<Out, In, First, Awaited<R>> {
  const mark = markOf(fn);
  if (mark.kind !== 'context')
    throw new TypeError(`localContext() takes a function of the kind context, not a ${mark.kind}`);
  const [caller, callee] = [localActor('test'), localActor('local')];
  callee.exposed.allow(fn);
  const [near, far] = memoryPair({maxFrameBytes});
  const peer: Peer = new Peer(caller, near, 'accepted', {quiet: () => peer.channel.close()}, callee.id);
  new Peer(callee, far, 'connected', {}, caller.id);
  return new Context(
    new Caller(peer.channel, {
      kind: 'context',
      fn: peer.functions.refOf(mark),
      name: mark.name,
      args,
      openedBy: 'verb',
      scope: new Scope('localContext'),
      flow: flowOf({}),
      schemas: mark.schemas,
      from: localContext,
      cancelBound: defaultTimeouts.exit,
      understood: () => peer.functions.heard(mark),
    }),
  );
}

function localActor(name: string): Actor {
  const tree = {treeId: newId(), depth: 0, logLevel: 'warn' as const, timeouts: defaultTimeouts};
  return new Actor({id: newActorId(name), root: true, codec: messagePack, tree});
}
