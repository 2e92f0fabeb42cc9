/**
 * The runtime of one actor: who it is, what it exposes, the tasks that run in it.
 * Floor 5: one object for each actor. `main` makes that of a root, `serve` that of a spawned actor.
 */
import type {ActorId} from '../base/actor-id.js';
import {plainClock, wallTime} from '../base/clock.js';
import {type Current, type RunningTask, runWith} from '../base/current.js';
import type {ContextCancelled, Exit, SpawnFailed} from '../base/errors.js';
import type {LoggedActor} from '../base/log.js';
import type {SurveyPiece} from '../base/packed-survey.js';
import {Ring} from '../base/ring.js';
import {Scope} from '../base/scope.js';
import type {WaitRow} from '../base/tree-survey.js';
import type {Channel} from '../channel/channel.js';
import type {Codec} from '../msg/codec.js';
import {type CallLimits, defaultCallLimits} from './admission.js';
import {Exposed} from './exposed.js';
import type {Timeouts, TreeOptions} from './tree-options.js';

/** An actor that this one has started. */
export interface Child {
  readonly id: string;
  readonly plan: {readonly name: string};
  /** The waits for it that no context tells of. */
  waits(): readonly WaitRow[];
  /** Ends it. Resolves when it is gone: true when it went by itself. Never rejects. */
  cancelActor(why: ContextCancelled): Promise<boolean>;
  /** Tells what this child, and the actors below it, wait for, from level `depth` on. Takes at most `budget` ms, and never rejects. */
  survey(question: {readonly budget: number; readonly contexts: string}, depth: number): readonly SurveyPiece[];
}

/** Told of each runtime that is made in this process. The testing kit fills it. */
export const actorListener: {made: ((actor: Actor) => void) | undefined} = {made: undefined};

/** A child that has ended. */
export interface Departed {
  readonly actor: ActorId;
  /** When it began, in ms since 1970. */
  readonly since: number;
  readonly exit: Exit;
  /** Another incarnation of the same actor has its place, or will have it. */
  readonly isReplaced: boolean;
  /** It ran on another host. */
  readonly isElsewhere: boolean;
}

/** For how long after a survey the children are remembered that have ended, in ms: an observer looks again by then. */
const observedMs = 30_000;
/** Maximum number of children that are remembered. */
const maxDeparted = 32;

export class Actor {
  readonly id: ActorId;
  readonly root: boolean;
  readonly codec: Codec;
  tree: TreeOptions;
  readonly exposed = new Exposed();
  /** How many calls one peer may make of this actor at a time. */
  readonly limits: CallLimits;
  /** Its open connections. */
  readonly channels = new Set<Channel>();
  /** The actors that it has started and that have not ended. */
  readonly children = new Set<Child>();
  /** The children that have ended while somebody observed this actor, the latest last. */
  #departed: readonly (Departed & {readonly goneAt: number})[] = [];
  /** When it was surveyed the last time. */
  observedAt = Number.NEGATIVE_INFINITY;
  /** When it began, in ms since 1970. */
  readonly since = wallTime();
  /** At the root: the maximum number of actors in the tree, the root not counted. */
  maxActors = 1_024;
  /** Ends the whole actor because a peer asks for it. Absent at a root: nobody else ends it. */
  endFor: ((why: ContextCancelled, budget: number) => void) | undefined;
  /** The actor of which an observer is told who asks this one: itself, unless this is the face that a root shows to observers. */
  readonly subject: Actor;
  /** The scope of everything that runs in this actor. */
  readonly scope: Scope;
  /** True while the modules of a spawned actor are imported: a nursery that is opened then would fork for ever. */
  importing = false;
  /** Why it cannot serve although its modules could be imported: the first of them that opened a nursery. */
  importFailure: SpawnFailed | undefined;
  readonly #tasks = new Ring<Promise<void>>();

  constructor(options: {
    id: ActorId;
    root: boolean;
    codec: Codec;
    tree: TreeOptions;
    limits?: CallLimits;
    subject?: Actor;
  }) {
    this.id = options.id;
    this.root = options.root;
    this.codec = options.codec;
    this.limits = options.limits ?? defaultCallLimits;
    this.subject = options.subject ?? this;
    this.scope = new Scope(`actor ${options.id.name}`);
    this.tree = options.tree;
    this.#liveBy(options.tree.timeouts);
    actorListener.made?.(this);
  }

  /** The parent has sent the options of the tree. */
  join(tree: TreeOptions): void {
    this.tree = tree;
    this.#liveBy(tree.timeouts);
  }

  #liveBy({exit, explain}: Timeouts): void {
    // A root has 1 900 ms for all levels: the 1 600 of its children, and twice the time that a level keeps for itself.
    this.scope.budget = exit + 300;
    this.scope.ownGrace = exit;
    this.scope.ownPatience = explain;
  }

  /** This actor in the records of the log. */
  get logged(): LoggedActor {
    const {name, id, pid} = this.id;
    return {name, id, pid, path: this.tree.path ?? name};
  }

  /** Runs `fn` as part of this actor, in a scope. @param task the remote function, when it is one */
  run<T>(scope: Scope, fn: () => T, task?: RunningTask): T {
    const now: Current = {actor: this.id, root: this.root, scope, runtime: this, task};
    return runWith(now, fn);
  }

  /** A child has ended. It is remembered only while somebody observes. */
  remember(child: Omit<Departed, 'isReplaced'>): void {
    const now = plainClock.now();
    const isObserved = now - this.observedAt <= observedMs;
    this.#departed = isObserved
      ? [...this.#departed, {...child, goneAt: now, isReplaced: false}].slice(-maxDeparted)
      : [];
  }

  /** A child that has ended is started again. */
  replaced(id: string): void {
    this.#departed = this.#departed.map(child => (child.actor.id === id ? {...child, isReplaced: true} : child));
  }

  /** The children that have ended a moment ago. */
  get departed(): Departed[] {
    return this.#departed.filter(({goneAt}) => plainClock.now() - goneAt < observedMs);
  }

  /** Counts a running task, so that `cancel` waits for it. */
  track(task: Promise<void>): void {
    const place = this.#tasks.add(task);
    void task.finally(() => place.leave());
  }

  /** Ends every task, and resolves when the last has ended. */
  async cancel(why: ContextCancelled): Promise<void> {
    this.scope.cancel(why);
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
  }
}
