/**
 * One actor of a nursery, from its start to its end: handshake, readiness, verdict, reaping.
 * Floor 6: above the backends, which start it; `running-nursery` owns it.
 */
import type {Actor, Child} from '../actor/actor.js';
import {countActor, uncountChild} from '../actor/actor-limit.js';
import {enterDebugMode, offerDebugMode} from '../actor/debug-mode.js';
import {directories} from '../actor/directory.js';
import {makePortal, type Portal, type PortalOwner} from '../actor/portal.js';
import type {SurveyQuestion} from '../actor/survey.js';
import {type DebugMode, elsewhere} from '../actor/tree-options.js';
import {windowDoors} from '../actor/window-door.js';
import {type ActorId, formatActor, newId} from '../base/actor-id.js';
import {beginAtStart, type Frames} from '../base/call-frames.js';
import {plainClock, wallTime} from '../base/clock.js';
import {deferred} from '../base/deferred.js';
import {
  type ActorDied,
  type ActorError,
  type ContextCancelled,
  ResourceExhausted,
  SpawnFailed,
} from '../base/errors.js';
import {log} from '../base/log.js';
import {OutputLines} from '../base/output-lines.js';
import type {SurveyPiece} from '../base/packed-survey.js';
import type {Scope} from '../base/scope.js';
import {suppress} from '../base/suppressed.js';
import type {WaitRow} from '../base/tree-survey.js';
import {startHeartbeat} from '../channel/heartbeat.js';
import {type ActorPlan, withStdio} from './actor-options.js';
import type {Spawned, Spawner} from './backends/spawner.js';
import {ChildConnection} from './child-connection.js';
import {surveyOfChild} from './child-survey.js';
import {waitsFor} from './child-waits.js';
import {actorDiedError, type Ending, endText, spawnFailedError} from './death.js';
import {reap} from './reap.js';
import {fixedBy, placeOf} from './request-parts.js';
import {standbysOf} from './standby-options.js';
import {StartProgress} from './start-progress.js';
import type {OnDeath} from './started-actor.js';
import {tellEnd, tellLife, tellSpawn} from './told-child.js';

/**
 * An end has two signs: the exit and the end of the channel. After the first of them, the verdict waits for the second: at most
 * this time, in ms.
 */
const verdictMs = 250;

/** The code that starts an actor. */
interface Starter {
  readonly onDeath: OnDeath;
  /** Its frames: the stacks of errors about the actor begin with them. */
  readonly frames: Frames;
  /** Which start of this actor it is, from 1 on. */
  readonly attempt: number;
  /** Whether its nursery waits for its end. */
  readonly isAwaited: () => boolean;
  /** The actors that are being started in this process. */
  readonly starting: () => readonly string[];
}

export class ChildActor implements PortalOwner, Child {
  readonly id = newId();
  readonly plan: ActorPlan;
  readonly scope: Scope;
  /** The lines that it prints, where its `stdio` is `pipe`. */
  readonly output: OutputLines | undefined;
  readonly #actor: Actor;
  #debug: DebugMode | undefined;
  readonly attempt: number;
  readonly #starter: Starter;
  #bornAt = 0;
  readonly progress = new StartProgress();
  readonly #queue = new AbortController();
  #spawned: Spawned | undefined;
  #connection: ChildConnection | undefined;
  #asked: ContextCancelled | undefined;
  /** How many calls into it have not obeyed a cancel in time. */
  #disobedient = 0;
  #reaped: Promise<boolean> | undefined;
  #hasExited = false;
  readonly #gone = deferred();
  readonly #ended = deferred<ActorDied | undefined>();

  constructor(actor: Actor, plan: ActorPlan, scope: Scope, starter: Starter) {
    this.#actor = actor;
    this.plan = plan;
    this.#debug = plan.debug;
    this.scope = scope;
    this.output = plan.stdio === 'pipe' ? new OutputLines() : undefined;
    this.attempt = starter.attempt;
    this.#starter = starter;
    actor.children.add(this);
    void this.gone.then(() => actor.children.delete(this));
  }

