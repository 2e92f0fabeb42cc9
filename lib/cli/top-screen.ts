/**
 * Draws the screen of `top`: so many lines as the terminal has, each as wide as the terminal at most.
 * Floor 10: below `top`; pure.
 */
import {actorsIn} from '../window/find-waits.js';
import type {ActorView, TreeView} from '../window/types.js';
import type {Look, Placed} from './draw-tree.js';
import {sentence} from './draw-waits.js';
import {cut, duration, memory, pad, percent, shown} from './format.js';
import {paint, paintState} from './paint.js';
import {describeContext, taskNames} from './task-names.js';
import {rowsOf, type TopState, waitsIn} from './top-state.js';
import {otherHosts, sumsOf, whereOf} from './tree-sums.js';

export interface Size extends Look {
  readonly height: number;
}

/** @param view undefined: nothing has been seen yet */
export function drawTop(view: TreeView | undefined, state: TopState, size: Size): string[] {
  const {width, height, colours} = size;
  if (!view) return ['looking at the tree …'].map(text => cut(text, width));
  const head = cut(summaryOf(view), width);
  const foot = cut(footOf(state), width);
  const room = Math.max(1, height - 2);
  const body = bodyOf(view, state, {...size, height: room});
  const filled = [...body, ...Array<string>(Math.max(0, room - body.length)).fill('')];
  return [paint('bold', head, colours), ...filled, paint('dim', foot, colours)].slice(0, height);
}

function bodyOf(view: TreeView, state: TopState, size: Size): string[] {
  if (state.page === 'help') return scrolled(helpLines, state, size);
  const actor = state.page === 'actor' ? [...actorsIn(view.root)].find(({id}) => id === state.selected) : undefined;
  if (actor) return scrolled(actorLines(view, actor), state, size);
  if (state.page === 'actor') return ['this actor has ended'];
  return tableOf(view, state, size);
}

function summaryOf({at, root}: TreeView): string {
  const actors = [...actorsIn(root)];
  const {cpu, rss} = sumsOf(actors);
  const hosts = otherHosts(actors);
  const parts = [
    `${shown(root.name)} (pid ${root.pid})`,
    `${actors.length} actors`,
    `cpu ${percent(cpu)}`,
    memory(rss),
    `up ${duration(at - root.since)}`,
    ...(hosts.length > 0 ? [`other hosts: ${hosts.length}`] : []),
  ];
  return parts.join('   ');
}

function footOf({page, isTyping, filter, order}: TopState): string {
  if (isTyping) return `/${shown(filter)}▏  Enter keeps the filter, Esc removes it`;
  if (page !== 'actors') return 'Esc: back   ↑ ↓: scroll   q: quit';
  const sorted = `sorted: ${orderNames[order]}${filter ? `   filter: ${shown(filter)}` : ''}`;
  return `${sorted}   c m n w t: sort   /: filter   Enter: open   ?: help   q: quit`;
}

const orderNames = {t: 'tree', c: 'cpu', m: 'memory', n: 'name', w: 'waits'} as const;

interface Column {
  readonly title: string;
  readonly width: number;
  /** From which width of the terminal on it is shown, because the names of the actors need room. */
  readonly from: number;
  readonly of: (actor: ActorView, at: number) => string;
}

const columns: readonly Column[] = [
  {title: 'PID', width: 8, from: 0, of: ({pid}) => String(pid || '')},
  {title: 'CPU', width: 6, from: 0, of: ({cpu}) => percent(cpu)},
  {title: 'MEMORY', width: 8, from: 60, of: ({rss}) => memory(rss)},
  {title: 'AGE', width: 6, from: 80, of: ({since}, at) => duration(at - since)},
  {title: 'CALLS', width: 5, from: 80, of: ({contexts, more}) => String(contexts.length + more)},
  {title: 'WAITS', width: 5, from: 70, of: actor => String(waitsIn(actor))},
];

function cellsOf(width: number, text: (column: Column) => string): string {
  const shownColumns = columns.filter(({from}) => width >= from);
  return shownColumns.map(column => pad(text(column), column.width, true)).join(' ');
}

function tableOf(view: TreeView, state: TopState, {width, height, colours}: Size): string[] {
  const rows = rowsOf(view, state);
  const at = Math.max(
    0,
    rows.findIndex(({actor}) => actor.id === state.selected),
  );
  const room = height - 1;
  const first = Math.min(Math.max(0, at - Math.floor(room / 2)), Math.max(0, rows.length - room));
  const lines = rows.slice(first, first + room).map(({actor, lead}, index) => {
    const text = cut(rowText(view, {actor, lead, below: ''}, width), width);
    return first + index === at ? paint('reverse', pad(text, width), colours) : paintState(text, actor.state, colours);
  });
  return [paint('bold', cut(titleOf(width), width), colours), ...lines];
}

const titleOf = (width: number): string => `${cellsOf(width, ({title}) => title)}  ${pad('STATE', 12)} ACTOR`;

function rowText({at}: TreeView, {actor, lead}: Placed, width: number): string {
  return `${cellsOf(width, ({of}) => of(actor, at))}  ${pad(actor.state, 12)} ${lead}${shown(actor.name + whereOf(actor))}`;
}

/** One actor: what it is, for what it waits, and its contexts. */
function actorLines(
  view: TreeView,
  {id, name, pid, host, state, contexts, waits, more, age, children}: ActorView,
): string[] {
  const names = taskNames(view);
  const own = contexts.flatMap(({wait}) => wait ?? []);
  const old = age > 2_000 ? `, as they were ${duration(age)} ago` : '';
  return [
    `${shown(name)} (pid ${pid}) on ${shown(host)}: ${state}`,
    `id ${shown(id)}, ${children.length} children`,
    '',
    'waits',
    ...listed([...own, ...waits].map(wait => `${sentence(wait, names)}, for ${duration(view.at - wait.since)}`)),
    '',
    `contexts${old}`,
    ...listed(contexts.flatMap(context => [describeContext(context, names), `  ${countersOf(context)}`])),
    ...(more > 0 ? [`  … and ${more} more`] : []),
  ];
}

const listed = (lines: readonly string[]): string[] => (lines.length > 0 ? lines.map(text => `  ${text}`) : ['  none']);

function countersOf({
  sent,
  received,
  dropped,
  queuedBytes,
  credit,
  stalledMs,
  still,
}: ActorView['contexts'][number]): string {
  const left = credit.granted - credit.used;
  const stall = stalledMs > 0 ? `, stalled ${duration(stalledMs)} of 10 s` : '';
  return `sent ${sent}, received ${received}, dropped ${dropped}, waiting ${queuedBytes} bytes, credit ${left}${stall}, still for ${duration(still)}`;
}

function scrolled(lines: readonly string[], {scroll}: TopState, {width, height}: Size): string[] {
  const first = Math.min(scroll, Math.max(0, lines.length - height));
  return lines.slice(first, first + height).map(text => cut(text, width));
}

const helpLines: readonly string[] = [
  'c  sorts by the share of a core      m  by memory',
  'n  by name                           w  by waits',
  't  as the actors stand in the tree',
  '',
  '/  shows only actors with a text in their name or host; Esc removes it',
  '↑ ↓ PageUp PageDown Home End  move',
  'Enter  opens an actor: what it waits for, and its contexts; Esc goes back',
  'Ctrl-Z  suspends               q, Ctrl-C  quit',
  '',
  'CALLS  contexts that are open in the actor, at either end',
  'WAITS  for how many things its code waits',
  'busy: does not answer within 500 ms, and uses the processor',
  'unresponsive: does not answer, and does not use it',
];
