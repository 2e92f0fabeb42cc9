/**
 * The contract of a backend: how an actor is brought to life, and how its end is seen.
 * Floor 6: `spawn-process`, `spawn-thread` and `spawn-inline` fulfil it; `child-actor` uses it and knows no process.
 */
import type {Actor} from '../../actor/actor.js';
import {Attached} from '../../base/attached.js';
import {type Exit, SpawnFailed} from '../../base/errors.js';
import {bundledText} from '../../base/library.js';
import type {OutputLines} from '../../base/output-lines.js';
import type {HostChoice, HostEvent, HostInfo} from '../../fleet/host-info.js';
import type {Transport} from '../../transport/transport.js';

/**
 * Starts what carries an actor, and connects to it.
 *
 * @throws SpawnFailed (phase `exec`) when it could not be started at all
 */
export type Spawner = (request: SpawnRequest) => Promise<Spawned>;

/** The actor that is to be started. */
export interface SpawnRequest {
  readonly name: string;
  readonly id: string;
  readonly treeId: string;
  /** Merged over the environment of this process; `undefined` removes a variable. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Its current folder; undefined: that of this process. */
  readonly cwd: string | undefined;
  /** Arguments for Node; undefined: those of this process. */
  readonly execArgv: readonly string[] | undefined;
  /** The arguments of the program. */
  readonly argv: readonly string[];
  /** The limit of its heap in MiB; undefined: that of Node. */
  readonly maxHeap: number | undefined;
  readonly stdio: 'inherit' | 'prefix' | 'ignore' | 'pipe';
  /** Gets its lines, and their end. Set with `pipe`. */
  readonly output: OutputLines | undefined;
  /** The id of the actor that starts it. */
  readonly owner: string;
  /**
   * Whether it stops at breakpoints. Undefined unless the tree is in debug mode; in debug mode the parent reads its
   * output.
   */
  readonly debug: boolean | undefined;
  /** The folder in which the root was started, where it is known. */
  readonly startFolder: string | undefined;
  /** The path of a setpriv that works; null: there is none; undefined: nobody has looked yet. */
  readonly setpriv: string | null | undefined;
  /** Processes that wait to become actors of the owner. Undefined where it has none. */
  readonly standbys: StandbyProcesses | undefined;
  /** Undefined: on this host. */
  readonly place?: Place | undefined;
}

/** Where an actor is to be started that is not to run on this host. */
export interface Place {
  readonly host: HostChoice;
  /** The URLs of the modules that it imports. */
  readonly modules: readonly string[];
  /** Maximum time in ms until a host has started its process. */
  readonly timeout: number;
  readonly placer: Placer | undefined;
}

/** An actor that is to be started on another host. */
export type PlaceRequest = SpawnRequest & Place;

/** The hosts of a root. */
export interface Placer {
  /** @throws SpawnFailed `place` */
  place(request: PlaceRequest): Promise<Spawned>;
  /** The hosts that are there. */
  list(): Promise<HostInfo[]>;
  /** Calls the watcher with the hosts that are there, then with every change. Returns how to stop. */
  watch(watcher: (event: HostEvent) => void): () => void;
  /** Closes the connections to all hosts, and to the broker. */
  close(): Promise<void>;
}

/** The hosts of each root that has some. */
export const placers = new Attached<Placer>();

/** Processes that were begun ahead of their time. */
export interface StandbyProcesses {
  /** Makes one of them the actor of this request. Undefined when none of them fits. */
  take(request: SpawnRequest): Promise<Spawned | undefined>;
  /** Ends all of them. Resolves when they are gone. */
  close(): Promise<void>;
}

/** The carrier of an actor that has been started: a process, a thread, or a part of this process. */
export interface Spawned {
  readonly pid: number;
  readonly transport: Transport;
  /** Its runtime, when it runs in this very thread: an observer reads it without a message. */
  readonly actor?: Actor;
  /** As in `SpawnRequest`, when this start has looked for it. */
  readonly setpriv?: string | null;
  /** Whether the system ends it with its parent. If not, the actor itself must watch its parent. */
  readonly diesWithParent: boolean;
  /**
   * Resolves once, when it has ended and everything that it wrote has been read. Neither a code nor a signal: it cannot be
   * ended, and may live on. Never rejects.
   */
  readonly exited: Promise<Exit>;
  /** The last 8 KiB that it wrote to stderr. */
  stderrTail(): string;
  /** Ends it by force. May be called again; never throws. */
  kill(): void;
  /** Whether it runs on another host: the folders and sockets of this one mean nothing there. */
  readonly isElsewhere?: boolean;
  /** The ms of a question to its host and the answer: it learns half of them later what it is asked. Absent on this host. */
  roundTrip?(): number;
  /** Says after the end why nobody has seen it. Undefined when it was seen, or lies in `exited`. */
  unknownEnd?(): UnknownEnd | undefined;
}

/** An end of an actor that nobody has seen. */
export interface UnknownEnd {
  readonly text: string;
  /** Whether it counts as ended because its lease is over. */
  readonly isLost: boolean;
  readonly cause: unknown;
}

/** Why a process or a thread cannot be started: the file that it would run is not there. */
export function bundledError(name: string): SpawnFailed {
  return new SpawnFailed(`actor ${name} could not be started: ${bundledText}`, {phase: 'exec'});
}

/**
 * Flags of V8 for debug mode. In optimised code V8 keeps objects that never leave their function in registers only, and
 * variables that are not used any more are undefined. Somebody at a prompt wants to see both.
 */
export const visibleValues: readonly string[] = ['--no-turbo-escape', '--no-analyze-environment-liveness'];
