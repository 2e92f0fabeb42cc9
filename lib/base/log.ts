/**
 * The log of the runtime: a logger that users can replace, and a debuglog section for the authors of the library.
 * Floor 0: every floor above writes to it.
 */
import {debuglog} from 'node:util';
import {wallTime} from './clock.js';
import {current} from './current.js';
import {attempt, isError, isThenable, thrownText, whenSettled} from './foreign.js';
import {instruments} from './instruments.js';
import {processWide} from './process-wide.js';

/**
 * The lowest level that is logged: `transport` logs everything, `silent` nothing. The runtime has three levels of its own:
 * `transport` (connections and bytes), `runtime` (actors that come and go) and `cancel` (who asks whom to end).
 */
export type LogLevel = 'transport' | 'runtime' | 'cancel' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** All levels, in their order. */
export const logLevels: readonly LogLevel[] = [
  'transport',
  'runtime',
  'cancel',
  'debug',
  'info',
  'warn',
  'error',
  'silent',
];

/**
 * An object with the methods of a pino logger. Lines of the levels below `debug` go to `debug`. `text` is the line, `record` has
 * the details: `actor` (`name`, `id`, `pid`, and `path`, the names from the root down to it); within a remote function its name
 * `fn` and its `context`, an id that is the same at the caller; and what the line is about. A line at which a method throws, or rejects, goes to stderr, and a warning says so once (`RXTRACTOR_LOGGER`).
 *
 * @example
 * ```ts
 * await main(body, {logLevel: 'info', logger: pino()});
 * ```
 */
export interface Logger {
  /** Takes a line of the level `debug`, or of a level below it. */
  debug(record: object, text: string): void;
  /** Takes a line of the level `info`. */
  info(record: object, text: string): void;
  /** Takes a line of the level `warn`. */
  warn(record: object, text: string): void;
  /** Takes a line of the level `error`. */
  error(record: object, text: string): void;
}

/** How the lines of the log look on stderr: a text for people, or one JSON object for each line. */
export type LogFormat = 'text' | 'json';

/** All formats. */
export const logFormats: readonly LogFormat[] = ['text', 'json'];

/** The actor that a record of the log is about. */
export interface LoggedActor {
  readonly name: string;
  readonly id: string;
  readonly pid: number;
  /** The names of the actors from the root down to it: `main/worker`. */
  readonly path: string;
}

interface Settings {
  level: number;
  format: LogFormat;
  logger: Logger | undefined;
  /** The actor of this process, for what is not said within the code of one. */
  actor: (() => LoggedActor) | undefined;
  readonly listeners: Set<(line: LogLine) => void>;
}

/** A line of the log, as those get it who listen beside the logger. */
export interface LogLine extends Origin {
  readonly level: string;
  readonly text: string;
}

/** The actor, and the remote function, in which a line was made. */
interface Origin {
  readonly actor?: LoggedActor;
  readonly context?: string;
  readonly fn?: string | undefined;
}

const settings = processWide<Settings>('log', () => ({
  level: logLevels.indexOf('warn'),
  format: 'text',
  logger: undefined,
  actor: undefined,
  listeners: new Set(),
}));

/** With `NODE_DEBUG=rxtractor` it writes every line, whatever the level is. */
const trace = debuglog('rxtractor');

export interface LogSettings {
  readonly format?: LogFormat | undefined;
  readonly logger?: Logger | undefined;
  /** The actor of this process. */
  readonly actor?: {readonly logged: LoggedActor} | undefined;
}

export function configureLog(level: LogLevel, {format = 'text', logger, actor}: LogSettings = {}): void {
  settings.level = logLevels.indexOf(level);
  settings.format = format;
  settings.logger = logger;
  settings.actor = actor && (() => actor.logged);
}

