/**
 * How an actor is to be started: what a user may ask for, checked once.
 * Floor 6: below `nursery`; what comes out is trusted from there on.
 */

import type {TreeOptions} from '../actor/actor.js';
import {homesOf} from '../actor/exposed.js';
import type {RemoteFn} from '../actor/marks.js';
import {type LogLevel, logLevels} from '../base/log.js';
import {checkBoolean, checkKeys, checkWord} from '../base/option-checks.js';
import type {OffspringPlan} from './child-actor.js';

export type Backend = 'process' | 'thread' | 'inline';

/** What an actor is and how it runs. */
export interface ActorOptions {
  /** What may be called in it: marked functions, or URLs of modules all of whose marked exports may. */
  readonly expose: ReadonlyArray<RemoteFn | URL>;
  /** What it is made of: an operating-system process (the default), a worker thread, or a runtime in this process. */
  readonly backend?: Backend;
  /** True: the nursery stays open until this actor has ended, or is cancelled with it. Default false. */
  readonly daemon?: boolean;
  /** Default: that of the parent. */
  readonly logLevel?: LogLevel;
  /** Whether `breakpoint()` stops in it, in a tree in debug mode. Default: as in the parent. */
  readonly debug?: boolean;
  /** Merged over the inherited environment; `undefined` removes. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default: the parent's. */
  readonly cwd?: string;
  /** Arguments for Node. Default: the parent's, less what would run the parent's program again. */
  readonly execArgv?: readonly string[];
  /**
   * Its stdout. Default `inherit`; `prefix`: line by line behind `name(pid) `; `ignore`: dropped. stderr is always read
   * by the parent, which keeps its last 8 KiB for errors and relays it likewise.
   */
  readonly stdio?: 'inherit' | 'prefix' | 'ignore';
  /** Aborting it cancels the actor. */
  readonly signal?: AbortSignal;
}

/** Options that a backend cannot honour are refused, never ignored. */
const cannot: Readonly<Record<Backend, readonly string[]>> = {
  process: [],
  thread: ['cwd'],
  inline: ['cwd', 'env', 'execArgv', 'stdio'],
};

const actorOptions = new Set([
  'expose',
  'backend',
  'daemon',
  'logLevel',
  'debug',
  'env',
  'cwd',
  'execArgv',
  'stdio',
  'signal',
]);

/** Checks what a user asked for, at the door. @throws TypeError */
export function planOf(name: string, options: ActorOptions, inherited: TreeOptions): OffspringPlan {
  if (typeof name !== 'string' || name === '' || name.length > 200)
    throw new TypeError('startActor(): the name is a text of 1 to 200 characters');
  if (typeof options !== 'object' || options === null)
    throw new TypeError('startActor(): options with `expose` are needed');
  checkKeys(options, actorOptions, 'startActor(): ');
  const {
    expose,
    backend = 'process',
    daemon = false,
    logLevel = inherited.logLevel,
    env = {},
    cwd,
    execArgv,
    stdio = 'inherit',
  } = options;
  checkWord('startActor(): the backend', backend, Object.keys(cannot));
  for (const key of cannot[backend])
    if (key in options)
      throw new TypeError(`startActor(): an actor with the backend ${backend} has no ${key} of its own`);
  checkWord('startActor(): logLevel', logLevel, logLevels);
  checkWord('startActor(): stdio', stdio, ['inherit', 'prefix', 'ignore']);
  return {
    backend,
    name,
    homes: homesOf(expose),
    daemon,
    env,
    cwd,
    execArgv,
    stdio,
    logLevel,
    debug: withStdio(debugOf(options.debug, inherited), stdio),
  };
}

/** What is printed below an actor goes past it to the root, which must know what would have become of it. */
function withStdio(debug: TreeOptions['debug'], stdio: NonNullable<ActorOptions['stdio']>): TreeOptions['debug'] {
  return debug && stdio !== 'inherit' && debug.stdio !== 'ignore' ? {...debug, stdio} : debug;
}

/** The root gives out the terminal: where that has none to give, no actor can be debugged. @throws TypeError */
function debugOf(on: unknown, {debug}: TreeOptions): TreeOptions['debug'] {
  if (on === undefined) return debug;
  checkBoolean('startActor(): debug', on);
  if (on && !debug)
    throw new TypeError(
      'startActor(): debug needs a tree in debug mode: main(body, {debug: true}), or RXTRACTOR_DEBUG=1',
    );
  return debug && {...debug, on};
}
