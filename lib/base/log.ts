/**
 * What the runtime says of itself: a logger that users can replace, and a debuglog section for its authors.
 * Floor 0.
 */
import {debuglog} from 'node:util';
import {processWide} from './process-wide.js';

/**
 * From everything to nothing. `transport`, `runtime` and `cancel` are the runtime's own: bytes, actors that come and go,
 * and who asks whom to end.
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

/** Anything shaped like a pino logger; what is below `debug` goes to `debug`. `record` has details, `text` is the line. */
export interface Logger {
  debug(record: object, text: string): void;
  info(record: object, text: string): void;
  warn(record: object, text: string): void;
  error(record: object, text: string): void;
}

interface Settings {
  level: number;
  logger: Logger | undefined;
}

const settings = processWide<Settings>('log', () => ({level: logLevels.indexOf('warn'), logger: undefined}));

/** `NODE_DEBUG=rxtractor` shows everything, whatever the level. */
const trace = debuglog('rxtractor');

export function configureLog(level: LogLevel, logger?: Logger): void {
  settings.level = logLevels.indexOf(level);
  settings.logger = logger;
}

export function log(level: Exclude<LogLevel, 'silent'>, text: string, record: object = {}): void {
  trace('%s %s %o', level, text, record);
  if (logLevels.indexOf(level) < settings.level) return;
  const {logger} = settings;
  if (logger)
    logger[level === 'transport' || level === 'runtime' || level === 'cancel' ? 'debug' : level](record, text);
  else process.stderr.write(`rxtractor ${process.pid} ${level}: ${text}\n`);
}