export function log(level: Exclude<LogLevel, 'silent'>, text: string, record: object = {}): void {
  // A record may hold an error of a user, and to show that may run its code.
  attempt(() => trace('%s %s %o', level, text, record));
  if (logLevels.indexOf(level) < settings.level) return;
  if (settings.listeners.size > 0) tell(level, text);
  const {logger} = settings;
  if (logger) hand(logger, level, text, {...origin(), ...record});
  else write(level, text, record);
}

/** Listens to the log of this process beside its logger. Returns how to stop. */
export function onLog(listener: (line: LogLine) => void): () => void {
  settings.listeners.add(listener);
  return () => settings.listeners.delete(listener);
}

/** Whether a line is being told. Whoever hears it may log too. */
let isTelling = false;

/** Lines about single messages are left out: to hand one on is a message, which would be logged again. */
function tell(level: string, text: string): void {
  if (isTelling || level === 'transport') return;
  isTelling = true;
  const line = {level, text, ...origin()};
  for (const listener of settings.listeners) attempt(() => listener(line));
  isTelling = false;
}

/** Whose record it is: the actor, and the remote function in which it was made. */
function origin(): Origin {
  const now = current();
  const actor = (now?.runtime as {readonly logged?: LoggedActor} | undefined)?.logged ?? settings.actor?.();
  const {uid, name} = now?.task ?? {};
  return {
    ...(actor && {actor}),
    ...(uid !== undefined && {context: uid, fn: name}),
    ...attempt(() => instruments.recordDetails?.()),
  };
}

/** A logger is code of a user. A line that it does not take goes to stderr, so that teardown, and everything else, goes on. */
function hand(logger: Logger, level: Exclude<LogLevel, 'silent'>, text: string, record: object): void {
  const method = level === 'transport' || level === 'runtime' || level === 'cancel' ? 'debug' : level;
  const failed = (error: unknown): void => {
    warnOf(logger, method, error);
    write(level, text, record);
  };
  try {
    const logged: unknown = logger[method](record, text);
    // The method may be asynchronous, although nothing waits for it.
    if (isThenable(logged)) void whenSettled(logged, nothing, failed);
  } catch (error) {
    failed(error);
  }
}

/** Gets a line that would go to stderr, and returns whether it has kept it. */
export type TakeLine = (level: string, text: string) => boolean;

let takeLine: TakeLine | undefined;

/**
 * Lets somebody take the lines of this process that would go to stderr. Returns how to give everything back: the level and the
 * logger too, because roots that are opened meanwhile set them.
 */
export function redirectLog(take: TakeLine): () => void {
  const before = {...settings};
  takeLine = take;
  return () => {
    takeLine = undefined;
    Object.assign(settings, before);
  };
}

function write(level: string, text: string, record: object): void {
  if (takeLine?.(level, text)) return;
  const line = settings.format === 'json' ? json(level, text, record) : `rxtractor ${process.pid} ${level}: ${text}`;
  process.stderr.write(`${line}\n`);
}

/** A record may hold anything of a user. What cannot be written is left out. */
function json(level: string, text: string, record: object): string {
  const line = {level, time: wallTime(), msg: text, ...origin()};
  return attempt(() => JSON.stringify({...line, ...record}, plainly), undefined) ?? JSON.stringify(line);
}

/** JSON has neither errors nor big integers. */
function plainly(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (!isError(value)) return value;
  const {code, stack} = value as NodeJS.ErrnoException;
  return {type: value.name, message: value.message, ...(code !== undefined && {code}), stack};
}

/** The loggers that have failed: one warning says it of each. */
const failedLoggers = new WeakSet<Logger>();

function warnOf(logger: Logger, method: keyof Logger, error: unknown): void {
  if (failedLoggers.has(logger)) return;
  failedLoggers.add(logger);
  process.emitWarning(
    `the logger threw in ${method}(): ${thrownText(error)}. The lines that it does not take go to stderr`,
    {code: 'RXTRACTOR_LOGGER'},
  );
}

function nothing(): void {}
