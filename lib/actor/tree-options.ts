/**
 * The options that every actor of a tree inherits from the root.
 * Floor 5: below `actor`; it crosses with the Spawn message.
 */

import type {LogFormat, LogLevel} from '../base/log.js';
import {patienceMs} from '../base/stuck-warning.js';

/** Times, all in milliseconds. Each is a number from 0 on. */
export interface Timeouts {
  /** Maximum time from the start of a process until it serves. Default 10 000. */
  readonly spawn: number;
  /** Maximum time until a new connection has said who it is. Default 3 000. */
  readonly handshake: number;
  /** Maximum time until an actor acknowledges that it has received a cancel. Default 500. */
  readonly cancelAck: number;
  /** Maximum time until a cancelled task has ended, its clean-up included. Default 1 600. */
  readonly exit: number;
  /** Maximum time for the last writes of a process that exits. Default 500. */
  readonly flush: number;
  /** How often a silent channel asks whether its peer is there. Default: every 5 000. */
  readonly heartbeat: number;
  /** After this time a warning explains a wait at the end of a scope. Default 5 000. */
  readonly explain: number;
  /** After this time a sender is reported that gets no room for its values. Default 5 000. */
  readonly stall: number;
  /** An actor on another host is ended when its host and this program have not heard each other for this time. Default 15 000. */
  readonly lease: number;
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
  lease: 15_000,
};

/**
 * The options as an actor on another host inherits them: no folder, socket, key or terminal of this host. Where the actors of the tree reach
 * one another, it has no address and no secret, and is reached through its parent.
 */
export function elsewhere({
  startFolder: _folder,
  setpriv: _setpriv,
  debug: _debug,
  reachability,
  ...tree
}: TreeOptions): TreeOptions {
  return reachability ? {...tree, reachability: withoutAddress} : tree;
}

/** A `Reachability` of `discovery`: no secret, and nowhere to listen. */
const withoutAddress = {listen: []};

export interface TreeOptions {
  /** Unique to one run of a tree. It stands in the arguments of the tree's processes. */
  readonly treeId: string;
  /** How many levels this actor is below the root. */
  readonly depth: number;
  /** The names of the actors from the root down to this one: `main/worker`. Absent at a root. */
  readonly path?: string | undefined;
  readonly logLevel: LogLevel;
  /** Whether the lines of the log are JSON. Absent: they are not. */
  readonly logFormat?: LogFormat | undefined;
  /** The URLs of the modules that each actor imports before what it exposes. */
  readonly preload?: readonly string[] | undefined;
  /** Whether what travels with calls is taken from peers outside the tree too. Absent: it is not. */
  readonly trustCarriers?: boolean | undefined;
  /** Whether observers of the tree see the beginnings of values. Absent: they see types and sizes. */
  readonly previews?: boolean | undefined;
  readonly timeouts: Timeouts;
  /** A `Reachability` of `discovery`: how the actors of the tree reach one another. Absent where they do not. */
  readonly reachability?: object | undefined;
  /** The folder in which the root was started. Absent where it did not exist any more. */
  readonly startFolder?: string | undefined;
  /** The path of a setpriv that works; null: there is none. Absent until a process of the tree has looked for it. */
  readonly setpriv?: string | null | undefined;
  /** Debug mode. Absent where it is off for the whole tree. */
  readonly debug?: DebugMode | undefined;
}

/** Debug mode, as each actor of the tree knows it. */
export interface DebugMode {
  /** Whether `breakpoint()` stops in this actor, and in the actors that it starts. */
  readonly on: boolean;
  /** The id of the root, which gives out the terminal. */
  readonly root: string;
  /** Where the root is reached. */
  readonly addresses: readonly string[];
  /** The path at which the thread of an actor that stands still reaches the root's terminal. */
  readonly terminal: string;
  /** How the output of this actor is treated, and of those below it, when not as it comes. */
  readonly stdio?: 'prefix' | 'ignore' | 'pipe';
}
