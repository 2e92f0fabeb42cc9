/**
 * Finds who waits for whom in a tree: suspected deadlocks, tasks that hold up others, and chains.
 * Floor 7: pure, over one view; `watch-tree` has compared that view with those before it.
 */
import type {ActorView, ContextView, Findings, Stall, TreeView, Wait, WaitChain, WaitCycle} from './types.js';

/** For so long no counter of a task may have moved, and its process may not have worked, in ms. */
const stillMs = 5_000;
/** A circle that has stood still for so long may soon be suspected, in ms. */
const soonMs = 1_000;
/** A task is named that has held up others for so long of the last 10 s, in ms. */
const leastStallMs = 1_000;
/** Maximum number of chains. */
const maxChains = 20;

/**
 * Finds the waits in a view of a tree that `watchTree` has given. It is pure.
 *
 * A task of JavaScript may do something else while it waits. So a cycle is *suspected*, and only when no counter of its tasks has
 * moved for 5 s and none of their processes has used more than 5 % of a core. The view must come from an observer that
 * has watched for that long. Two tasks that wait for values of each other are a silent conversation, and no cycle.
 *
 * @example
 * ```ts
 * watchTree({contexts: true}).subscribe(view => {
 *   for (const {tasks, sinceMs} of findWaits(view).cycles) console.log(`suspected for ${sinceMs} ms:`, tasks);
 * });
 * ```
 */
export function findWaits(view: TreeView): Findings {
  const seen = seenIn(view);
  const {ends, waits} = seen;
  const cycles = cyclesStillFor(seen, stillMs);
  return {
    cycles: cycles.map(({tasks, waits}) => ({
      tasks,
      waits,
      sinceMs: view.at - Math.max(...waits.map(each => each.since)),
    })),
    stalls: stallsOf(view, ends),
    chains: chainsOf(waits, new Set(cycles.flatMap(({tasks}) => tasks))),
  };
}

/**
 * Whether a later view could tell more: an actor has not told for what it waits, or a circle stands still, and not yet for long enough to be
 * suspected.
 */
export function isEarly(view: TreeView): boolean {
  const seen = seenIn(view);
  const countStill = (ms: number): number => cyclesStillFor(seen, ms).flatMap(({tasks}) => tasks).length;
  return silentIn(view).length > 0 || countStill(soonMs) > countStill(stillMs);
}

/** The actors that have not answered. What they wait for now is not known. */
export function silentIn({root}: TreeView): ActorView[] {
  return [...actorsIn(root)].filter(({state}) => state === 'busy' || state === 'unresponsive');
}

/** The waits that a view tells of. */
interface Seen {
  readonly actors: readonly ActorView[];
  readonly ends: readonly End[];
  readonly waits: readonly Wait[];
}

function seenIn({root}: TreeView): Seen {
  const actors = [...actorsIn(root)];
  const ends = actors.flatMap(actor => actor.contexts.map(context => ({actor, context})));
  return {
    actors,
    ends,
    waits: [...ends.flatMap(({context: {wait}}) => wait ?? []), ...actors.flatMap(({waits}) => waits)],
  };
}

/** The circles in which no task has done anything for so long, in ms. */
function cyclesStillFor({actors, ends, waits}: Seen, ms: number): Pick<WaitCycle, 'tasks' | 'waits'>[] {
  const active = activeTasks(actors, ends, ms);
  return cyclesOf(waits.filter(({by, of}) => !active.has(by) && !active.has(of))).filter(isSuspect);
}

interface End {
  readonly actor: ActorView;
  readonly context: ContextView;
}

/** Every actor of a tree, from the top down. */
export function* actorsIn(actor: ActorView): Generator<ActorView> {
  yield actor;
  for (const child of actor.children) yield* actorsIn(child);
}

/**
 * The tasks that have done something within the last ms: a counter has moved at an end of theirs, or their process has worked. What an
 * actor has told last is as old as its `age`: since then a counter may have moved.
 */
function activeTasks(actors: readonly ActorView[], ends: readonly End[], ms: number): Set<string> {
  const isAtWork = ({idle}: ActorView): boolean => (idle ?? ms) < ms;
  const active = new Set(actors.filter(isAtWork).map(({id}) => id));
  for (const {actor, context} of ends) {
    const own = taskAt(context);
    if (isAtWork(actor)) active.add(own);
    if (context.still - actor.age >= ms) continue;
    active.add(context.caller);
    active.add(context.uid);
  }
  return active;
}

