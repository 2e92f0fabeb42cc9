/**
 * The log of the runtime: a logger that users can replace, and a debuglog section for the authors of the library.
 * Floor 0: every floor above writes to it.
 */
import {debuglog} from 'node:util';
import {attempt, isThenable, thrownText, whenSettled} from './foreign.js';
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
 * the details. A line at which a method throws, or rejects, goes to stderr, and a warning says so once (`RXTRACTOR_LOGGER`).
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

interface Settings {
  level: number;
  logger: Logger | undefined;
}

const settings = processWide<Settings>('log', () => ({level: logLevels.indexOf('warn'), logger: undefined}));

/** With `NODE_DEBUG=rxtractor` it writes every line, whatever the level is. */
const trace = debuglog('rxtractor');

export function configureLog(level: LogLevel, logger?: Logger): void {
  settings.level = logLevels.indexOf(level);
  settings.logger = logger;
}

export function log(level: Exclude<LogLevel, 'silent'>, text: string, record: object = {}): void {
  // A record may hold an error of a user, and to show that may run its code.
  attempt(() => trace('%s %s %o', level, text, record));
  if (logLevels.indexOf(level) < settings.level) return;
  const {logger} = settings;
  if (logger) hand(logger, level, text, record);
  else write(level, text);
}

/** A logger is code of a user. A line that it does not take goes to stderr, so that teardown, and everything else, goes on. */
function hand(logger: Logger, level: Exclude<LogLevel, 'silent'>, text: string, record: object): void {
  const method = level === 'transport' || level === 'runtime' || level === 'cancel' ? 'debug' : level;
  const failed = (error: unknown): void => {
    warnOf(logger, method, error);
    write(level, text);
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

function write(level: string, text: string): void {
  if (takeLine?.(level, text)) return;
  process.stderr.write(`rxtractor ${process.pid} ${level}: ${text}\n`);
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
