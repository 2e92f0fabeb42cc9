/**
 * How an actor is to be started: the options that a user gives, checked once.
 * Floor 6: below `nursery`. The plan that comes out is trusted from there on.
 */

import {isAbsolute} from 'node:path';
import {type ExposedModule, modulesOf} from '../actor/exposed.js';
import type {RemoteFn} from '../actor/marks.js';
import type {DebugMode, TreeOptions} from '../actor/tree-options.js';
import {textOf} from '../base/foreign.js';
import {type LogLevel, logLevels} from '../base/log.js';
import {
  checkBoolean,
  checkCount,
  checkKeys,
  checkSignal,
  checkText,
  checkTexts,
  checkWord,
} from '../base/option-checks.js';
import type {HostChoice} from '../fleet/host-info.js';
import {checkRestart, type RestartOptions} from './restart-policy.js';

/** The carrier of an actor: an operating-system process, a worker thread, or a part of the process that starts it. */
export type Backend = 'process' | 'thread' | 'inline';

/** Options of an actor: the functions that it offers, and how it runs. */
export interface ActorOptions {
  /** The functions that may be called in it: marked functions, or URLs of modules (then all marked exports may be called). */
  readonly expose: ReadonlyArray<RemoteFn | URL>;
  /** An operating-system process (the default), a worker thread, or a part of this process. */
  readonly backend?: Backend;
  /**
   * Another host on which it runs: its name, its address (`tls://gpu1:7400`), `'any'`, which is the one with the most room, or a function
   * that is asked with each host that is there (`host => host.labels.includes('gpu')`). The hosts are those of the option `hosts` of the
   * root. It runs the same app there, as a process. `cwd` is a folder there, and default that of the app. Default: this host.
   */
  readonly host?: HostChoice;
  /** True: the nursery stays open until this actor has ended, or is cancelled with it. Default false. */
  readonly daemon?: boolean;
  /** From `transport` (everything) to `silent`. Default: that of the parent. */
  readonly logLevel?: LogLevel;
  /**
   * Whether `breakpoint()` stops in it. In a tree without debug mode, `true` makes the root open its terminal when this actor is
   * started; the other actors do not stop. Default: as in the parent.
   */
  readonly debug?: boolean;
  /** Environment variables, merged over the inherited ones; `undefined` removes a variable. Default: none. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Its current folder. Default: that of the parent. Only for a process. */
  readonly cwd?: string;
  /**
   * Arguments for Node. Default: those of the parent, without those that would run the parent's program again or open its
   * inspector. A relative path in them is looked for in the folder in which the root was started. A thread takes only those
   * that Node allows for a worker. Not for an inline actor.
   */
  readonly execArgv?: readonly string[];
  /** The arguments of the program, `process.argv.slice(2)`. Default: those of the parent. Not for an inline actor. */
  readonly argv?: readonly string[];
  /**
   * Maximum size of its heap (V8's old space) in MiB, a whole number from 1 on. An actor that needs more ends: `ActorDied`,
   * whose text says so. Default: the limit of Node. Processes that the actor starts inherit it. Not for an inline actor.
   */
  readonly maxHeap?: number;
  /**
   * Its stdout. `inherit` (the default): as it comes; `prefix`: line by line behind `name(pid) `; `ignore`: dropped; `pipe`:
   * line by line out of `portal.output`, and nowhere else. The parent always reads stderr, keeps its last 8 KiB for errors,
   * and relays it in the same way. Not for an inline actor.
   */
  readonly stdio?: 'inherit' | 'prefix' | 'ignore' | 'pipe';
  /** Aborting it cancels the actor. Default: none. */
  readonly signal?: AbortSignal;
  /**
   * For `startActor` alone: the actor is started again when it has died, and its portal goes on to work. Calls that were in
   * flight fail with ActorDied. Later calls wait for the next start. When the actor has died too often, it is given up: the
   * nursery fails, and so do the calls that wait, with the last ActorDied or SpawnFailed. Default: a death fails the nursery at
   * once.
   */
  readonly restart?: RestartOptions;
}

/** How an actor is to be started, with everything checked and filled in. */
export interface ActorPlan {
  readonly backend: Backend;
  /** Undefined: this host. */
  readonly host: HostChoice | undefined;
  readonly name: string;
  readonly modules: readonly ExposedModule[];
  readonly daemon: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string | undefined;
  readonly execArgv: readonly string[] | undefined;
  readonly argv: readonly string[];
  readonly maxHeap: number | undefined;
  readonly stdio: NonNullable<ActorOptions['stdio']>;
  readonly logLevel: LogLevel;
  readonly debug: DebugMode | undefined;
  /** Whether the tree must be put into debug mode before the actor is started, because this actor alone is to stop. */
  readonly entersDebugMode: boolean;
}

