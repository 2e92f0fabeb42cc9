/**
 * How an error is told that a person has caused, by leaving the debugger's prompt with `q`: in one line, because the person
 * knows what happened.
 * Floor 0: below `failure-tree` and `errors`, which print by it; it knows errors by their codes.
 */
import {escapeText} from './escape.js';
import {causeOf, isError, membersOf, messageOf, readProperty} from './foreign.js';

export interface QuitReport {
  readonly line: string;
  /** The title of the error at which the person was looking, if it was the prompt of a crash. */
  readonly cause: string | undefined;
}

/** Maximum depth of causes and members, because errors may refer to each other in a circle. */
const maxDepth = 16;
/** Maximum length of a text, in characters. */
const maxText = 2_000;

/** Undefined where the error, or one of several, is of another kind. */
export function quitReport(error: unknown): QuitReport | undefined {
  const quit = quitOf(error, 0);
  return quit && {line: `DebuggerQuit: ${cut(messageOf(quit) ?? '')}`, cause: titleOf(crashOf(causeOf(quit)))};
}

/** The report as one text. */
export function quitText(error: unknown): string | undefined {
  const report = quitReport(error);
  return report && (report.cause === undefined ? report.line : `${report.line}\n  [cause]: ${report.cause}`);
}

/** The DebuggerQuit of which an error tells: itself, the one in another actor, or the one that has caused a cancellation. */
function quitOf(error: unknown, depth: number): Error | undefined {
  if (!isError(error) || depth > maxDepth) return undefined;
  switch (readProperty(error, 'code')) {
    case 'ERR_DEBUGGER_QUIT':
      return error;
    case 'ERR_REMOTE':
    case 'ERR_CANCELLED':
      return quitOf(causeOf(error), depth + 1);
    case 'ERR_NURSERY': {
      const quits = membersOf(error).map(member => quitOf(member, depth + 1));
      return quits.every(quit => quit !== undefined) ? quits[0] : undefined;
    }
    default:
      return undefined;
  }
}

/** The first error below a DebuggerQuit that no person has caused. */
function crashOf(cause: unknown, depth = 0): unknown {
  const quit = quitOf(cause, 0);
  return quit && depth < maxDepth ? crashOf(causeOf(quit), depth + 1) : cause;
}

/** The first line of what an error prints, which has its class, its code and its message. */
function titleOf(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  const stack = isError(error) ? readProperty(error, 'stack') : undefined;
  const text = typeof stack === 'string' ? stack : isError(error) ? messageOf(error) : String(error);
  return cut(text?.split('\n')[0] ?? '');
}

const cut = (text: string): string => escapeText(text.slice(0, maxText)).replaceAll('\n', ' ');
