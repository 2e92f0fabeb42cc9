/**
 * The channel to a child: its greeting, its readiness, and what it says about its own end.
 * Floor 6: below `child-actor`, which decides when the child ends.
 */
import type {Actor} from '../actor/actor.js';
import {Peer} from '../actor/peer.js';
import type {SpawnSpec} from '../actor/spawn-spec.js';
import {type ActorId, formatActor} from '../base/actor-id.js';
import {deferred} from '../base/deferred.js';
import {type ActorDied, ContextCancelled, ProtocolError, SpawnFailed} from '../base/errors.js';
import {Kind} from '../msg/types.js';
import type {Transport} from '../transport/transport.js';
import type {StartProgress} from './start-progress.js';

/** Who the child must be. */
interface Expected {
  readonly id: string;
  readonly plan: {readonly name: string};
  readonly progress: StartProgress;
}

export class ChildConnection {
  readonly peer: Peer;
  readonly #ready = deferred();
  readonly #received = deferred();
  readonly #closed = deferred();
  readonly #verdict = deferred<ContextCancelled | ActorDied>();
  /** The error that nothing in the child has caught, or the cancel by which it ends, as the child has reported it. */
  lastWords: {readonly error: unknown} | undefined;
  /** Whether the channel has ended. */
  isClosed = false;
  /** How the child broke the protocol, so that its channel was closed. */
  #breach: {readonly error: unknown} | undefined;
  #hasGreeted = false;

  constructor(actor: Actor, transport: Transport, child: Expected) {
    this.peer = new Peer(actor, transport, 'accepted', {
      greeted: id => this.#greeted(id, child),
      ready: () => this.#ready.resolve(),
      failed: error => {
        // An error of the clean-up says more than the cancel before it.
        if (!this.hasCrashed) this.lastWords = {error};
      },
      acknowledged: () => this.#received.resolve(),
    });
    this.peer.channel.fate = this.#verdict.promise;
    this.peer.channel.awaitVerdict(closed => {
      this.isClosed = true;
      if (closed.cause instanceof ProtocolError) this.#breach = {error: closed};
      this.#closed.resolve();
      return this.#verdict.promise;
    });
  }

  /** Tells the child what it is to be. */
  sendSpec(spec: SpawnSpec): void {
    this.peer.channel.send(Kind.Spawn, 0, 0, this.peer.actor.codec.encode(spec));
  }

  /** How far the child has come before it is ready. */
  get phase(): 'connect' | 'import' {
    return this.#hasGreeted ? 'import' : 'connect';
  }

  /** Resolves when the child serves. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Resolves when the child has acknowledged that it was asked to end. */
  get received(): Promise<void> {
    return this.#received.promise;
  }

  /** Resolves when the channel has ended. The calls on it fail with the verdict. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Whether the child has reported an error that nothing in it has caught: it is about to exit. */
  get hasCrashed(): boolean {
    return this.lastWords !== undefined && !(this.lastWords.error instanceof ContextCancelled);
  }

  /** Why the child ends, as far as the channel shows it. */
  get failure(): {readonly error: unknown} | undefined {
    return this.lastWords ?? this.#breach;
  }

  /** Ends the channel, and tells all calls on it why the child has ended. */
  judge(verdict: ContextCancelled | ActorDied): void {
    this.peer.channel.destroy();
    this.#verdict.resolve(verdict);
  }

  #greeted(id: ActorId, child: Expected): void {
    if (id.id !== child.id)
      throw new SpawnFailed(`the process that was started for ${child.plan.name} calls itself ${formatActor(id)}`, {
        phase: 'handshake',
      });
    this.#hasGreeted = true;
    child.progress.note('import');
  }
}
