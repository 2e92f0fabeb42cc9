/**
 * Draws a tree: a line for each actor, with what it uses behind its name, and its contexts beneath.
 * Floor 10: below `tree` and `top`; pure.
 */
import type {ActorView, TreeView} from '../window/types.js';
import {cut, duration, memory, pad, percent, shown, widthOfText} from './format.js';
import {paintState} from './paint.js';
import {describeContext, taskNames} from './task-names.js';
import {whereOf} from './tree-sums.js';

export interface Look {
  readonly width: number;
  readonly colours: boolean;
}

/** An actor of a tree, and the lines that lead to it. */
export interface Placed {
  readonly actor: ActorView;
  /** `│  └─ `. */
  readonly lead: string;
  /** The same for what stands below it. */
  readonly below: string;
}

/** Every actor from the top down. */
export function* placed(actor: ActorView, lead = '', below = ''): Generator<Placed> {
  yield {actor, lead, below};
  for (const [at, child] of actor.children.entries()) {
    const isLast = at === actor.children.length - 1;
    yield* placed(child, `${below}${isLast ? '└─ ' : '├─ '}`, `${below}${isLast ? '   ' : '│  '}`);
  }
}

export function drawTree(view: TreeView, {width, colours}: Look): string[] {
  const {at, root, more} = view;
  const names = taskNames(view);
  const all = [...placed(root)];
  const labels = all.map(({actor, lead}) => lead + shown(actor.name + whereOf(actor)));
  const nameWidth = Math.max(...labels.map(widthOfText));
  const lines = all.flatMap(({actor, below}, row) => {
    const {pid, cpu, rss, state, since, exit} = actor;
    const usage = [pad(percent(cpu), 6, true), pad(memory(rss), 8, true), pad(duration(at - since), 6, true)];
    const end = exit ? ` (${shown(exit.signal ?? `code ${exit.code}`)})` : '';
    const text = `${pad(labels[row] as string, nameWidth)} ${pad(String(pid || ''), 8, true)} ${usage.join(' ')}  ${state}${end}`;
    const gap = actor.children.length > 0 ? '│  ' : '   ';
    const contexts = actor.contexts.map(context => cut(`${below}${gap}· ${describeContext(context, names)}`, width));
    if (actor.more > 0 && actor.contexts.length > 0) contexts.push(`${below}${gap}· … and ${actor.more} more`);
    return [paintState(cut(text, width), state, colours), ...contexts];
  });
  return more > 0 ? [...lines, `… and ${more} more actors`] : lines;
}
