/**
 * Records what happens in a tree: the events of all its actors, and their counters once a second.
 * Floor 7: above `remote-tree`, which asks the tree. `perfetto` draws a record.
 */
import {merge, Observable, of, switchMap} from 'rxjs';
import type {Actor} from '../actor/actor.js';
import {hostMicros, plainClock} from '../base/clock.js';
import {current} from '../base/current.js';
import {checkKeys, checkText} from '../base/option-checks.js';
import type {TraceEvent} from '../discovery/tree-events.js';
import type {TlsOptions} from '../transport/tls.js';
import {actorsIn} from './find-waits.js';
import {Observer} from './observer.js';
import {type AskedTree, ownTree, reachTree} from './remote-tree.js';
import type {ActorView} from './types.js';
import {leaveWithTask, look} from './watch-tree.js';

/** Options of `traceTree`. */
export interface TraceTreeOptions {
  /** The tree, as for `watchTree`. */
  readonly root?: string;
  /** The certificates, as for `watchTree`. */
  readonly tls?: TlsOptions;
}

const traceOptions = new Set(['root', 'tls']);
/** The pause between two readings of the counters, in ms. */
const countersMs = 1_000;

/**
 * Records what happens in a tree of actors: its calls, the functions that run, spawns, deaths, stalls, and the counters of each
 * actor. Unsubscribing ends the recording, and the tree does nothing for it any more. When more happens than can be handed on,
 * the oldest events are dropped.
 *
 * The Observable is cold, never completes, and errors as `watchTree` does.
 *
 * @throws TypeError for wrong options
 * @example
 * ```ts
 * import {toPerfetto, traceTree} from 'rxtractor/window';
 *
 * const events = await lastValueFrom(traceTree({root: '4711'}).pipe(takeUntil(timer(10_000)), toArray()));
 * await writeFile('trace.json', JSON.stringify(toPerfetto(events)));
 * ```
 */
export function traceTree(options: TraceTreeOptions = {}): Observable<TraceEvent> {
  checkKeys(options, traceOptions, 'traceTree(): ');
  const {root, tls} = options;
  if (root !== undefined) checkText('traceTree(): root', root);
  return new Observable<TraceEvent>(subscriber => {
    leaveWithTask(subscriber, 'traceTree()');
    const own = root === undefined ? (current()?.runtime as Actor | undefined) : undefined;
    const trees: Observable<AskedTree> = own ? of(ownTree(own)) : reachTree(root, tls);
    return trees.pipe(switchMap(tree => merge(tree.events(), countersOf(tree)))).subscribe(subscriber);
  });
}

function countersOf(tree: AskedTree): Observable<TraceEvent> {
  return new Observable<TraceEvent>(subscriber => {
    const stopped = new AbortController();
    subscriber.add(() => stopped.abort());
    const observer = new Observer();
    const count = async (): Promise<void> => {
      while (!subscriber.closed) {
        const {root} = await look(tree, observer, true);
        for (const actor of actorsIn(root)) subscriber.next(countersIn(actor));
        await plainClock.pause(countersMs, {signal: stopped.signal});
      }
    };
    count().catch(error => subscriber.error(error));
  });
}

function countersIn({id, cpu, rss, contexts}: ActorView): TraceEvent {
  const queued = contexts.reduce((sum, {queuedBytes}) => sum + queuedBytes, 0);
  const credit = contexts.reduce((sum, context) => sum + context.credit.granted - context.credit.used, 0);
  return {us: hostMicros(), actor: id, type: 'counters', cpu, rss, queued, credit};
}