/** The task whose end of the context it is. */
const taskAt = ({side, caller, uid}: ContextView): string => (side === 'caller' ? caller : uid);

/** When each of two waits for a value of the other one, nobody has asked for anything. */
const isSuspect = ({waits}: {readonly waits: readonly Wait[]}): boolean => waits.some(wait => wait.for !== 'values');

/** The strongly connected parts of the waits, by the algorithm of Tarjan, without recursion that a long chain could overflow. */
function cyclesOf(waits: readonly Wait[]): Pick<WaitCycle, 'tasks' | 'waits'>[] {
  const edges = groupBy(waits);
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const found: string[][] = [];
  for (const start of edges.keys()) {
    if (index.has(start)) continue;
    const path: {readonly task: string; next: number}[] = [];
    const enter = (task: string): void => {
      index.set(task, index.size);
      low.set(task, index.get(task) as number);
      stack.push(task);
      onStack.add(task);
      path.push({task, next: 0});
    };
    enter(start);
    for (let at = path.at(-1); at; at = path.at(-1)) {
      const {task} = at;
      const wait = edges.get(task)?.[at.next++];
      if (wait && !index.has(wait.of)) enter(wait.of);
      else if (wait) {
        if (onStack.has(wait.of)) low.set(task, Math.min(low.get(task) as number, index.get(wait.of) as number));
      } else {
        path.pop();
        const above = path.at(-1)?.task;
        if (above !== undefined) low.set(above, Math.min(low.get(above) as number, low.get(task) as number));
        if (low.get(task) === index.get(task)) found.push(takeDownTo(task, stack, onStack));
      }
    }
  }
  return found
    .filter(tasks => tasks.length > 1)
    .map(tasks => ({
      tasks: tasks.reverse(),
      waits: waits.filter(({by, of}) => tasks.includes(by) && tasks.includes(of)),
    }));
}

function takeDownTo(task: string, stack: string[], onStack: Set<string>): string[] {
  const part = stack.splice(stack.lastIndexOf(task));
  for (const each of part) onStack.delete(each);
  return part.reverse();
}

function groupBy(waits: readonly Wait[]): Map<string, Wait[]> {
  const groups = new Map<string, Wait[]>();
  for (const wait of waits) groups.set(wait.by, [...(groups.get(wait.by) ?? []), wait]);
  return groups;
}

function stallsOf(view: TreeView, ends: readonly End[]): Stall[] {
  const stalled = ends.filter(({context}) => context.stalledMs > 0);
  const all = stalled.reduce((sum, {context}) => sum + context.stalledMs, 0);
  const byTask = new Map<string, ContextView[]>();
  for (const {context} of stalled) {
    const task = context.side === 'caller' ? context.uid : context.caller;
    byTask.set(task, [...(byTask.get(task) ?? []), context]);
  }
  return [...byTask]
    .map(([task, contexts]) => ({task, contexts, ms: contexts.reduce((sum, {stalledMs}) => sum + stalledMs, 0)}))
    .filter(({ms}) => ms >= leastStallMs)
    .sort((a, b) => b.ms - a.ms)
    .map(({task, contexts, ms}) => {
      const [worst] = contexts.sort((a, b) => b.stalledMs - a.stalledMs) as [ContextView];
      const sinceMs = worst.wait?.for === 'credit' ? view.at - worst.wait.since : 0;
      return {context: worst.uid, task, share: ms / all, sinceMs};
    });
}

/** From each task for which nobody waits, as far down as somebody waits. Only chains of three tasks and more tell something. */
function chainsOf(waits: readonly Wait[], inCycle: ReadonlySet<string>): WaitChain[] {
  const edges = groupBy(waits);
  const awaited = new Set(waits.map(({of}) => of));
  const chains: WaitChain[] = [];
  const walk = (tasks: readonly string[], path: readonly Wait[]): void => {
    const last = tasks.at(-1) as string;
    const next = (edges.get(last) ?? []).filter(({of}) => !tasks.includes(of));
    if (chains.length >= maxChains || inCycle.has(last)) return;
    if (next.length === 0 && tasks.length > 2) chains.push({tasks, waits: path});
    for (const wait of next) walk([...tasks, wait.of], [...path, wait]);
  };
  for (const task of edges.keys()) if (!awaited.has(task)) walk([task], []);
  return chains.sort((a, b) => b.tasks.length - a.tasks.length);
}
