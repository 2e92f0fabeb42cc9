/**
 * The page is told of a tree: few numbers of each actor, everything of the one that is open, and who waits for whom in words.
 * Floor 10: below `devtools-server`; pure.
 *
 * A tree of 200 actors has thousands of contexts. The page would spend its time reading them, so it gets those of one actor.
 */
import {findWaits} from '../window/find-waits.js';
import type {ActorView, ContextView, TreeView} from '../window/types.js';
import {shown} from './format.js';
import {nameOf, taskNames} from './task-names.js';

/** One actor in a frame. */
export interface ActorFrame extends Omit<ActorView, 'contexts' | 'children' | 'more' | 'waits'> {
  readonly children: readonly ActorFrame[];
  /** How many ends of contexts are open. */
  readonly open: number;
  /** How many of them wait for something. */
  readonly waiting: number;
  /** The longest stall of the last 10 s among them, in ms. */
  readonly stalledMs: number;
  /** Sums over its contexts. */
  readonly queuedBytes: number;
  readonly sent: number;
}

/** A circle or a chain of waits, in words. */
export interface WaitLines {
  /** The tasks, by their names. */
  readonly tasks: readonly string[];
  /** For what each waits, of the next one. */
  readonly waits: readonly string[];
  readonly sinceMs: number;
}

export interface Frame {
  readonly at: number;
  readonly root: ActorFrame;
  readonly more: number;
  readonly cycles: readonly WaitLines[];
  readonly chains: readonly WaitLines[];
  readonly stalls: readonly {readonly task: string; readonly share: number; readonly sinceMs: number}[];
  /** The contexts of the actor that is open. */
  readonly contexts: readonly ContextFrame[];
}

/** One end of a context. `peer` names the task at the other end. */
export type ContextFrame = ContextView & {readonly peer: string};

/** Maximum number of chains that are told, the longest first. */
const maxChains = 12;

/** Names that actors have chosen are escaped in the frame, because the page shows them. @param open the id of the actor whose contexts are wanted */
export function frameOf(view: TreeView, open: string | undefined): Frame {
  const names = taskNames(view);
  const name = (task: string): string => nameOf(task, names);
  const found = findWaits(view);
  return {
    at: view.at,
    root: actorFrame(view.root),
    more: view.more,
    cycles: found.cycles.map(({tasks, waits, sinceMs}) => ({
      tasks: tasks.map(name),
      waits: waits.map(wait => wait.for),
      sinceMs,
    })),
    chains: found.chains.slice(0, maxChains).map(({tasks, waits}) => ({
      tasks: tasks.map(name),
      waits: waits.map(wait => wait.for),
      sinceMs: Math.min(...waits.map(({since}) => view.at - since)),
    })),
    stalls: found.stalls.map(({task, share, sinceMs}) => ({task: name(task), share, sinceMs})),
    contexts: open === undefined ? [] : contextsIn(view, open, name),
  };
}

/** The contexts of one actor alone, as in a frame. */
export function contextsOf(view: TreeView, open: string): ContextFrame[] {
  const names = taskNames(view);
  return contextsIn(view, open, task => nameOf(task, names));
}

function contextsIn({root}: TreeView, open: string, name: (task: string) => string): ContextFrame[] {
  return (find(root, open)?.contexts ?? []).map(context => ({
    ...context,
    fn: shown(context.fn),
    peer: name(context.side === 'caller' ? context.callee : context.caller),
  }));
}

function actorFrame({contexts, children, more, waits: _waits, ...actor}: ActorView): ActorFrame {
  const sum = (of: (context: ContextView) => number): number => contexts.reduce((all, each) => all + of(each), 0);
  return {
    ...actor,
    name: shown(actor.name),
    host: shown(actor.host),
    children: children.map(actorFrame),
    open: contexts.length + more,
    waiting: contexts.filter(({wait}) => wait).length,
    stalledMs: Math.max(0, ...contexts.map(({stalledMs}) => stalledMs)),
    queuedBytes: sum(({queuedBytes}) => queuedBytes),
    sent: sum(({sent}) => sent),
  };
}

function find(actor: ActorView, id: string): ActorView | undefined {
  if (actor.id === id) return actor;
  for (const child of actor.children) {
    const found = find(child, id);
    if (found) return found;
  }
  return undefined;
}
