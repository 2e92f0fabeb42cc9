// The tree of actors, as a tree grid: arrow keys move, Enter opens, left and right fold.
import type {JSX} from 'preact';
import {memo} from 'preact/compat';
import {useLayoutEffect, useRef} from 'preact/hooks';
import {whereOf} from '../tree-sums.js';
import {type ActorFrame, type Ended, megabytes, percent} from './data.js';
import {rowHeight, useSeen} from './visible-rows.js';

export interface Row {
  readonly actor: ActorFrame;
  readonly depth: number;
  readonly isFolded: boolean;
}

/** The rows from the top down. Actors that have ended stay below their parent for a while. */
export function rowsOf(
  root: ActorFrame,
  ended: ReadonlyMap<string, Ended>,
  folded: ReadonlySet<string>,
  filter: string,
): Row[] {
  const rows: Row[] = [];
  const gone = new Map<string, ActorFrame[]>();
  for (const {actor, parent} of ended.values()) gone.set(parent, [...(gone.get(parent) ?? []), actor]);
  const visit = (actor: ActorFrame, depth: number): void => {
    const there = new Set(actor.children.map(({id}) => id));
    const children = [...actor.children, ...(gone.get(actor.id) ?? []).filter(({id}) => !there.has(id))];
    const isFolded = folded.has(actor.id) && filter === '';
    if ((actor.name + whereOf(actor)).toLowerCase().includes(filter.toLowerCase())) rows.push({actor, depth, isFolded});
    if (!isFolded) for (const child of children) visit(child, depth + 1);
  };
  visit(root, 0);
  return rows;
}

/** Above this stall in the last 10 s a row stands out, in ms. */
export const stallMs = 1_000;

export function stateOf({state, exit, stalledMs}: ActorFrame): {readonly text: string; readonly tone: string} {
  if (state === 'ended') {
    const how = exit?.signal ?? (exit && exit.code !== null ? `code ${exit.code}` : '');
    return {text: how ? `ended, ${how}` : 'ended', tone: exit?.code === 0 ? 'quiet' : 'bad'};
  }
  if (state === 'unresponsive') return {text: state, tone: 'bad'};
  if (state === 'busy' || state === 'at a prompt') return {text: state, tone: 'warn'};
  if (state !== 'serving') return {text: state, tone: 'quiet'};
  return stalledMs >= stallMs ? {text: 'stalled stream', tone: 'warn'} : {text: 'serving', tone: 'good'};
}

interface TreeProps {
  readonly rows: readonly Row[];
  readonly selected: string;
  select(id: string): void;
  fold(id: string, isFolded: boolean): void;
}

/** The columns, and the class of each. */
const columns = [
  ['actor', ''],
  ['state', ''],
  ['cpu', 'number'],
  ['memory', 'number'],
  ['open', 'number'],
] as const;

export function Tree({rows, selected, select, fold}: TreeProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const isMoving = useRef(false);
  const at = rows.findIndex(({actor}) => actor.id === selected);
  const {from, to} = useSeen(box, rows.length);
  const focusSelected = (): void => box.current?.querySelector<HTMLElement>('[aria-selected="true"]')?.focus();
  const go = (to: number): void => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, to))];
    if (!row) return;
    if (row.actor.id === selected) return focusSelected();
    isMoving.current = true;
    select(row.actor.id);
  };
  // The row to which a key has led is drawn by now, wherever it is. The focus scrolls to it.
  useLayoutEffect(() => {
    if (!isMoving.current) return;
    isMoving.current = false;
    focusSelected();
  });
  const press = (event: KeyboardEvent): void => {
    const moves: Record<string, () => void> = {
      ArrowDown: () => go(at + 1),
      ArrowUp: () => go(at - 1),
      Home: () => go(0),
      End: () => go(rows.length - 1),
      ArrowLeft: () => fold(selected, true),
      ArrowRight: () => fold(selected, false),
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  };
  return (
    <div class="tree" role="treegrid" aria-label="Actors" aria-rowcount={rows.length + 1} onKeyDown={press} ref={box}>
      <div role="row" aria-rowindex={1} class="row head">
        {columns.map(([title, kind]) => (
          <span key={title} role="columnheader" class={kind}>
            {title}
          </span>
        ))}
      </div>
      <div role="rowgroup" class="rows" style={{height: `${rows.length * rowHeight}px`}}>
        {rows.map(({actor, depth, isFolded}, place) =>
          // The selected row has the focus, which would be lost with it.
          (from <= place && place < to) || place === at ? (
            <TreeRow
              key={actor.id}
              actor={actor}
              depth={depth}
              place={place}
              isFolded={isFolded}
              isSelected={place === at}
              select={select}
              fold={fold}
            />
          ) : undefined,
        )}
      </div>
    </div>
  );
}

interface RowProps extends Row {
  /** Which row it is, from 0. */
  readonly place: number;
  readonly isSelected: boolean;
  select(id: string): void;
  fold(id: string, isFolded: boolean): void;
}

/** A row is drawn again when one of its cells has changed: of hundreds of rows few do. */
const isSame = (before: RowProps, after: RowProps): boolean => {
  const [a, b] = [before.actor, after.actor];
  return (
    before.isSelected === after.isSelected &&
    before.isFolded === after.isFolded &&
    before.depth === after.depth &&
    before.place === after.place &&
    a.state === b.state &&
    a.name === b.name &&
    a.host === b.host &&
    a.open === b.open &&
    a.children.length === b.children.length &&
    a.waiting === b.waiting &&
    percent(a.cpu) === percent(b.cpu) &&
    megabytes(a.rss) === megabytes(b.rss) &&
    stateOf(a).text === stateOf(b).text
  );
};

const TreeRow = memo(({actor, depth, place, isFolded, isSelected, select, fold}: RowProps): JSX.Element => {
  const {text, tone} = stateOf(actor);
  const hasChildren = actor.children.length > 0;
  return (
    <div
      role="row"
      class={`row ${tone}`}
      style={{top: `${place * rowHeight}px`}}
      aria-rowindex={place + 2}
      tabIndex={isSelected ? 0 : -1}
      aria-selected={isSelected}
      aria-level={depth + 1}
      {...(hasChildren && {'aria-expanded': !isFolded})}
      onClick={() => select(actor.id)}
    >
      <span role="gridcell" class="name" style={{paddingLeft: `${depth * 1.1}rem`}}>
        <i
          class={hasChildren ? (isFolded ? 'twist folded' : 'twist') : 'twist none'}
          aria-hidden="true"
          onClick={event => {
            event.stopPropagation();
            fold(actor.id, !isFolded);
          }}
        />
        <span class="text" title={actor.name + whereOf(actor)}>
          {actor.name}
          {whereOf(actor) && <em>{whereOf(actor)}</em>}
        </span>
        {actor.pid > 0 && <small>{actor.pid}</small>}
      </span>
      <span role="gridcell">
        <span class={`chip ${tone}`}>{text}</span>
      </span>
      <span role="gridcell" class="number cpu">
        <i aria-hidden="true" style={{width: `${Math.min(100, (actor.cpu ?? 0) * 100)}%`}} />
        {percent(actor.cpu)}
      </span>
      <span role="gridcell" class="number">
        {megabytes(actor.rss)}
      </span>
      <span role="gridcell" class="number">
        {actor.open}
      </span>
    </div>
  );
}, isSame);
