/**
 * The events of the runtime on `node:diagnostics_channel`: calls, tasks, spawns, actors, streams and links.
 * Floor 0: every floor above tells here. Nothing is made for an event before somebody listens.
 *
 * The channels are constants of this module, because Node holds a channel weakly: a channel that nobody holds would lose its
 * subscribers.
 */
import {type Channel, channel, type TracingChannel, tracingChannel} from 'node:diagnostics_channel';
import type {ActorId} from './actor-id.js';
import type {CarriedPair} from './carry.js';
import {wallTime} from './clock.js';
import type {Exit, SpawnPhase} from './errors.js';

/** How a call, a function or a spawn has ended. */
export interface TracedEnd {
  /** Set before `asyncStart`. A cancelled call is told in `error` too. */
  outcome?: 'returned' | 'failed' | 'cancelled';
  /** The error, set before `error`. At the caller it is the revived error, as the caller's code gets it. */
  error?: unknown;
}

/** The event of `rxtractor:call`: a call, in the process that makes it. One object from the Start to the outcome. */
export interface CallEvent extends TracedEnd {
  /** The name of the function: that of its export where it is known, else that of its mark. */
  readonly fn: string;
  /** The kind of the function. */
  readonly kind: 'task' | 'stream' | 'operator' | 'context';
  /** The actor that calls. */
  readonly actor: ActorId;
  /** The actor that is called. */
  readonly peer: ActorId | undefined;
  /** The id of the context, the same at both ends: `3f9c01aa-77b0e2d1-5`. */
  readonly context: string;
  /** The label of the scope that owns the call. */
  readonly scope: string;
  /** The pairs that travel with the call (`carry`). A subscriber of `start` may add a pair, which then travels too. */
  readonly carrier: CarriedPair[];
}

/** The event of `rxtractor:task`: a function that runs because of a call, in the process in which it runs. */
export interface TaskEvent extends TracedEnd {
  /** The name of the function. */
  readonly fn: string;
  /** The kind of the function. */
  readonly kind: 'task' | 'stream' | 'operator' | 'context';
  /** The actor in which it runs. */
  readonly actor: ActorId;
  /** The actor that has called. */
  readonly caller: ActorId | undefined;
  /** The id of the context, the same at both ends. */
  readonly context: string;
  /** The pairs that have come with the call, if they may be trusted. */
  readonly carrier: readonly CarriedPair[];
}

/** A step of the start of an actor. */
export interface SpawnStep {
  /**
   * The step that began at `at`. `exec`: its turn had come, and the parent began to make its process. `connect`: the process was there,
   * and was to connect. `import`: it had connected, and was to import what it exposes. `ready`: it serves.
   */
  readonly phase: SpawnPhase;
  /** When, in ms since 1970. */
  readonly at: number;
}

/** The event of `rxtractor:spawn`: the start of an actor, in the process of its parent. It ends when the actor serves. */
export interface SpawnEvent extends TracedEnd {
  /** The name of the actor. */
  readonly name: string;
  /** The id of the actor. */
  readonly id: string;
  /** How it is started. */
  readonly backend: 'process' | 'thread' | 'inline';
  /** Where it is started: the name of this host, or the option `host` as it was given. Empty for a function. */
  readonly host: string;
  /** Which start of this actor it is, from 1 on: with `restart` there may be several. */
  readonly attempt: number;
  /** The actor that starts it. */
  readonly actor: ActorId;
  /** How far it has come, and when. It grows while the start runs. */
  readonly phases: readonly SpawnStep[];
}

/** An event of `rxtractor:actor`, in the process of the actor's parent. */
export interface LifeEvent {
  /** `born`: it serves. `unresponsive`: it has not answered for two periods of `timeouts.heartbeat`. */
  readonly type: 'born' | 'ended' | 'unresponsive' | 'responsive';
  /** The actor. */
  readonly actor: ActorId;
  /** When, in ms since 1970. */
  readonly at: number;
  /** The actor that has started it. */
  readonly parent: ActorId;
  /** `ended`: how. */
  readonly exit?: Exit;
  /** `ended`: whether its end was asked for. */
  readonly asked?: boolean;
}

