/**
 * The source of a frame as lines of the screen, with the current line marked.
 * Floor 7: below `command-language`, above `frames/debuggee`.
 */
import {basename} from 'node:path';
import {escapeText} from '../../base/escape.js';
import type {Debuggee, StackFrame} from '../frames/debuggee.js';
import {paint} from '../terminal/colours.js';

export const nobody = 'no frame of your code is on the stack';

export const describe = ({name, file, line: at}: StackFrame): string =>
  escapeText(`${name === '' ? '(anonymous)' : name} (${basename(file)}:${at})`);

/** The lines `from` to `to` of a frame's file. The first line is 0; the line `to` is excluded. */
export async function listSource(
  debuggee: Debuggee,
  frame: number,
  [from, to]: readonly [from: number, to: number],
  colours: boolean,
): Promise<string[]> {
  const current = debuggee.frames[frame];
  if (!current) return [nobody];
  const lines = await debuggee.source(frame);
  if (!lines) return ['(its source cannot be read)'];
  const start = Math.max(0, from);
  const width = String(Math.min(to, lines.length)).length;
  return lines.slice(start, to).map((line, at) => {
    const number = start + at + 1;
    const isCurrent = number === current.line;
    const text = `${isCurrent ? '>' : ' '} ${String(number).padStart(width)}  ${escapeText(line)}`.trimEnd();
    return isCurrent ? paint('bold', text, colours) : text;
  });
}