/** The part of a plan that is fixed when a process begins. */
type Surroundings = Pick<ActorPlan, 'env' | 'cwd' | 'execArgv' | 'maxHeap' | 'stdio'>;

/** Options that a backend cannot honour. They are refused, not ignored. */
const unsupported: Readonly<Record<Backend, readonly (keyof ActorOptions)[]>> = {
  process: [],
  thread: ['cwd'],
  inline: ['cwd', 'env', 'execArgv', 'argv', 'maxHeap', 'stdio', 'logLevel'],
};

const actorOptions = new Set([
  'expose',
  'backend',
  'host',
  'daemon',
  'logLevel',
  'debug',
  'env',
  'cwd',
  'execArgv',
  'argv',
  'maxHeap',
  'stdio',
  'signal',
  'restart',
]);

/** Checks the options of a user. @throws TypeError */
export function planOf(name: string, options: ActorOptions, inherited: TreeOptions): ActorPlan {
  if (typeof name !== 'string' || name === '' || name.length > 200)
    throw new TypeError('startActor(): the name is a text of 1 to 200 characters');
  if (typeof options !== 'object' || options === null)
    throw new TypeError('startActor(): options with `expose` are needed');
  checkKeys(options, actorOptions, 'startActor(): ');
  const {expose, backend = 'process', daemon = false, logLevel = inherited.logLevel, argv} = options;
  checkWord('startActor(): the backend', backend, Object.keys(unsupported));
  for (const key of unsupported[backend])
    if (options[key] !== undefined)
      throw new TypeError(`startActor(): an actor with the backend ${backend} has no ${key} of its own`);
  checkBoolean('startActor(): daemon', daemon);
  checkSignal('startActor(): signal', options.signal);
  if (options.restart !== undefined) checkRestart(options.restart);
  checkWord('startActor(): logLevel', logLevel, logLevels);
  const surroundings = surroundingsOf(options, 'startActor()');
  checkHost(options);
  if (argv !== undefined) checkTexts('startActor(): argv', argv);
  return {
    backend,
    host: options.host,
    name,
    modules: modulesOf(expose),
    daemon,
    ...surroundings,
    argv: argv ?? process.argv.slice(2),
    logLevel,
    debug:
      options.host === undefined ? withStdio(debugOf(options.debug, inherited.debug), surroundings.stdio) : undefined,
    entersDebugMode: options.debug === true && !inherited.debug && options.host === undefined,
  };
}

/** @throws TypeError */
function checkHost({host, backend = 'process', cwd}: ActorOptions): void {
  if (host === undefined) return;
  if ((typeof host !== 'string' && typeof host !== 'function') || host === '')
    throw new TypeError(
      `startActor(): host is the name of a host, its address (tls://…), 'any' or a function, not ${textOf(host)}`,
    );
  if (backend !== 'process')
    throw new TypeError(`startActor(): an actor with the backend ${backend} has no host of its own`);
  if (cwd !== undefined && !isAbsolute(cwd))
    throw new TypeError(`startActor(): the cwd of an actor on another host is an absolute path, not ${cwd}`);
}

/** @param where who takes the options, for the text. @throws TypeError */
export function surroundingsOf(options: Partial<Pick<ActorOptions, keyof Surroundings>>, where: string): Surroundings {
  const {env = {}, cwd, execArgv, maxHeap, stdio = 'inherit'} = options;
  checkWord(`${where}: stdio`, stdio, ['inherit', 'prefix', 'ignore', 'pipe']);
  if (cwd !== undefined) checkText(`${where}: cwd`, cwd);
  if (execArgv !== undefined) checkTexts(`${where}: execArgv`, execArgv);
  if (maxHeap !== undefined) checkCount(`${where}: maxHeap`, maxHeap, 'MiB', TypeError);
  return {env, cwd, execArgv, maxHeap, stdio};
}

/** @throws TypeError */
function debugOf(on: unknown, inherited: DebugMode | undefined): DebugMode | undefined {
  if (on === undefined) return inherited;
  checkBoolean('startActor(): debug', on);
  return inherited && {...inherited, on};
}

/** The output of actors below this one goes to the root directly, which must know how this actor would have treated it. */
export function withStdio(debug: DebugMode | undefined, stdio: ActorPlan['stdio']): DebugMode | undefined {
  if (!debug || stdio === 'inherit' || debug.stdio === 'pipe') return debug;
  return stdio === 'pipe' || debug.stdio !== 'ignore' ? {...debug, stdio} : debug;
}
