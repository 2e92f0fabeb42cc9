/**
 * One child of a nursery, from its spawn to its end: handshake, readiness, verdict, reaping.
 * Floor 6: between the backend below and `nursery`, which owns it.
 */
import type {Actor, Child} from '../actor/actor.js';
import {freeSeats, takeSeat} from '../actor/actor-limit.js';
import {directoryOf} from '../actor/directory.js';
import type {ExposedHome} from '../actor/exposed.js';
import {Peer} from '../actor/peer.js';
import {makePortal, type Portal, type PortalOwner} from '../actor/portal.js';
import type {SpawnSpec} from '../actor/spawn-spec.js';
import {askSurvey} from '../actor/survey.js';
import {type ActorId, formatActor, newId} from '../base/actor-id.js';
import {plainClock} from '../base/clock.js';
import {
  ActorDied,
  type ContextCancelled,
  type Exit,
  ProtocolError,
  ResourceExhausted,
  SpawnFailed,
  type SpawnPhase,
} from '../base/errors.js';
import {causeOf, isError, thrownText} from '../base/foreign.js';
import {log} from '../base/log.js';
import type {Scope} from '../base/scope.js';
import {suppress} from '../base/suppressed.js';
import type {SurveyRow} from '../base/tree-survey.js';
import {startHeartbeat} from '../channel/heartbeat.js';
import {Kind} from '../msg/types.js';
import {reap} from './reap.js';
import type {Body, Spawn} from './spawner.js';

/** How an actor is to be started, options checked and merged. */
export interface OffspringPlan {
  readonly backend: 'process' | 'thread' | 'inline';
  readonly name: string;
  readonly homes: readonly ExposedHome[];
  readonly daemon: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string | undefined;
  readonly execArgv: readonly string[] | undefined;
  readonly stdio: 'inherit' | 'prefix' | 'ignore';
  readonly logLevel: Actor['tree']['logLevel'];
  readonly debug: Actor['tree']['debug'];
}

/** How long the verdict on a death waits for the second of its two signs, the exit and the channel's end. */
const verdictMs = 250;