/** An event of `rxtractor:stream`, at the end of the context where it happens. */
export interface FlowEvent {
  /**
   * `started`: the function of a context has called `started`; its caller has heard of it. `stalled`: a sender has had no room for
   * `timeouts.stall`. `moved`: it has room again. `overrun`: more was pushed than may wait. `lagged`: an iterator with a `lag` has
   * missed values.
   */
  readonly type: 'started' | 'stalled' | 'moved' | 'overrun' | 'lagged';
  /** The actor of this end. */
  readonly actor: ActorId;
  /** When, in ms since 1970. */
  readonly at: number;
  /** The actor of the other end. */
  readonly peer: ActorId | undefined;
  /** The id of the context. */
  readonly context: string;
  /** The name of the function. */
  readonly fn: string;
  /** How many values this end has sent. */
  readonly sent: number;
  /** How many bytes wait at this end for room. */
  readonly queuedBytes: number;
  /** `lagged`: how many values were missed. */
  readonly missed?: number;
}

/** An event of `rxtractor:link`: a direct connection to an actor that is neither parent nor child. */
export interface LinkEvent {
  /** `up`: it can be used. `idle`: it is closed, because neither end needs it. `lost`: it has ended in another way. */
  readonly type: 'up' | 'idle' | 'lost';
  /** The actor of this end. */
  readonly actor: ActorId;
  /** When, in ms since 1970. */
  readonly at: number;
  /** The actor of the other end. */
  readonly peer: ActorId;
  /** `lost`: in one word why: `eof`, `reset`, `protocol`, `heartbeat` or `closed`. */
  readonly reason?: string;
}

export const callEvents = tracingChannel<unknown, CallEvent>('rxtractor:call');
export const taskEvents = tracingChannel<unknown, TaskEvent>('rxtractor:task');
export const spawnEvents = tracingChannel<unknown, SpawnEvent>('rxtractor:spawn');
export const actorEvents = channel('rxtractor:actor');
export const streamEvents = channel('rxtractor:stream');
export const linkEvents = channel('rxtractor:link');

/** Tells an event on a plain channel. @param make called only when somebody listens */
export function tell<E extends LifeEvent | FlowEvent | LinkEvent>(to: Channel, make: () => Omit<E, 'at'>): void {
  if (to.hasSubscribers) to.publish({...make(), at: wallTime()});
}

/** One run that is told on a tracing channel, in the order of `tracePromise`: start, end, (error,) asyncStart, asyncEnd. */
export class Told<E extends TracedEnd> {
  readonly event: E;
  readonly #channel: TracingChannel<unknown, E>;

  constructor(to: TracingChannel<unknown, E>, event: E) {
    this.#channel = to;
    this.event = event;
  }

  start(): void {
    this.#channel.start.publish(this.event);
  }

  /** Runs `fn` in the stores that subscribers have bound to `start`. */
  startWith<T>(fn: () => T): T {
    return this.#channel.start.runStores(this.event, fn) as T;
  }

  /** The synchronous part is over. */
  left(): void {
    this.#channel.end.publish(this.event);
  }

  /** The run was refused before anything was sent. */
  refused(error: unknown): void {
    this.#fail('failed', error);
    this.left();
  }

  returned(): void {
    this.event.outcome = 'returned';
    this.#settled();
  }

  failed(outcome: 'failed' | 'cancelled', error: unknown): void {
    this.#fail(outcome, error);
    this.#settled();
  }

  #fail(outcome: 'failed' | 'cancelled', error: unknown): void {
    this.event.outcome = outcome;
    this.event.error = error;
    this.#channel.error.publish(this.event as E & {error: unknown});
  }

  #settled(): void {
    this.#channel.asyncStart.publish(this.event);
    this.#channel.asyncEnd.publish(this.event);
  }
}
