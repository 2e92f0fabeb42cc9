/**
 * A program asks four things of the daemon of a host: how it is, beats, to take a bundle, and a process for an actor. They are ordinary calls
 * and contexts, so no message is added.
 * Floor 6: below `host-link`, which asks, and `daemon`, which answers.
 */
import type {Actor} from '../actor/actor.js';
import {runtimeFunction} from '../actor/marks.js';
import {Attached} from '../base/attached.js';
import {current} from '../base/current.js';
import {type Exit, NotExposed} from '../base/errors.js';
import type {CalleeContext} from '../context/rx/callee-context.js';
import type {BundleKey} from './bundle.js';
import type {HostInfo} from './host-info.js';

/** A process that is wanted for an actor. */
export interface Order {
  readonly id: string;
  readonly name: string;
  readonly treeId: string;
  /** The beats of this session keep it alive. */
  readonly session: string;
  /** The clock of the host when it sent the last beat that has come here: the lease begins there. */
  readonly provenAt: number;
  /** Names the connection that the process gets as its channel. */
  readonly ticket: string;
  /** The key that both ends of that connection must know. */
  readonly key: Uint8Array;
  /** The fencing token of the actor: see `currentLease`. */
  readonly token: string;
  /** The name of the app that the modules belong to. Empty when all of them are of packages. */
  readonly app: string;
  /** The URLs of the modules where they are wanted; the path and the hash of each, as of `ModulePlace`, or `bundle:` and its hash. */
  readonly modules: readonly (readonly [url: string, path: string, hash: string])[];
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string | undefined;
  readonly execArgv: readonly string[];
  readonly maxHeap: number | undefined;
  /** Whether anybody reads its stdout. */
  readonly readsStdout: boolean;
  /** Maximum wait for the connection, in ms. */
  readonly timeout: number;
}

/** A process that was started for an actor. */
export interface Placed {
  readonly pid: number;
  /** The path of a setpriv that works on the host; null: it has none. */
  readonly setpriv: string | null;
}

/** Whole lines that an actor has written. */
export type Lines = readonly [from: 'stdout' | 'stderr', lines: Uint8Array];

/** How an actor on another host has ended, and how many lines of its were dropped because nobody took them. */
export interface Report {
  readonly exit: Exit;
  readonly dropped: number;
}

/** The part of a daemon that answers one peer. */
export interface HostAnswers {
  info(): HostInfo;
  beats(ctx: CalleeContext<number, number, undefined>, session: string, length: number): Promise<void>;
  bundle(ctx: CalleeContext<Uint8Array, never, 'here' | 'wanted'>, bundle: BundleKey): Promise<void>;
  spawn(ctx: CalleeContext<'kill', Lines, Placed>, order: Order): Promise<Report>;
}

export const hostAnswers = new Attached<HostAnswers>();

function answersHere(): HostAnswers {
  const answers = hostAnswers.of(current()?.runtime as Actor);
  if (!answers) throw new NotExposed('this actor is not the daemon of a host');
  return answers;
}

export const infoThere = runtimeFunction('task', 'host info', () => answersHere().info());

/** Sends the time of the host's clock with each beat. The caller sends it back. */
export const beatsThere = runtimeFunction(
  'context',
  'host beats',
  (ctx: CalleeContext<number, number, undefined>, session: string, length: number) =>
    answersHere().beats(ctx, session, length),
);

/** Says first whether the bundle is there. If it is wanted, its bytes come over the stream. Its result says that it is stored. */
export const bundleThere = runtimeFunction(
  'context',
  'host bundle',
  (ctx: CalleeContext<Uint8Array, never, 'here' | 'wanted'>, bundle: BundleKey) => answersHere().bundle(ctx, bundle),
);

/** The lease of an actor: its result is the end of the process. It is killed when that is asked over the stream, and when the context is cancelled. */
export const spawnThere = runtimeFunction(
  'context',
  'host spawn',
  (ctx: CalleeContext<'kill', Lines, Placed>, order: Order) => answersHere().spawn(ctx, order),
);
