/**
 * A spawned actor from its first message to its last: it becomes what its parent says, serves, and ends when told to.
 * Floor 5: the same for a process, a thread and an inline actor. Each boot says by `Boot` how it prepares and how it ends.
 */
import {newActorId} from '../base/actor-id.js';
import {ContextCancelled} from '../base/errors.js';
import {hooks, lookedAt} from '../base/hooks.js';
import {log} from '../base/log.js';
import {messagePack} from '../msg/codec.js';
import {Kind} from '../msg/types.js';
import type {Transport} from '../transport/transport.js';
import {Actor} from './actor.js';
import {setParent} from './parent.js';
import {Peer} from './peer.js';
import {guestPortal} from './portal.js';
import type {SpawnSpec} from './spawn-spec.js';
import {survey, treeSurvey} from './survey.js';
import {defaultTimeouts} from './tree-options.js';

/** Who the new actor is, as the parent has decided. */
export interface SpawnedIdentity {
  readonly name: string;
  readonly id: string;
  readonly treeId: string;
}

/** How a process, a thread or an inline actor prepares to serve, and how it ends. */
export interface Boot {
  /** Whether it shares its modules with its parent: functions that are marked there need not be imported. */
  readonly sharesModules?: boolean;
  /** Gives the URL of a module on this host. Default: the same. @throws Error for a module that this actor may not import */
  readonly urlOf?: ((module: string) => string) | undefined;
  /** The parent has said what it wants. The modules are imported when this is done. */
  prepare(spec: SpawnSpec, actor: Actor): Promise<unknown> | undefined;
  /** Everything has been sent to the parent: ends the process, the thread or the inline actor. */
  exit(code: number): void;
  /** The parent is gone, so that nobody can be told of a clean-up. */
  orphaned(): void;
}

export interface Served {
  readonly actor: Actor;
  readonly peer: Peer;
  /** Ends every task within `budget` ms, then exits. The parent, who has not asked for that, is told why. */
  shutDown(why: ContextCancelled, budget: number, code: number): Promise<void>;
  /** Tells the parent of an error that nothing here has caught, then exits. A cancellation is not such an error. */
  fail(error: unknown): void;
}

export function serve({name, id, treeId}: SpawnedIdentity, transport: Transport, boot: Boot): Served {
  const actor = new Actor({
    id: newActorId(name, id),
    root: false,
    codec: messagePack,
    // Until the parent has sent those of the tree.
    tree: {treeId, depth: 1, logLevel: 'warn', timeouts: defaultTimeouts},
  });
  let isEnding = false;
  let isShown = false;
  const peer = new Peer(actor, transport, 'connected', {
    spawn: payload => void become(payload as SpawnSpec),
    cancelled: (why, budget) => void end(why, budget, 0),
    ended: () => boot.orphaned(),
  });
  actor.importing = true;
  for (const fn of [survey, treeSurvey]) actor.exposed.allow(fn);
  setParent(actor, guestPortal(peer, actor.scope));

  const become = async (spec: SpawnSpec): Promise<void> => {
    actor.join({...spec.tree});
    const prepared = boot.prepare(spec, actor);
    if (prepared) await prepared;
    // A module that waits for ever must show at once: the channel does not keep the process alive while it imports.
    peer.channel.keepAlive(false);
    try {
      await actor.run(actor.scope, async () => {
        for (const url of spec.tree.preload ?? []) await import(boot.urlOf?.(url) ?? url);
        await actor.exposed.load(spec.modules, boot.sharesModules, boot.urlOf);
      });
      if (actor.importFailure) throw actor.importFailure;
    } catch (error) {
      fail(error);
      return;
    }
    actor.importing = false;
    peer.channel.keepAlive(true);
    peer.channel.send(Kind.Ready, 0, 0, actor.codec.encode(actor.exposed.names()));
  };

  const shutDown = (why: ContextCancelled, budget: number, code: number): Promise<void> => {
    if (!isEnding) peer.sendFailure(why);
    return end(why, budget, code);
  };

  const end = async (why: ContextCancelled, budget: number, code: number): Promise<void> => {
    if (isEnding) return;
    isEnding = true;
    actor.scope.budget = budget;
    // After SIGTERM no parent enforces the end: a task that ignores its signal must not hold up the exit.
    await actor.scope.clock.within(actor.cancel(why), budget);
    boot.exit(code);
  };

  actor.endFor = (why, budget) => void shutDown(why, budget, 0);

  const fail = (error: unknown): void => {
    if (error instanceof ContextCancelled && (actor.scope.cancelled || !actor.importing)) return;
    if (hooks.isOfPrompt?.()) return log('warn', 'nothing has caught what was left by code of the prompt', {error});
    // The first error ends the actor, and in debug mode somebody looks at it. Later ones are only logged.
    if (isShown) return log('runtime', 'nothing has caught another error', {error});
    if (actor.importing) return exitWith(error);
    isShown = lookedAt(actor.id.id, actor.scope, error, exitWith) !== undefined;
  };

  const exitWith = (error: unknown): void => {
    peer.sendFailure(error);
    boot.exit(1);
  };

  return {actor, peer, shutDown, fail};
}
