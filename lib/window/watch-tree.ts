/**
 * Watches a tree of actors: takes a sample again and again, and emits what an observer makes of it.
 * Floor 7: above `remote-tree`, which asks the tree, and `observer`, which compares the samples.
 */
import {hostname} from 'node:os';
import {Observable, type Subscription} from 'rxjs';
import type {Actor} from '../actor/actor.js';
import {plainClock, wallTime} from '../base/clock.js';
import {current} from '../base/current.js';
import {checkAmount, checkBoolean, checkKeys, checkText} from '../base/option-checks.js';
import type {SurveyRow} from '../base/tree-survey.js';
import type {TlsOptions} from '../transport/tls.js';
import {Observer} from './observer.js';
import {usageOf} from './processes.js';
import {type AskedTree, connectToTree, ownTree} from './remote-tree.js';
import type {TreeView} from './types.js';

/** Options of `watchTree`. */
export interface WatchTreeOptions {
  /**
   * The tree: the pid of its root, its id, `unix:` and the path of its control socket. Default: the own tree inside a runtime, else the
   * only one that this user has on this host.
   */
  readonly root?: string;
  /** The certificates, for a root that is `tls://host:port`. */
  readonly tls?: TlsOptions;
  /** The pause between two samples in ms. Default 1 000. */
  readonly every?: number;
  /** Whether the contexts are asked for: of each actor the first 50. Default `false`: they are only counted. */
  readonly contexts?: boolean;
}

const watchOptions = new Set(['root', 'tls', 'every', 'contexts']);
/** The time that a tree has to answer, in ms. */
const budget = 2_000;

/**
 * Watches a tree of actors. It emits a view at once, and another one every second. What a view says of rates and times, it says as
 * far as this subscription has seen: `still`, `stalledMs`, `cpu` need a view before.
 *
 * The Observable is cold, and never completes. It errors with TransportClosed when there is no such tree, or when the tree has
 * ended; with TypeError when there are several trees to choose from; with NotExposed, or HandshakeRejected
 * `version`, when the program runs another version of this library.
 * A tree that nobody watches does nothing for it.
 *
 * @throws TypeError and RangeError for wrong options
 * @example
 * ```ts
 * import {watchTree} from 'rxtractor/window';
 *
 * watchTree({root: '4711'}).subscribe(({root}) => {
 *   for (const {name, state, cpu = 0} of root.children) console.log(name, state, `${Math.round(100 * cpu)} %`);
 * });
 * ```
 */
export function watchTree(options: WatchTreeOptions = {}): Observable<TreeView> {
  checkKeys(options, watchOptions, 'watchTree(): ');
  const {root, tls, every = 1_000, contexts = false} = options;
  if (root !== undefined) checkText('watchTree(): root', root);
  checkAmount('watchTree(): every', every, 'milliseconds');
  checkBoolean('watchTree(): contexts', contexts);
  return new Observable<TreeView>(subscriber => {
    const stopped = new AbortController();
    const observer = new Observer();
    subscriber.add(() => stopped.abort());
    leaveWithTask(subscriber, 'watchTree()');
    const own = root === undefined ? (current()?.runtime as Actor | undefined) : undefined;
    const watch = async (): Promise<void> => {
      const tree = own ? ownTree(own) : await connectToTree(root, tls);
      subscriber.add(() => tree.close());
      while (!subscriber.closed) {
        const view = await look(tree, observer, contexts);
        subscriber.next(view);
        await plainClock.pause(every, {signal: stopped.signal});
      }
    };
    watch().catch(error => subscriber.error(error));
  });
}

/** A task that subscribes and ends takes its subscription along: the timer of an observer would keep its process alive. */
export function leaveWithTask(subscription: Subscription, label: string): void {
  const leave = async (): Promise<void> => subscription.unsubscribe();
  const leaveScope = current()?.scope.adopt({label, finish: leave, end: leave});
  if (leaveScope) subscription.add(leaveScope);
}

/** One view of a tree. */
export async function look(tree: AskedTree, observer: Observer, contexts: boolean): Promise<TreeView> {
  const rows = await tree.survey({budget, contexts: contexts ? 'all' : 'none'});
  const usage = await usageOf(pidsHere(tree, rows));
  return observer.view({at: wallTime(), rows, usage});
}

/** The pids that mean the same here. Where the observer is an actor on another host, all others run elsewhere for it. */
function pidsHere({sharesPids, self}: AskedTree, rows: readonly SurveyRow[]): number[] {
  const isSelfElsewhere = rows.some(({actor, isElsewhere}) => actor.id === self && isElsewhere);
  if (!sharesPids || isSelfElsewhere) return [];
  const host = hostname();
  return rows.filter(({actor, isElsewhere}) => !isElsewhere && actor.host === host).map(({actor}) => actor.pid);
}
