/**
 * The lines that a prompt shows of a crash before the first command: which actor and which task, what was thrown, its
 * causes.
 * Floor 7: below `post-mortem-prompt`.
 */
import {inspect} from 'node:util';
import type {ActorId} from '../../base/actor-id.js';
import {RemoteActorError} from '../../base/errors.js';
import {escapeText} from '../../base/escape.js';
import {attempt, isError} from '../../base/foreign.js';
import {quitReport} from '../../base/quit-report.js';

/** Maximum number of lines and of causes that are shown, because `p error` shows the whole. */
const maxLines = 40;
const maxCauses = 8;

/** Never throws. */
export function crashReport(actor: ActorId, task: string, error: unknown): string[] {
  return attempt(() => report(actor, task, error), [`crash in ${actor.name}: ${unreadable}`]);
}

const unreadable = 'something that cannot be shown';

function report(actor: ActorId, task: string, error: unknown): string[] {
  const suffix = ` in ${actor.name}`;
  const name = task.endsWith(suffix) ? task.slice(0, -suffix.length) : task;
  const where = `crash in ${actor.name}, ${name === `actor ${actor.name}` ? 'uncaught' : name}:`;
  return cut(isError(error) ? told(error, where) : `${where} ${inspected(error)}`.split('\n')).map(escapeText);
}

/**
 * An error that this library has made, around an error of another actor or around several, is printed as it prints
 * itself, because that says how the error came here. Other errors are shown by name and message.
 */
function told(error: Error, where: string): string[] {
  const quit = quitReport(error);
  if (quit) return [`${where} ${quit.line}`, ...(quit.cause === undefined ? [] : [`caused by ${quit.cause}`])];
  if (error instanceof AggregateError) return [where, ...inspected(error).split('\n')];
  if (!(error instanceof RemoteActorError)) return causesOf(error, where);
  const cause = isError(error.cause) ? error.cause.cause : undefined;
  return [where, ...String(error.stack).split('\n'), ...(cause === undefined ? [] : causesOf(cause, 'caused by'))];
}

function causesOf(error: unknown, first: string): string[] {
  const lines: string[] = [];
  let link: unknown = error;
  for (let depth = 0; depth < maxCauses && (depth === 0 || link !== undefined); depth++) {
    const text = isError(link) ? titleOf(link) : inspected(link);
    lines.push(...`${depth === 0 ? first : 'caused by'} ${text}`.split('\n'));
    link = isError(link) ? link.cause : undefined;
  }
  return lines;
}

/** Name and message. An error whose class sets no `name` is shown under the name of its class. */
function titleOf(error: Error): string {
  const {name, message} = error;
  return `${name === 'Error' ? (error.constructor?.name ?? name) : name}: ${message}`;
}

const inspected = (value: unknown): string => attempt(() => inspect(value), unreadable);

function cut(lines: readonly string[]): string[] {
  if (lines.length <= maxLines) return [...lines];
  return [...lines.slice(0, maxLines), '… (p error shows the whole)'];
}
