/**
 * Which tree a command looks at, and what it sees there.
 * Floor 10: below the commands; `window` asks the tree.
 */
import {readFileSync} from 'node:fs';
import {lastValueFrom, take} from 'rxjs';
import type {TlsOptions} from '../transport/tls.js';
import {actorsIn} from '../window/find-waits.js';
import {findRoots} from '../window/roots.js';
import type {ActorView, TreeView} from '../window/types.js';
import {type WatchTreeOptions, watchTree} from '../window/watch-tree.js';
import {type Given, UsageError} from './command.js';
import {shown} from './format.js';
import {drawTrees, summaries} from './list-trees.js';

/** The pause between the two samples of a single look, in ms. */
const lookMs = 500;

export type Place = Pick<WatchTreeOptions, 'root' | 'tls'>;

/** The place of the tree that the arguments name. @throws UsageError when there are several, and none is named */
export async function placeOf({root, options}: Given): Promise<Place> {
  const tls = tlsOf(options);
  if (root !== undefined) return {root, ...(tls && {tls})};
  const roots = findRoots();
  if (roots.length < 2) return {};
  const lines = drawTrees(await summaries(roots));
  throw new UsageError(`${roots.length} trees of actors run here, so say which one:\n${lines.join('\n')}`);
}

/** The certificates that the options name. @throws UsageError when some are missing, and the error of the file system */
function tlsOf({cert, key, ca}: Given['options']): TlsOptions | undefined {
  const files = {cert, key, ca};
  const missing = Object.entries(files).filter(([, file]) => file === undefined);
  if (missing.length === 3) return undefined;
  if (missing.length > 0)
    throw new UsageError(`--${missing[0]?.[0]} is missing: certificates are --cert, --key and --ca`);
  const read = (file: unknown): Buffer => readFileSync(String(file));
  return {cert: read(cert), key: read(key), ca: read(ca)};
}

/** A tree as it is now. Two samples are taken, because one cannot know how much of a core is used. */
export function lookAt(place: Place, contexts = false): Promise<TreeView> {
  return lastValueFrom(watchTree({...place, every: lookMs, contexts}).pipe(take(2)));
}

/** The actors from the root down to the one that is meant. @throws UsageError when there is none, or when there are several */
export function pathTo({root}: TreeView, wanted: string): readonly ActorView[] {
  const all = [...actorsIn(root)].filter(({state}) => state !== 'ended');
  const byId = all.filter(({id}) => id === wanted);
  const fitting = byId.length > 0 ? byId : all.filter(({name}) => name === wanted);
  const [only] = fitting;
  if (!only) throw new UsageError(`there is no actor ${wanted}: ${listed(all)}`);
  if (fitting.length > 1)
    throw new UsageError(
      `${fitting.length} actors have the name ${wanted}, so say which by its id: ${listed(fitting)}`,
    );
  return walk(root, only.id) as ActorView[];
}

function walk(actor: ActorView, id: string): ActorView[] | undefined {
  if (actor.id === id) return [actor];
  for (const child of actor.children) {
    const path = walk(child, id);
    if (path) return [actor, ...path];
  }
  return undefined;
}

/** Maximum number of actors in an error. */
const maxListed = 20;

function listed(actors: readonly ActorView[]): string {
  const texts = actors.slice(0, maxListed).map(({name, id, pid}) => `${shown(name)} (${shown(id)}, pid ${pid})`);
  return texts.join(', ') + (actors.length > maxListed ? ` … and ${actors.length - maxListed} more` : '');
}