  /** Resolves when the process has been seen to end, or was never started. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /** Resolves at the end: with the death, or with undefined when the end was asked for. */
  get ended(): Promise<ActorDied | undefined> {
    return this.#ended.promise;
  }

  /** Aborted when its end is asked for while it waits for its turn: it will never be started. */
  get queued(): AbortSignal {
    return this.#queue.signal;
  }

  /** Why its end was asked for. Undefined until then. */
  get asked(): ContextCancelled | undefined {
    return this.#asked;
  }

  /** Whether it serves, and as far as is known it goes on to do so. */
  get isThere(): boolean {
    return this.progress.phase === 'serving' && !this.#asked && !this.#isLost;
  }

  /**
   * Whether it ends by itself: its process or its channel has ended, or it has reported an error that nothing in it has caught.
   * Somebody who asks for its end from now on is not the reason of the end.
   */
  get #isLost(): boolean {
    const connection = this.#connection;
    return this.#hasExited || connection?.isClosed === true || connection?.hasCrashed === true;
  }

  /** Starts it. Resolves when it serves. @throws SpawnFailed, or the cancellation that came first */
  async start(spawn: Spawner): Promise<Portal> {
    try {
      return await tellSpawn(this.#actor, this, () => this.#start(spawn));
    } catch (error) {
      if (error instanceof SpawnFailed || error instanceof ResourceExhausted) this.#beginAtStart(error, 'starting');
      throw error;
    }
  }

  async #start(spawn: Spawner): Promise<Portal> {
    await this.#count();
    if (this.plan.entersDebugMode) await this.#enterDebugMode();
    offerDebugMode(this.#actor);
    this.progress.reach('exec');
    const {treeId, startFolder, setpriv} = this.#actor.tree;
    try {
      this.#spawned = await spawn({
        ...fixedBy(this.plan),
        output: this.output,
        id: this.id,
        treeId,
        startFolder,
        setpriv,
        owner: this.#actor.id.id,
        debug: this.#debug?.on,
        standbys: standbysOf.of(this.#actor),
        place: placeOf(this.#actor, this.plan),
      });
      // The end may have been asked for while the system made the process.
      if (this.#asked) this.#killWhenFree();
    } catch (error) {
      this.#neverBegan();
      throw error;
    }
    return this.#connect(this.#spawned);
  }

  /** Counts it in the tree. Still `queued`: its end can be asked for while an actor above is too busy to answer. */
  async #count(): Promise<void> {
    let limit: number | undefined;
    try {
      limit = await countActor(this.#actor, this.queued);
    } catch (error) {
      this.#neverBegan();
      throw this.#asked ?? error;
    }
    if (limit !== undefined) {
      this.#neverBegan();
      throw treeFullError(limit);
    }
    void this.gone.then(() => uncountChild(this.#actor, this.id));
    this.#checkAsked();
  }

  /** Still `queued`: actors above may be too busy to answer. */
  async #enterDebugMode(): Promise<void> {
    try {
      const mode = await this.scope.orCancelled(enterDebugMode(this.#actor));
      this.#debug = withStdio({...mode, on: true}, this.plan.stdio);
    } catch (error) {
      this.#neverBegan();
      throw this.#asked ?? error;
    }
    this.#checkAsked();
  }

  async #connect(spawned: Spawned): Promise<Portal> {
    this.progress.reach('connect');
    const {modules, name, logLevel} = this.plan;
    const {tree} = this.#actor;
    const setpriv = spawned.setpriv === undefined ? tree.setpriv : spawned.setpriv;
    const connection = new ChildConnection(this.#actor, spawned.transport, this);
    this.#connection = connection;
    void this.#awaitEnd(spawned, connection);
    connection.sendSpec({
      modules,
      tree: {
        ...(spawned.isElsewhere ? elsewhere(tree) : tree),
        path: `${this.#actor.logged.path}/${name}`,
        depth: tree.depth + 1,
        logLevel,
        debug: this.#debug,
        setpriv,
      },
      watchParent: !spawned.diesWithParent,
    });
    await this.#untilReady(spawned, connection);
    return this.#serve(spawned, connection);
  }

  /** @throws SpawnFailed when it ends before it is ready, or is not ready in time */
  async #untilReady(spawned: Spawned, connection: ChildConnection): Promise<void> {
    const {spawn} = this.#actor.tree.timeouts;
    let isReady = false;
    const seenReady = connection.ready.then(() => {
      isReady = true;
    });
    const isInTime = await this.#actor.scope.clock.within(Promise.race([seenReady, this.gone]), spawn);
    if (isReady) return;
    if (!isInTime) this.#kill(`it was not ready within ${spawn} ms (timeouts.spawn)`);
    await this.gone;
    this.#checkAsked();
    const ending = await this.#ending(spawned, connection);
    throw spawnFailedError(ending, connection.phase, this.plan.modules, isInTime ? undefined : spawn);
  }

  async #serve({pid}: Spawned, {peer}: ChildConnection): Promise<Portal> {
    this.progress.reach('serving');
    if (this.#asked) {
      this.#killWhenFree();
      await this.gone;
    }
    this.#checkAsked();
    log('runtime', `${this.plan.name} (pid ${pid}) serves`);
    this.#bornAt = wallTime();
    tellLife(this.#actor, peer.channel.peer, 'born');
    windowDoors.of(this.#actor)?.();
    const portal = makePortal(peer, this);
    const directory = directories.of(this.#actor);
    const stopHeartbeat = startHeartbeat(peer.channel, this.#actor.tree.timeouts.heartbeat, state => {
      log('runtime', `${this.plan.name} (pid ${pid}) is ${state}`);
      tellLife(this.#actor, peer.channel.peer, state);
      directory?.report(state, this.id);
    });
    void this.gone.then(stopHeartbeat);
    // Others can find it before anybody can use it (rule D1).
    await directory?.enter(peer.channel.peer as ActorId, portal);
    return portal;
  }

  /** Waits for both signs of the end, or for one and a while. Then everybody is told the same story. */
  async #awaitEnd(spawned: Spawned, connection: ChildConnection): Promise<void> {
    const exited = spawned.exited.then(() => {
      this.#hasExited = true;
    });
    await Promise.race([exited, connection.closed]);
    // The end of a lease needs no second sign: none comes from behind a line that is cut.
    if (!spawned.unknownEnd?.()?.isLost)
      await plainClock.within(Promise.all([spawned.exited, connection.closed]), verdictMs);
    // A process without its channel is of no use to anybody, and must not outlive it.
    spawned.kill();
    const ending = await this.#ending(spawned, connection);
    const hasServed = this.progress.phase === 'serving';
    const death = actorDiedError(ending, connection.peer.channel.peer);
    this.#beginAtStart(death, 'started as');
    const unasked = this.#asked ? undefined : death;
    connection.judge(this.#asked ?? death);
    this.#ended.resolve(unasked);
    directories.of(this.#actor)?.leave(this.id, unasked);
    this.#gone.resolve();
    log('runtime', `${this.plan.name} (pid ${spawned.pid}) has ended: ${endText(ending)}`);
    const actor = connection.peer.channel.peer;
    if (hasServed && actor) {
      const isElsewhere = spawned.isElsewhere === true;
      tellEnd(this.#actor, {actor, since: this.#bornAt, isElsewhere}, {exit: ending.exit, asked: !unasked});
    }
    if (!hasServed || !unasked) return;
    const {lastWords, hasCrashed} = connection;
    if (hasCrashed) suppress(lastWords?.error, death);
    this.#starter.onDeath(hasCrashed ? lastWords?.error : death, death);
  }

  async #ending(spawned: Spawned, connection: ChildConnection): Promise<Ending> {
    const exit = await spawned.exited;
    const {name, maxHeap} = this.plan;
    const unknown = spawned.unknownEnd?.();
    return {name, exit, unknown, stderr: spawned.stderrTail(), failure: connection.failure, maxHeap};
  }

  /** Ends it step by step (`reap`). Resolves when it is gone: true when it went by itself. Never rejects. */
  cancel(why: ContextCancelled, budget: number): Promise<boolean> {
    // Before it has served, its end is part of whatever else ends: a Ctrl-C may have reached it first.
    if (!(this.progress.phase === 'serving' && this.#isLost)) this.#asked ??= why;
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
    const peer = this.#connection?.peer.channel.peer;
    const who = peer ? formatActor(peer) : this.plan.name;
    if (!this.#asked) log('warn', `${who} is ended: its task ${task} has not obeyed a cancel in time (timeouts.exit)`);
    this.#disobedient++;
    const ending = this.cancel(why, this.scope.teardownBudget);
    // These calls have had their time. When other calls run in it, they are given theirs.
    if (this.#connection && this.#disobedient >= this.#connection.peer.channel.size)
      this.#kill('nothing runs in it but what did not obey');
    await ending;
  };

  async #reap(why: ContextCancelled, budget: number): Promise<boolean> {
    const {clock} = this.#actor.scope;
    // While it waits for its turn it can go at once. Otherwise it lives until nobody in the tree is at a prompt.
    const gate = this.progress.phase === 'queued' ? undefined : clock.free();
    if (gate) await gate;
    const connection = this.#connection;
    if (this.progress.phase === 'serving' && connection) {
      log('cancel', `asking ${this.plan.name} to end: ${why.message}`);
      const reapable = {
        request: (reason: ContextCancelled, handed: number) =>
          connection.peer.cancelActor(reason, Math.max(0, handed - (this.#spawned?.roundTrip?.() ?? 0))),
        received: connection.received,
        gone: this.gone,
        kill: () => this.#kill('it did not end in time (timeouts.cancelAck, timeouts.exit)'),
      };
      return reap(reapable, why, budget, this.#actor.tree.timeouts.cancelAck, clock);
    }
    if (this.progress.phase === 'queued') {
      this.#neverBegan();
      this.#queue.abort(why);
    }
    // While it is being started there is nobody to ask.
    this.#spawned?.kill();
    await this.gone;
    return false;
  }

  #neverBegan(): void {
    this.output?.end();
    this.#gone.resolve();
    this.#ended.resolve(undefined);
  }

  #kill(because: string): void {
    log('cancel', `killing ${this.plan.name} (pid ${this.#spawned?.pid}): ${because}`);
    this.#killWhenFree();
  }

  #killWhenFree(): void {
    this.#actor.scope.clock.whenFree(() => this.#spawned?.kill());
  }

  #beginAtStart(error: ActorError, done: string): void {
    beginAtStart(error, `${done} ${this.plan.name}`, this.#starter.frames);
  }

  #checkAsked(): void {
    if (this.#asked) throw this.#asked;
  }

  waits(): readonly WaitRow[] {
    return waitsFor({
      id: this.id,
      phase: this.progress.phase,
      by: this.scope.runningTask?.uid ?? this.#actor.id.id,
      isAwaited: this.#asked !== undefined || this.#starter.isAwaited(),
      starting: this.#starter.starting(),
    });
  }

  survey(question: SurveyQuestion, depth: number): readonly SurveyPiece[] {
    const child = {id: this.id, plan: this.plan, phase: this.progress.phase};
    return surveyOfChild({...child, connection: this.#connection, spawned: this.#spawned}, question, depth);
  }
}

function treeFullError(limit: number): ResourceExhausted {
  return new ResourceExhausted(`a tree may have ${limit} actors, and this one has: maxActors of its root allows more`, {
    what: 'actors',
  });
}
