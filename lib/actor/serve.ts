/**
 * A spawned actor from its first message to its last: becomes what the parent says, serves, and ends when told to.
 * Floor 5: the same in a process, a thread and inline; what carries the actor is its `Host`.
 */
import {ContextCancelled} from '../base/errors.js';
import {hooks, lookedAt} from '../base/hooks.js';
import {log} from '../base/log.js';
import {Kind} from '../msg/types.js';
import type {Transport} from '../transport/transport.js';
import type {Actor} from './actor.js';
import {Peer} from './peer.js';
import {guestPortal, setParent} from './portal.js';
import type {SpawnSpec} from './spawn-spec.js';
import {survey} from './survey.js';

/** What carries an actor: a process, a thread, or the runtime of another actor. */
export interface Host {
  /** Whether it shares its modules with its parent: what has been marked there need not be imported. */
  readonly here?: boolean;
  /** What the parent wants is known; the modules are imported when it is done. */
  prepare(spec: SpawnSpec): Promise<unknown> | undefined;
  /** Everything was said: ends what carries the actor. */
  exit(code: number): void;
  /** The parent is gone: nobody is left to be told of a clean-up. */
  orphaned(): void;
}

export interface Served {
  readonly peer: Peer;
  /** Ends every task within `budget` ms, then exits. */
  shutDown(why: ContextCancelled, budget: number, code: number): Promise<void>;
  /** Tells the parent what nothing here has caught, then exits. An absorbed cancellation is no such thing. */
  fail(error: unknown): void;
}

export function serve(actor: Actor, transport: Transport, host: Host): Served {
  let ending = false;
  let isShown = false;
  const peer = new Peer(actor, transport, 'connected', {
    spawn: payload => void boot(payload as SpawnSpec),
    cancelled: (why, budget) => void shutDown(why, budget, 0),
    ended: () => host.orphaned(),
  });
  actor.importing = true;
  actor.exposed.allow(survey);
  setParent(actor, guestPortal(peer, actor.scope));

  const boot = async (spec: SpawnSpec): Promise<void> => {
    actor.tree = {...spec.tree};
    actor.scope.ownPatience = actor.tree.timeouts.explain;
    const prepared = host.prepare(spec);
    if (prepared) await prepared;
    // A module that waits for ever must show at once: the channel alone does not keep the process while it imports.
    peer.channel.keepAlive(false);
    try {
      await actor.run(actor.scope, () => actor.exposed.load(spec.homes, host.here));
      if (actor.importFailure) throw actor.importFailure;
    } catch (error) {
      fail(error);
      return;
    }
    actor.importing = false;
    peer.channel.keepAlive(true);
    peer.channel.send(Kind.Ready, 0, 0, actor.codec.encode(actor.exposed.names()));
  };

  const shutDown = async (why: ContextCancelled, budget: number, code: number): Promise<void> => {
    if (ending) return;
    ending = true;
    actor.scope.budget = budget;
    // A task that ignores its signal does not hold up an exit that nobody above enforces (SIGTERM).
    await actor.scope.clock.within(actor.cancel(why), budget);
    host.exit(code);
  };

  actor.endFor = (why, budget) => void shutDown(why, budget, 0);

  const fail = (error: unknown): void => {
    if (error instanceof ContextCancelled && (actor.scope.cancelled || !actor.importing)) return;
    if (hooks.isOfPrompt?.()) return log('warn', 'nothing has caught what was left by code of the prompt', {error});
    // It ends by the first, which somebody looks at: what comes meanwhile would not have been.
    if (isShown) return log('runtime', 'nothing has caught another error', {error});
    if (actor.importing) return fall(error);
    isShown = lookedAt(actor.id.id, actor.scope, error, fall) !== undefined;
  };

  const fall = (error: unknown): void => {
    peer.sendFailure(error);
    host.exit(1);
  };

  return {peer, shutDown, fail};
}
