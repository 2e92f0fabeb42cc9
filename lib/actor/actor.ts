/**
 * The runtime of one actor: who it is, what it exposes, the tasks that run in it.
 * Floor 5: one object per actor; the two boots (`main`, `child`) make it.
 */
import type {ActorId} from '../base/actor-id.js';
import {type Current, runWith} from '../base/current.js';
import type {ContextCancelled, SpawnFailed} from '../base/errors.js';
import type {LogLevel} from '../base/log.js';
import {Ring} from '../base/ring.js';
import {Scope} from '../base/scope.js';
import {patienceMs} from '../base/stuck-warning.js';
import type {SurveyRow} from '../base/tree-survey.js';
import type {Channel} from '../channel/channel.js';
import type {Codec} from '../msg/codec.js';
import {type CallLimits, defaultCallLimits} from './admission.js';
import {Exposed} from './exposed.js';

/** Times in milliseconds. */
export interface Timeouts {
  /** From a process's start until it serves: 10 000. */
  readonly spawn: number;
  /** Until a new connection has said who it is: 3 000. */
  readonly handshake: number;
  /** Until a cancel is acknowledged as received: 500. */
  readonly cancelAck: number;
  /** Until a cancelled task has ended, its clean-up included: 1 600. */
  readonly exit: number;
  /** For the last writes of a process that exits: 500. */
  readonly flush: number;
  /** A silent channel is asked whether its peer is there: every 5 000. */
  readonly heartbeat: number;
  /** A wait at the end of a scope that takes so long is explained by a warning: 5 000. */
  readonly explain: number;
  /** A sender that gets no room for its values is reported: after 5 000. */
  readonly stall: number;
}

export const defaultTimeouts: Timeouts = {
  spawn: 10_000,
  handshake: 3_000,
  cancelAck: 500,
  exit: 1_600,
  flush: 500,
  heartbeat: 5_000,
  explain: patienceMs,
  stall: 5_000,
};

/** What every actor of a tree inherits from its root. */
export interface TreeOptions {
  /** Unique to one run of a tree; stands in the arguments of its processes. */
  readonly treeId: string;
  /** How many levels this actor is below the root. */
  readonly depth: number;
  readonly logLevel: LogLevel;
  readonly timeouts: Timeouts;
  /** How actors of the tree reach one another, as `discovery/links` has it; absent where they do not. */
  readonly roads?: object | undefined;
  /** Debug mode; absent where it is off for the whole tree. */
  readonly debug?: DebugMode | undefined;
}

/** What an actor of a tree in debug mode is told of it. */
export interface DebugMode {
  /** Whether `breakpoint()` stops in this actor, and in those that it starts. */
  readonly on: boolean;
  /** The id of the root, which gives out the terminal, and where it is reached. */
  readonly root: string;
  readonly addresses: readonly string[];
  /** The path at which the root's terminal is reached, by the thread of an actor that stands still. */
  readonly terminal: string;
  /** What became of this actor's own output above it, and becomes of that below it. */
  readonly stdio?: 'prefix' | 'ignore';
}

/** An actor that this one has started. */
export interface Child {
  readonly id: string;
  /** What it, and those below it, wait for. Takes at most `budget` ms, and never rejects. */
  survey(budget: number): Promise<SurveyRow[]>;
}

export class Actor {
  readonly id: ActorId;
  readonly root: boolean;
  readonly codec: Codec;
  tree: TreeOptions;
  readonly exposed = new Exposed();
  /** What one peer may ask of this actor at a time. */
  readonly limits: CallLimits;
  /** Its open connections, and the actors that it has started: for whoever wants to know what it waits for. */
  readonly channels = new Set<Channel>();
  readonly children = new Set<Child>();
  /** At the root: how many actors the tree may have besides it. */
  maxActors = 1_024;
  /** Ends the whole actor because a peer asks for it; absent at a root, which nobody else ends. */
  endFor: ((why: ContextCancelled, budget: number) => void) | undefined;
  /** The scope of everything that runs here. */
  readonly scope: Scope;
  /** Set while the modules of a spawned actor are imported: a nursery opened then would fork for ever. */
  importing = false;
  /** Why it cannot serve though its modules could be imported: the first of them that opened a nursery then. */
  importFailure: SpawnFailed | undefined;
  readonly #tasks = new Ring<Promise<void>>();

  constructor(options: {id: ActorId; root: boolean; codec: Codec; tree: TreeOptions; limits?: CallLimits}) {
    this.id = options.id;
    this.root = options.root;
    this.codec = options.codec;
    this.tree = options.tree;
    this.limits = options.limits ?? defaultCallLimits;
    this.scope = new Scope(`actor ${options.id.name}`);
    // A root has 1 900 ms for all levels: its children's 1 600, and twice what a level keeps.
    this.scope.budget = options.tree.timeouts.exit + 300;
    this.scope.ownPatience = options.tree.timeouts.explain;
  }

  /** Runs `fn` as part of this actor, in a scope. */
  run<T>(scope: Scope, fn: () => T, caller?: ActorId): T {
    const now: Current = {actor: this.id, root: this.root, scope, runtime: this, caller};
    return runWith(now, fn);
  }

  /** Keeps count of a running task; `settled` waits for all of them. */
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
