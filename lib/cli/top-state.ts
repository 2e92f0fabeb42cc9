/**
 * The state of `top`, and how each key changes it.
 * Floor 10: below `top-screen`; pure.
 */
import {actorsIn} from '../window/find-waits.js';
import type {ActorView, TreeView} from '../window/types.js';
import {type Placed, placed} from './draw-tree.js';
import {whereOf} from './tree-sums.js';

/** By what the actors are sorted. `t`: as they stand in the tree. */
export type Order = 't' | 'c' | 'm' | 'n' | 'w';

export interface TopState {
  readonly order: Order;
  /** Only actors with this in their name, or behind it in ` on gpu1`, are shown. */
  readonly filter: string;
  /** Whether keys go to the filter. */
  readonly isTyping: boolean;
  /** The id of the actor on which the bar stands. */
  readonly selected: string | undefined;
  readonly page: 'actors' | 'actor' | 'help';
  /** How far `actor` and `help` are scrolled, in lines. */
  readonly scroll: number;
}

export const firstState: TopState = {
  order: 't',
  filter: '',
  isTyping: false,
  selected: undefined,
  page: 'actors',
  scroll: 0,
};

/** The keys in what came from a terminal: a sequence of escape is one key. */
export function keysIn(text: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: keys are made of them
  return text.match(/\x1b(?:\[[0-9;]*[A-Za-z~]|O[A-Z])|[\s\S]/gu) ?? [];
}

const up = new Set(['\x1b[A', '\x1bOA', 'k']);
const down = new Set(['\x1b[B', '\x1bOB', 'j']);
const back = new Set(['\x1b', '\x7f', '\b', '\x1b[D']);
const enter = new Set(['\r', '\n']);
const steps: Readonly<Record<string, number>> = {'\x1b[5~': -10, '\x1b[6~': 10, '\x1b[H': -1e6, '\x1b[F': 1e6};

/** `quit` and `suspend` are for the terminal; any other key leads to the next state. */
export function pressed(state: TopState, key: string, view: TreeView | undefined): TopState | 'quit' | 'suspend' {
  if (key === '\x03') return 'quit';
  if (key === '\x1a') return 'suspend';
  if (state.isTyping) return typed(state, key);
  if (key === 'q') return 'quit';
  if (key === '?') return {...state, page: state.page === 'help' ? 'actors' : 'help', scroll: 0};
  const step = up.has(key) ? -1 : down.has(key) ? 1 : (steps[key] ?? 0);
  if (state.page !== 'actors') {
    if (back.has(key) || enter.has(key)) return {...state, page: 'actors', scroll: 0};
    return {...state, scroll: Math.max(0, state.scroll + step)};
  }
  if (/^[tcmnw]$/.test(key)) return {...state, order: key as Order};
  if (key === '/') return {...state, isTyping: true};
  if (key === '\x1b') return {...state, filter: ''};
  const rows = view ? rowsOf(view, state) : [];
  if (step !== 0) return {...state, selected: moved(rows, state, step)};
  if (enter.has(key) && rows.length > 0) return {...state, selected: moved(rows, state, 0), page: 'actor', scroll: 0};
  return state;
}

function typed(state: TopState, key: string): TopState {
  if (enter.has(key)) return {...state, isTyping: false};
  if (key === '\x1b') return {...state, isTyping: false, filter: ''};
  if (key === '\x7f' || key === '\b') return {...state, filter: [...state.filter].slice(0, -1).join('')};
  return /^[^\p{C}]$/u.test(key) ? {...state, filter: state.filter + key} : state;
}

function moved(rows: readonly Placed[], {selected}: TopState, step: number): string | undefined {
  const at = Math.max(
    0,
    rows.findIndex(({actor}) => actor.id === selected),
  );
  return rows[Math.min(Math.max(0, at + step), rows.length - 1)]?.actor.id;
}

/** For how many things the code of an actor waits. */
export function waitsIn({contexts, waits}: ActorView): number {
  return contexts.filter(({wait}) => wait).length + waits.length;
}

const stalledIn = ({contexts}: ActorView): number => contexts.reduce((sum, {stalledMs}) => sum + stalledMs, 0);

const orders: Readonly<Record<Exclude<Order, 't'>, (a: ActorView, b: ActorView) => number>> = {
  c: (a, b) => (b.cpu ?? 0) - (a.cpu ?? 0),
  m: (a, b) => (b.rss ?? 0) - (a.rss ?? 0),
  n: (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  w: (a, b) => waitsIn(b) - waitsIn(a) || stalledIn(b) - stalledIn(a),
};

/** The actors that are shown, in their order. */
export function rowsOf({root}: TreeView, {order, filter}: TopState): Placed[] {
  const wanted = filter.toLowerCase();
  const fits = (actor: ActorView): boolean => (actor.name + whereOf(actor)).toLowerCase().includes(wanted);
  if (order === 't' && wanted === '') return [...placed(root)];
  const actors = [...actorsIn(root)].filter(fits);
  const sorted = order === 't' ? actors : actors.sort(orders[order]);
  return sorted.map(actor => ({actor, lead: '', below: ''}));
}
