/**
 * The commands `b`, `tbreak` and `clear`: breakpoints that a person sets at the prompt.
 * Floor 7: below `command-language`, above `frames/debuggee`.
 */
import {basename} from 'node:path';
import {escapeText} from '../../base/escape.js';
import type {Breakpoint, Breakpoints, Debuggee} from '../frames/debuggee.js';

const notHere = 'a breakpoint needs a program that can be stopped: not after a crash, and not in a thread';

/** @param argument `[FILE:]LINE[, CONDITION]`; empty: lists the breakpoints */
export async function setBreakpoint(
  {breakpoints}: Debuggee,
  frame: number,
  argument: string,
  isOnce: boolean,
): Promise<string[]> {
  if (!breakpoints) return [notHere];
  if (argument === '') return listBreakpoints(breakpoints);
  const [, file, line = '', condition] = /^(?:(.+?):)?(\d+)\s*(?:,\s*(.*))?$/s.exec(argument) ?? [];
  const set = await breakpoints.set({frame, file, line: Number(line), condition: condition || undefined, isOnce});
  return [typeof set === 'string' ? `! ${set}` : textOf(set)];
}

/** @param argument its number; empty: removes all */
export async function clearBreakpoints({breakpoints}: Debuggee, argument: string): Promise<string[]> {
  if (!breakpoints) return [notHere];
  const numbers = argument === '' ? breakpoints.all.map(({number}) => number) : [Number(argument)];
  const known = new Set(breakpoints.all.map(({number}) => number));
  for (const number of numbers) {
    if (!known.has(number)) return [`! there is no breakpoint ${number}: b lists them`];
    await breakpoints.remove(number);
  }
  return listBreakpoints(breakpoints);
}

/** Says at which breakpoints the program has just stopped. */
export function hitLines({breakpoints}: Debuggee): string[] {
  return (breakpoints?.hit ?? []).map(number => `breakpoint ${number}`);
}

function listBreakpoints({all}: Breakpoints): string[] {
  return all.length === 0 ? ['no breakpoints'] : all.map(textOf);
}

const textOf = ({number, file, line, condition, isOnce}: Breakpoint): string =>
  escapeText(
    `breakpoint ${number} at ${basename(file)}:${line}${condition ? `, if ${condition}` : ''}${isOnce ? ', once' : ''}`,
  );
