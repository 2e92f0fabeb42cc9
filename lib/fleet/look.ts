/**
 * The functions with which users look at the hosts of their program.
 * Floor 6: above the placer of a root; `hosts-of-root` does the work.
 */
import type {Observable} from 'rxjs';
import type {Actor} from '../actor/actor.js';
import {Answer} from '../base/answer.js';
import {type Current, current} from '../base/current.js';
import {NoRuntime} from '../base/errors.js';
import {observerInPlace} from '../context/rx/in-place.js';
import {rxjs} from '../context/rx/rxjs.js';
import {type Placer, placers} from '../nursery/backends/spawner.js';
import type {HostEvent, HostInfo} from './host-info.js';

/**
 * The hosts on which actors can be started now: those that are heard at the broker, and those of the list that answer. A host that is
 * silent is among them until it has left.
 *
 * Rejects with `NoRuntime` outside a runtime, with `TypeError` in an actor that is not the root and in a program without `hosts`, and with
 * `TransportClosed` when the broker was not there since the program began.
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
      const hosts = hostsHere('listHosts()');
      const own = (current() as Current).scope;
      own.check();
      return own.orCancelled(hosts.list());
    })(),
  );
}

/**
 * Emits `present` for each host that is there, then what happens to hosts. It never completes by itself, and ends with the scope in
 * which it was subscribed to.
 *
 * Fails with `NoRuntime` outside a runtime, with `TypeError` in an actor that is not the root and in a program without `hosts`, and with
 * `ContextCancelled` when its scope is cancelled.
 *
 * @example
 * ```ts
 * const watching = watchHosts().subscribe(({type, host}) => console.log(host.name, type));
 * ```
 */
export function watchHosts(): Observable<HostEvent> {
  const {Observable: RxObservable} = rxjs();
  return new RxObservable<HostEvent>(subscriber => {
    const hosts = hostsHere('watchHosts()');
    const {scope} = current() as Current;
    scope.check();
    const {next, error: fail} = observerInPlace(subscriber);
    const leave = async (): Promise<void> => subscriber.unsubscribe();
    subscriber.add(scope.adopt({label: 'watchHosts()', finish: leave, end: leave}));
    subscriber.add(scope.onCancel(fail));
    subscriber.add(hosts.watch(next));
  });
}

/** @throws NoRuntime, TypeError */
function hostsHere(what: string): Placer {
  const now = current();
  if (!now) throw new NoRuntime(`${what} is called within main() or openNursery()`);
  const hosts = placers.of(now.runtime as Actor);
  if (!hosts) throw new TypeError(`${what} needs the option hosts of main(), and is for the root alone`);
  return hosts;
}