export class Offspring implements PortalOwner, Child {
  readonly plan: OffspringPlan;
  readonly scope: Scope;
  /** Resolves when the process has been seen to end, or was never started. */
  readonly gone: Promise<void>;
  /** Undefined when the end was asked for. */
  readonly ended: Promise<ActorDied | undefined>;
  readonly #actor: Actor;
  readonly id = newId();
  #phase: 'queued' | SpawnPhase | 'serving' = 'queued';
  readonly #queue = new AbortController();
  #body: Body | undefined;
  #peer: Peer | undefined;
  /** What the child said of itself before it went: the error that nothing in it had caught. */
  #lastWords: {readonly error: unknown} | undefined;
  /** What it did to the channel that nobody could go on with. */
  #breach: {readonly error: unknown} | undefined;
  #asked: ContextCancelled | undefined;
  /** Calls into it that did not obey a cancel in time. */
  #stubborn = 0;
  #reaped: Promise<boolean> | undefined;
  #resolveGone!: () => void;
  #resolveEnded!: (death: ActorDied | undefined) => void;
  #resolveReceived!: () => void;
  readonly #received = new Promise<void>(resolve => {
    this.#resolveReceived = resolve;
  });
  /** Called with a death that nobody asked for. */
  readonly #onDeath: (error: unknown) => void;

  constructor(actor: Actor, plan: OffspringPlan, scope: Scope, onDeath: (error: unknown) => void) {
    this.#actor = actor;
    this.plan = plan;
    this.scope = scope;
    this.#onDeath = onDeath;
    this.gone = new Promise(resolve => {
      this.#resolveGone = resolve;
    });
    this.ended = new Promise(resolve => {
      this.#resolveEnded = resolve;
    });
    actor.children.add(this);
    void this.gone.then(() => actor.children.delete(this));
  }

  /** Aborted when its end is asked for while it waits its turn: it will never be started. */
  get queued(): AbortSignal {
    return this.#queue.signal;
  }

  /** Why its end was asked for, when it was. */
  get asked(): ContextCancelled | undefined {
    return this.#asked;
  }

  /** Starts it. Resolves when it serves. @throws SpawnFailed, or the cancellation that came first */
  async start(spawn: Spawn): Promise<Portal> {
    const {plan} = this;
    const {tree} = this.#actor;
    await this.#takeSeat();
    this.#phase = 'exec';
    try {
      this.#body = await spawn({
        name: plan.name,
        id: this.id,
        treeId: tree.treeId,
        env: plan.env,
        cwd: plan.cwd,
        execArgv: plan.execArgv,
        stdio: plan.stdio,
        owner: this.#actor.id.id,
        debug: plan.debug?.on,
      });
      // The end may have been asked for while the system made the process.
      if (this.#asked) this.#killWhenFree();
    } catch (error) {
      this.#neverBegan();
      throw error;
    }
    return this.#handshake(this.#body);
  }

  /** Still `queued`: its end can be asked for while an actor above is too busy to answer. */
  async #takeSeat(): Promise<void> {
    let full: number | undefined;
    try {
      full = await takeSeat(this.#actor, this.queued);
    } catch (error) {
      this.#neverBegan();
      throw this.#asked ?? error;
    }
    if (full === undefined) {
      void this.gone.then(() => freeSeats(this.#actor, this.id));
      this.#checkAsked();
      return;
    }
    this.#neverBegan();
    throw new ResourceExhausted(`a tree may have ${full} actors, and this one has: maxActors of its root allows more`, {
      what: 'actors',
    });
  }

  /** Ends it by the ladder. Resolves when it is gone: true when it went by itself. Never rejects. */
  cancel(why: ContextCancelled, budget: number): Promise<boolean> {
    this.#asked ??= why;
    this.#reaped ??= this.#reap(why, budget);
    return this.#reaped;
  }

  cancelActor(why: ContextCancelled): Promise<boolean> {
    return this.cancel(why, this.scope.teardownBudget);
  }

  /** Ends it because a task in it does not obey its cancel. */
  readonly force = async (why: ContextCancelled, task: string): Promise<void> => {
    const gate = this.#actor.scope.clock.free();
    if (gate) await gate;
    const peer = this.#peer?.channel.peer;
    log(
      'warn',
      `${peer ? formatActor(peer) : this.plan.name} is ended: its task ${task} has not obeyed a cancel in time`,
    );
    this.#stubborn++;
    const ending = this.cancel(why, this.scope.teardownBudget);
    // These have had their time. Others that run in it have not, and are given it.
    if (this.#peer && this.#stubborn >= this.#peer.channel.size) this.#kill('nothing runs in it but what did not obey');
    await ending;
  };

  async survey(budget: number): Promise<SurveyRow[]> {
    const {name} = this.plan;
    if (this.#peer && this.#phase === 'serving') return askSurvey(this.#peer, name, budget);
    const state = this.#phase === 'queued' ? 'waits for its turn to be started' : `is being started (${this.#phase})`;
    return [{depth: 0, actor: name, state, waits: [], more: 0}];
  }

  async #reap(why: ContextCancelled, budget: number): Promise<boolean> {
    // One that waits for its turn is nobody yet; any other lives until nobody in the tree is at a prompt.
    const gate = this.#phase === 'queued' ? undefined : this.#actor.scope.clock.free();
    if (gate) await gate;
    const peer = this.#peer;
    if (this.#phase === 'serving' && peer) {
      log('cancel', `asking ${this.plan.name} to end: ${why.message}`);
      return reap(
        {
          request: (reason, handed) => peer.cancelActor(reason, handed),
          received: this.#received,
          gone: this.gone,
          kill: () => this.#kill('it did not end in time'),
        },
        why,
        budget,
        this.#actor.tree.timeouts.cancelAck,
        this.#actor.scope.clock,
      );
    }
    if (this.#phase === 'queued') {
      this.#neverBegan();
      this.#queue.abort(why);
    }
    // Still being started: there is nobody to ask.
    this.#body?.kill();
    await this.gone;
    return false;
  }

  #neverBegan(): void {
    this.#resolveGone();
    this.#resolveEnded(undefined);
  }

  #kill(because: string): void {
    log('cancel', `killing ${this.plan.name} (pid ${this.#body?.pid}): ${because}`);
    this.#killWhenFree();
  }

  #killWhenFree(): void {
    this.#actor.scope.clock.whenFree(() => this.#body?.kill());
  }

  async #handshake(body: Body): Promise<Portal> {
    this.#phase = 'connect';
    let serve!: () => void;
    const ready = new Promise<void>(resolve => {
      serve = resolve;
    });
    let channelEnded!: () => void;
    const channelEnd = new Promise<void>(resolve => {
      channelEnded = resolve;
    });
    const peer = new Peer(this.#actor, body.transport, 'accepted', {
      greeted: id => this.#greeted(id),
      ready: () => serve(),
      failed: error => {
        this.#lastWords ??= {error};
      },
      acknowledged: () => this.#resolveReceived(),
    });
    this.#peer = peer;
    let judged!: (error: ContextCancelled | ActorDied) => void;
    const verdict = new Promise<ContextCancelled | ActorDied>(resolve => {
      judged = resolve;
    });
    peer.channel.awaitVerdict(closed => {
      if (closed.cause instanceof ProtocolError) this.#breach = {error: closed};
      channelEnded();
      return verdict;
    });
    peer.channel.send(Kind.Spawn, 0, 0, this.#actor.codec.encode(this.#spec(body)));
    void this.#watch(body, peer, channelEnd, judged);

    const {spawn} = this.#actor.tree.timeouts;
    const inTime = await this.#actor.scope.clock.within(Promise.race([ready, this.gone]), spawn);
    if (!inTime) this.#kill(`it was not ready within ${spawn} ms`);
    const isReady = inTime && (await isSettled(ready));
    if (!isReady) {
      await this.gone;
      throw this.#spawnFailed(body, await body.exited, inTime);
    }
    this.#phase = 'serving';
    if (this.#asked) {
      this.#killWhenFree();
      await this.gone;
    }
    this.#checkAsked();
    log('runtime', `${this.plan.name} (pid ${body.pid}) serves`);
    const portal = makePortal(peer, this);
    const directory = directoryOf(this.#actor);
    const stopHeartbeat = startHeartbeat(peer.channel, this.#actor.tree.timeouts.heartbeat, state => {
      log('runtime', `${this.plan.name} (pid ${body.pid}) is ${state}`);
      directory?.report(state, this.id);
    });
    void this.gone.then(stopHeartbeat);
    // Found before anybody can use it (rule D1).
    await directory?.enter(peer.channel.peer as ActorId, portal);
    return portal;
  }

  /** Sees the end: both signs of it, or one and a while; then tells everybody the same story. */
  async #watch(
    body: Body,
    peer: Peer,
    channelEnd: Promise<void>,
    judged: (error: ContextCancelled | ActorDied) => void,
  ): Promise<void> {
    await Promise.race([body.exited, channelEnd]);
    await plainClock.within(Promise.all([body.exited, channelEnd]), verdictMs);
    // A process without its channel is no use to anybody, and must not outlive it.
    body.kill();
    const exit = await body.exited;
    const served = this.#phase === 'serving';
    const death = this.#death(exit, peer.channel.peer);
    peer.channel.destroy();
    judged(this.#asked ?? death);
    this.#resolveEnded(this.#asked ? undefined : death);
    directoryOf(this.#actor)?.leave(this.id, this.#asked ? undefined : death);
    this.#resolveGone();
    log('runtime', `${this.plan.name} (pid ${body.pid}) has ended: ${exitText(exit)}`);
    if (served && !this.#asked) this.#onDeath(this.#lastWords ? withExit(this.#lastWords.error, death) : death);
  }

  #greeted(id: ActorId): void {
    if (id.id !== this.id)
      throw new SpawnFailed(`the process that was started for ${this.plan.name} calls itself ${formatActor(id)}`, {
        phase: 'handshake',
      });
    this.#phase = 'import';
  }

  #spec(body: Body): SpawnSpec {
    const {tree} = this.#actor;
    return {
      homes: this.plan.homes,
      tree: {...tree, depth: tree.depth + 1, logLevel: this.plan.logLevel, debug: this.plan.debug},
      watchParent: !body.diesWithParent,
    };
  }

  #death(exit: Exit, id: ActorId | undefined): ActorDied {
    const who = id ? formatActor(id) : this.plan.name;
    const why = this.#lastWords ?? this.#breach;
    const words = why ? `: ${thrownText(why.error)}` : '';
    const stderr = this.#body?.stderrTail() ?? '';
    const heap =
      (exit.signal === 'SIGABRT' || exit.code === 1) && stderr.includes('heap out of memory')
        ? ' (its heap was out of memory)'
        : '';
    return new ActorDied(`${who} died (${exitText(exit)})${heap}${words}`, {
      exit,
      stderr,
      actor: id,
      cause: why?.error,
    });
  }

  #spawnFailed(body: Body, exit: Exit, inTime: boolean): unknown {
    if (this.#asked) return this.#asked;
    const phase = this.#phase as SpawnPhase;
    const stderr = body.stderrTail();
    const why = this.#lastWords ?? this.#breach;
    const words = why ? `: ${thrownText(why.error)}` : '';
    const how = inTime
      ? `it ended (${exitText(exit)})${why ? '' : hint(phase, exit)}`
      : `it was not ready within ${this.#actor.tree.timeouts.spawn} ms`;
    const tail = stderr === '' ? '' : `\n--- the end of its stderr ---\n${stderr}`;
    // The cause is what was thrown over there, not the box that it came in.
    const cause = isError(why?.error) ? (causeOf(why.error) ?? why.error) : undefined;
    return new SpawnFailed(
      `actor ${this.plan.name} could not be started (phase ${phase}${phase === 'import' ? ` of ${modulesOf(this.plan.homes)}` : ''})${words || `: ${how}`}${tail}`,
      {phase, cause, exit, stderr},
    );
  }

  #checkAsked(): void {
    if (this.#asked) throw this.#asked;
  }
}

/** An error of an import need not say in which file it arose. */
function modulesOf(homes: readonly ExposedHome[]): string {
  const modules = [...new Set(homes.map(({module}) => module))];
  return modules.length > 3 ? `${modules.slice(0, 3).join(', ')} and ${modules.length - 3} more` : modules.join(', ');
}

function hint(phase: SpawnPhase, exit: Exit): string {
  if (phase !== 'import' || (exit.code !== 0 && exit.code !== 13)) return '';
  return ' while it imported what it exposes: a top-level await that never settles, or a process.exit()';
}

function withExit(error: unknown, death: ActorDied): unknown {
  suppress(error, death);
  return error;
}

function exitText(exit: Exit): string {
  return exit.signal ? `killed by ${exit.signal}` : `exit code ${exit.code}`;
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
}
