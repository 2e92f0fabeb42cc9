/**
 * The marks of both ends of the streams of an actor: those of the actor itself, and those that its peers have of the same contexts.
 * Floor 10: below `marbles` and `devtools`.
 */
import {catchError, EMPTY, filter, merge, mergeMap, type Observable, switchMap, take, takeUntil} from 'rxjs';
import {NotExposed} from '../base/errors.js';
import type {Mark} from '../discovery/tree-marks.js';
import {actorsIn} from '../window/find-waits.js';
import {type RemoteTree, reachTree} from '../window/remote-tree.js';
import type {ActorView, TreeView} from '../window/types.js';
import {type Place, pathTo} from './trees.js';

/**
 * Completes when the actor has ended. Errors with UsageError when there is no such actor.
 *
 * @param views the tree, again and again, the latest at once: streams that are opened later are found there
 * @param actor its name or its id
 */
export function marksOfActor(place: Place, views: Observable<TreeView>, actor: string): Observable<readonly Mark[]> {
  return views.pipe(
    take(1),
    switchMap(view => {
      const {id} = pathTo(view, actor).at(-1) as ActorView;
      const gone = views.pipe(filter(later => !find(later, id)));
      return reachTree(place.root, place.tls).pipe(
        switchMap(tree => marksThrough(tree, views, id)),
        takeUntil(gone),
      );
    }),
  );
}

/** Asks each actor once: the one that is meant, and those that are found at the other ends of its streams. */
function marksThrough(tree: RemoteTree, views: Observable<TreeView>, id: string): Observable<readonly Mark[]> {
  const asked = new Set<string>();
  return views.pipe(
    mergeMap(view => {
      const wanted = [id, ...peersOf(id, view)].filter(each => !asked.has(each));
      for (const each of wanted) asked.add(each);
      return merge(...wanted.map(each => marksAt(tree, view, each, id)));
    }),
  );
}

/** The actors at the other ends of its streams. */
function peersOf(id: string, view: TreeView): string[] {
  const uids = new Set(
    find(view, id)
      ?.contexts.filter(({kind}) => kind !== 'task')
      .map(({uid}) => uid),
  );
  return [...actorsIn(view.root)]
    .filter(each => each.id !== id && each.contexts.some(({uid}) => uids.has(uid)))
    .map(each => each.id);
}

function marksAt(tree: RemoteTree, view: TreeView, id: string, of: string): Observable<readonly Mark[]> {
  const path = pathTo(view, id).map(each => each.id);
  return tree.marks({path: path.slice(1), of}).pipe(
    catchError(error => {
      if (error instanceof NotExposed) throw error;
      // An actor that ends has no marks any more.
      return EMPTY;
    }),
  );
}

const find = ({root}: TreeView, id: string): ActorView | undefined =>
  [...actorsIn(root)].find(each => each.id === id && each.state !== 'ended');
