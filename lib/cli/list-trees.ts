/**
 * The table of the trees that this user runs here.
 * Floor 10: below `ps`, which prints it, and `trees`, which shows it to somebody who has not said which tree is meant.
 */
import {lastValueFrom, take} from 'rxjs';
import {HandshakeRejected, NotExposed} from '../base/errors.js';
import {actorsIn} from '../window/find-waits.js';
import {processesOf, usageOf} from '../window/processes.js';
import type {FoundRoot} from '../window/roots.js';
import {watchTree} from '../window/watch-tree.js';
import {type Column, duration, memory, percent, shown, table} from './format.js';
import {otherHosts, sumsOf} from './tree-sums.js';

/** The pause between two samples, in ms: one cannot know how much of a core is used. */
const lookMs = 500;

/** A tree in few words. A plain object, which JSON can hold. */
export interface TreeSummary {
  readonly pid: number;
  /** The first characters of the id of the tree. */
  readonly tree: string;
  /** The name and the state of its root, and how long it has run in ms. What a tree that cannot be asked does not tell is `?` and 0. */
  readonly name: string;
  readonly state: string;
  readonly age: number;
  readonly actors: number;
  /** Sums over the processes of the tree on this host: the share of one core, and bytes. */
  readonly cpu: number;
  readonly memory: number;
  /** The names of the other hosts on which it has actors. */
  readonly hosts: readonly string[];
}

/** Looks at all of them at once. One that ends meanwhile is left out. */
export async function summaries(roots: readonly FoundRoot[]): Promise<TreeSummary[]> {
  const looks = await Promise.all(roots.map(root => summaryOf(root).catch(error => summaryWithout(root, error))));
  return looks.filter(look => look !== undefined);
}

async function summaryOf({pid, tree}: FoundRoot): Promise<TreeSummary> {
  const {at, root} = await lastValueFrom(watchTree({root: tree, every: lookMs}).pipe(take(2)));
  const actors = [...actorsIn(root)];
  const {cpu, rss} = sumsOf(actors);
  const {name, state, since} = root;
  const hosts = otherHosts(actors);
  return {pid, tree, name, state, age: at - since, actors: actors.length, cpu, memory: rss, hosts};
}

/** A tree that cannot be asked, as one of another version of this library, is there nevertheless: the system tells of its processes. */
async function summaryWithout({pid, tree, sharesPids}: FoundRoot, error: unknown): Promise<TreeSummary | undefined> {
  if (!(error instanceof NotExposed || error instanceof HandshakeRejected)) return undefined;
  const pids = sharesPids ? [pid, ...(await processesOf(tree)).map(each => each.pid)] : [];
  const memory = [...(await usageOf(pids)).values()].reduce((sum, {rss}) => sum + rss, 0);
  const isOther = error instanceof NotExposed || error.reason === 'version';
  const state = isOther ? 'another version' : error.reason === 'timeout' ? 'does not greet' : 'refuses observers';
  return {pid, tree, name: '?', state, age: 0, actors: pids.length, cpu: 0, memory, hosts: []};
}

const columns: readonly Column[] = [
  {title: 'PID', right: true},
  {title: 'TREE'},
  {title: 'NAME'},
  {title: 'AGE', right: true},
  {title: 'ACTORS', right: true},
  {title: 'CPU', right: true},
  {title: 'MEMORY', right: true},
  {title: 'STATE'},
  {title: 'OTHER HOSTS'},
];

export function drawTrees(trees: readonly TreeSummary[], width = Number.POSITIVE_INFINITY): string[] {
  // Most trees run on this host alone.
  const isSpread = trees.some(({hosts}) => hosts.length > 0);
  const rows = trees.map(each => [
    String(each.pid),
    each.tree,
    shown(each.name),
    duration(each.age),
    String(each.actors),
    percent(each.cpu),
    memory(each.memory),
    each.state,
    ...(isSpread ? [shown(each.hosts.join(', '))] : []),
  ]);
  return table(isSpread ? columns : columns.slice(0, -1), rows, width);
}
