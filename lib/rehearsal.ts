/**
 * The life of an actor between two ends in the memory of this process: a standby lives it once, before it is assigned.
 * Floor 9: loaded by `child` in a standby alone, and beside the public door, because it imports the package as a module of a user does.
 *
 * V8 compiles a function when it is first called, and nearly every step of a start is taken for the first time. A standby that has
 * taken them answers its first call 1.25 times as soon on Node 20, and 1.3 times on Node 26.
 */
import {Actor} from './actor/actor.js';
import {modulesOf} from './actor/exposed.js';
import {Peer} from './actor/peer.js';
import {guestPortal} from './actor/portal.js';
import {serve} from './actor/serve.js';
import type {SpawnSpec} from './actor/spawn-spec.js';
import {defaultTimeouts} from './actor/tree-options.js';
import {newActorId, newId} from './base/actor-id.js';
import {hasCarriers} from './base/carry.js';
import {deferred} from './base/deferred.js';
import {callEvents, taskEvents} from './base/events.js';
import {task} from './index.js';
import {messagePack} from './msg/codec.js';
import {maxFrameBytes} from './msg/frame.js';
import {Kind} from './msg/types.js';
import {memoryPair} from './transport/memory.js';

/** Without a name, as most functions of users: then its place is looked for, here and by the actor. */
const echo = task((value: number): number => value);

/** Whether a module that `--import` names would see the call. */
const isSeen = (): boolean => callEvents.hasSubscribers || taskEvents.hasSubscribers || hasCarriers();

/** Resolves when the actor has answered a call and is gone. Nothing is done where a user could see it. */
export async function rehearse(): Promise<void> {
  if (isSeen()) return;
  const [here, there] = memoryPair({maxFrameBytes});
  const [actorEnded, parentEnded] = [deferred(), deferred()];
  const tree = {treeId: newId(), depth: 1, logLevel: 'warn' as const, timeouts: defaultTimeouts};
  const spec: SpawnSpec = {modules: modulesOf([echo]), tree, watchParent: false};
  serve({name: 'rehearsal', id: newId(), treeId: tree.treeId}, there, {
    sharesModules: true,
    prepare: () => undefined,
    exit: () => {},
    orphaned: actorEnded.resolve,
  });

  const parent = new Actor({id: newActorId('standby'), root: true, codec: messagePack, tree: {...tree, depth: 0}});
  const call = async (): Promise<void> => {
    await guestPortal(peer, parent.scope).run(echo, 1);
    peer.channel.close();
  };
  const peer = new Peer(parent, here, 'accepted', {
    greeted: () => peer.channel.send(Kind.Spawn, 0, 0, messagePack.encode(spec)),
    ready: () => void call(),
    ended: () => parentEnded.resolve(),
  });
  await Promise.all([actorEnded.promise, parentEnded.promise]);
}
