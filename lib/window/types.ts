/**
 * A tree of actors as an observer sees it.
 * Floor 7: below every file of `window`, which makes these views, reads them and draws them.
 */
import type {Exit} from '../base/errors.js';

/** A tree at one moment. A plain object, which JSON can hold. */
export interface TreeView {
  /** When it was seen, in ms since 1970. */
  readonly at: number;
  /** The root, with the actors below it. */
  readonly root: ActorView;
  /** How many actors are left out, because there are too many. Absent actors are those that come last. */
  readonly more: number;
}

/**
 * The state of an actor.
 *
 * - `spawning`: it waits for its turn to be started, or to be started again after its death, or is being started
 * - `serving`: it answers
 * - `busy`: it does not answer within 500 ms, and uses the processor
 * - `unresponsive`: it does not answer, and does not use the processor either
 * - `at a prompt`: somebody stands at a prompt of the debugger in this tree, and this actor knows of it
 * - `ending`: its connection is closed, and its process has not ended yet
 * - `ended`: it is gone. It is shown once
 */
export type ActorState = 'spawning' | 'serving' | 'busy' | 'unresponsive' | 'at a prompt' | 'ending' | 'ended';

/** One actor. Two views are of the same actor when their `id` is equal. */
export interface ActorView {
  /** As in `ActorId`. */
  readonly id: string;
  /** As in `ActorId`. */
  readonly name: string;
  /** As in `ActorId`. 0 before its process has said who it is. */
  readonly pid: number;
  /** As in `ActorId`. Empty before it has a host, when it is to run on another one. */
  readonly host: string;
  /** Present when it runs on another host than the root. Nothing is known of its process then: no `cpu`, no `rss`. */
  readonly elsewhere?: true;
  /** How it is. */
  readonly state: ActorState;
  /** How it has ended, where that is known. */
  readonly exit?: Exit;
  /** When it began, in ms since 1970; when this observer first saw it, where that is not known. */
  readonly since: number;
  /** The share of one core that its process has used since the view before: 0 to 1, and more with threads. */
  readonly cpu?: number;
  /** For how long its process has used less than 5 % of a core, in ms, as far as this observer saw. */
  readonly idle?: number;
  /** The memory of its process, in bytes. Actors of one process show the same. */
  readonly rss?: number;
  /** The ends of contexts that are open in it. Those of an actor that does not answer are the last known ones. */
  readonly contexts: readonly ContextView[];
  /** How old `contexts` are, in ms. */
  readonly age: number;
  /** Waits that are not for the other end of a context: for the terminal, and for starts and ends of actors. */
  readonly waits: readonly Wait[];
  /** The actors that it has started. */
  readonly children: readonly ActorView[];
  /** How many contexts are left out. */
  readonly more: number;
}

/** One end of an open context: both ends of a context are shown, each in its own actor. */
export interface ContextView {
  /** The name of the context, the same at both ends. It also names the task that runs because of the call. */
  readonly uid: string;
  /** The name of the function. */
  readonly fn: string;
  /** The kind of the function. */
  readonly kind: 'task' | 'stream' | 'operator' | 'context';
  /** Which end this is. */
  readonly side: 'caller' | 'callee';
  /** The task that has called: the `uid` of its context, or the id of its actor for the body of that. */
  readonly caller: string;
  /** The id of the actor that was called. */
  readonly callee: string;
  /** The state in words: `started, waits for values, has not returned`. */
  readonly state: string;
  /** When this observer first saw it, in ms since 1970. */
  readonly since: number;
  /** How many values this end has sent. */
  readonly sent: number;
  /** How many values have come to this end. */
  readonly received: number;
  /** How many values were dropped at this end. */
  readonly dropped: number;
  /** How many bytes wait at this end for room. */
  readonly queuedBytes: number;
  /** How many values the other end has granted in all, and how many of them are used. */
  readonly credit: {readonly granted: number; readonly used: number};
  /** For how many ms of the last 10 s something has waited here for room, as far as this observer saw. */
  readonly stalledMs: number;
  /** For how many ms no counter of this end has moved, as far as this observer saw. */
  readonly still: number;
  /** For what the code at this end waits. Absent: it waits for nothing that the runtime knows of. */
  readonly wait?: Wait;
}

/** For what code waits. */
export interface Wait {
  /**
   * - `started`, `result`: the caller, for the function
   * - `credit`: a sender, for the task that should take
   * - `values`: a receiver, for the task that should send
   * - `acknowledgement`: a caller that has cancelled, for the end of the function
   * - `terminal`: a task that has stopped, for the one that is at the prompt
   * - `spawn`: a task, for an actor that is being started; an actor, for its turn to be started
   * - `child`: a nursery, for the end of an actor
   */
  readonly for: 'started' | 'result' | 'credit' | 'values' | 'acknowledgement' | 'terminal' | 'spawn' | 'child';
  /** The task that waits: the `uid` of its context, or the id of its actor for the body of that. */
  readonly by: string;
  /** The task that is waited for, named likewise. */
  readonly of: string;
  /** The `uid` of the context in which it waits, if it waits in one. */
  readonly context?: string;
  /** When this observer first saw this wait, in ms since 1970. */
  readonly since: number;
}

/** Tasks that may wait for one another for ever. */
export interface WaitCycle {
  /** The tasks. */
  readonly tasks: readonly string[];
  /** The waits between them. */
  readonly waits: readonly Wait[];
  /** For how long all of them have waited, in ms. */
  readonly sinceMs: number;
}

/** Tasks each of which waits for the next one, and the last of which waits for nothing that the runtime knows of. */
export interface WaitChain {
  /** The tasks, the one that waits for all others first. */
  readonly tasks: readonly string[];
  /** The waits, one less than tasks. */
  readonly waits: readonly Wait[];
}

/** A task for which senders wait. */
export interface Stall {
  /** The context in which it holds up most. */
  readonly context: string;
  /** The task that does not take. */
  readonly task: string;
  /** Its share of all waiting for room in the last 10 s, from 0 to 1. */
  readonly share: number;
  /** For how long a sender has waited for it without a break, in ms. */
  readonly sinceMs: number;
}

/** The findings in a tree. */
export interface Findings {
  /** Suspected deadlocks. */
  readonly cycles: readonly WaitCycle[];
  /** Tasks that hold up others, the one that does so most first. */
  readonly stalls: readonly Stall[];
  /** The longest chains of waits, without those that lead into a cycle. */
  readonly chains: readonly WaitChain[];
}
