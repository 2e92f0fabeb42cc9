/**
 * The functions with which users look at the hosts of their program.
 * Floor 6: above `hosts-in-tree`, which asks the root.
 */
import type {Observable} from 'rxjs';
import type {Actor} from '../actor/actor.js';
import {Answer} from '../base/answer.js';
import {type Current, current} from '../base/current.js';
import {NoRuntime} from '../base/errors.js';
import {observerInPlace} from '../context/rx/in-place.js';
import {rxjs} from '../context/rx/rxjs.js';
import type {HostEvent, HostInfo} from './host-info.js';
import {hostEventsOf, hostsOf} from './hosts-in-tree.js';

/**
 * The hosts on which the root can start actors now: those that are heard at the broker, and those of the list that answer. A host that is
 * silent is among them until it has left. Every actor may ask: the question goes up to the root.
 *
 * Rejects with `NoRuntime` outside a runtime, with `TypeError` in a program without `hosts`, and with `TransportClosed` when the broker was
 * not there since the program began.
 *
 * @example
 * ```ts
 * for (const {name, actors, maxActors, labels} of await listHosts()) console.log(name, `${actors} of ${maxActors}`, labels);
 * ```
 */
export function listHosts(): Promise<HostInfo[]> {
  const scope = current()?.scope;
  return Answer.from(
    scope,
    (async () => {
      const {runtime, scope: own} = here('listHosts()');
      own.check();
      return own.orCancelled(hostsOf(runtime as Actor));
    })(),
  );
}

/**
 * Emits `present` for each host that is there, then what happens to hosts. It never completes by itself, and ends with the scope in
 * which it was subscribed to. Every actor may subscribe: the root tells it.
 *
 * Fails with `NoRuntime` outside a runtime, with `TypeError` in a program without `hosts`, and with `ContextCancelled` when its scope is
 * cancelled.
 *
 * @example
 * ```ts
 * const watching = watchHosts().subscribe(({type, host}) => console.log(host.name, type));
 * ```
 */
export function watchHosts(): Observable<HostEvent> {
  const {Observable: RxObservable} = rxjs();
  return new RxObservable<HostEvent>(subscriber => {
    const {runtime, scope} = here('watchHosts()');
    scope.check();
    const observer = observerInPlace(subscriber);
    const leave = async (): Promise<void> => subscriber.unsubscribe();
    subscriber.add(scope.adopt({label: 'watchHosts()', finish: leave, end: leave}));
    subscriber.add(scope.onCancel(observer.error));
    subscriber.add(hostEventsOf(runtime as Actor).subscribe(observer));
  });
}

/** @throws NoRuntime */
function here(what: string): Current {
  const now = current();
  if (!now) throw new NoRuntime(`${what} is called within main() or openNursery()`);
  return now;
}
