/**
 * Draws what the finder has found: circles, tasks that hold up others, chains.
 * Floor 10: below `why`; pure.
 */
import {silentIn} from '../window/find-waits.js';
import type {Findings, Stall, TreeView, Wait, WaitChain, WaitCycle} from '../window/types.js';
import type {Look} from './draw-tree.js';
import {cut, duration, percent} from './format.js';
import {paint} from './paint.js';
import {nameOf, type TaskNames, taskNames} from './task-names.js';

/** Maximum number of chains that are shown, the longest first. */
const maxChains = 5;

export function drawWaits(view: TreeView, {cycles, stalls, chains}: Findings, {width, colours}: Look): string[] {
  const names = taskNames(view);
  const lines = [
    ...cycles.flatMap(cycle => drawCycle(cycle, names, colours)),
    ...drawStalls(outside(cycles, stalls), names, colours),
    ...chains.slice(0, maxChains).flatMap(chain => drawChain(chain, names, colours)),
  ];
  if (chains.length > maxChains) lines.push(`… and ${chains.length - maxChains} more chains`);
  for (const {id, age} of silentIn(view))
    lines.push(`${nameOf(id, names)} has not answered for ${duration(age)}: what it waits for now is not known`);
  if (cycles.length === 0) lines.push('no deadlock is suspected');
  return lines.map(text => cut(text, width));
}

function drawCycle({waits, sinceMs}: WaitCycle, names: TaskNames, colours: boolean): string[] {
  const title = `suspected deadlock: these wait for one another, for ${duration(sinceMs)}`;
  return [paint('red', title, colours), ...inCircle(waits).map(wait => `  ${sentence(wait, names)}`), ''];
}

/** Each wait behind the one that leads to it, as far as they form one circle. */
function inCircle(waits: readonly Wait[]): Wait[] {
  const left = [...waits];
  const ordered: Wait[] = [];
  while (left.length > 0) {
    const next = left.findIndex(({by}) => by === ordered.at(-1)?.of);
    ordered.push(...left.splice(Math.max(0, next), 1));
  }
  return ordered;
}

/** A task of a circle holds up the one before it. That is said already. */
function outside(cycles: readonly WaitCycle[], stalls: readonly Stall[]): Stall[] {
  const inCycles = new Set(cycles.flatMap(({tasks}) => tasks));
  return stalls.filter(({task}) => !inCycles.has(task));
}

function drawStalls(stalls: readonly Stall[], names: TaskNames, colours: boolean): string[] {
  if (stalls.length === 0) return [];
  const lines = stalls.map(({task, share, sinceMs}) => {
    const since = sinceMs > 0 ? `, without a break for ${duration(sinceMs)}` : '';
    return `  ${nameOf(task, names)} holds ${percent(share)} of all waiting${since}`;
  });
  return [paint('bold', 'who does not take what is sent to them', colours), ...lines, ''];
}

function drawChain({tasks, waits}: WaitChain, names: TaskNames, colours: boolean): string[] {
  const end = nameOf(tasks.at(-1) as string, names);
  return [
    paint('bold', `a chain of ${tasks.length} tasks`, colours),
    ...waits.map(wait => `  ${sentence(wait, names)}`),
    `  ${end} waits for nothing that the runtime knows of`,
    '',
  ];
}

const doing: Readonly<Record<Wait['for'], string>> = {
  started: 'waits for the start of',
  result: 'waits for the result of',
  credit: 'waits until room is made by',
  values: 'waits for values of',
  acknowledgement: 'has cancelled, and waits for the end of',
  terminal: 'waits for the terminal, which is held by',
  spawn: 'waits until it is started:',
  child: 'waits for the end of',
};

export const sentence = (wait: Wait, names: TaskNames): string =>
  `${nameOf(wait.by, names)} ${doing[wait.for]} ${nameOf(wait.of, names)}`;
