/**
 * The hosts of a tree, whichever of its actors is asked: the root knows them, and every other actor asks the one above it.
 * Floor 6: below `look`, where users ask. Every actor exposes it to the actors around it.
 */
import type {Observable} from 'rxjs';
import type {Actor} from '../actor/actor.js';
import {runtimeFunction} from '../actor/marks.js';
import {parentInActor} from '../actor/parent.js';
import type {Portal} from '../actor/portal.js';
import {type Current, current} from '../base/current.js';
import {ActorError, RemoteActorError} from '../base/errors.js';
import {rxjs} from '../context/rx/rxjs.js';
import {type Placer, placers} from '../nursery/backends/spawner.js';
import type {HostEvent, HostInfo} from './host-info.js';

const hostsThere = runtimeFunction('task', 'hosts', () => hostsOf(subjectHere()));
const hostEventsThere = runtimeFunction('stream', 'host events', () => hostEventsOf(subjectHere()));

/** The functions with which the actors below are answered. */
export const hostFunctions = [hostsThere, hostEventsThere];

/** Rejects with TypeError in a program without hosts, and as `Placer.list` does. */
export async function hostsOf(actor: Actor): Promise<HostInfo[]> {
  const parent = parentInActor(actor);
  if (!parent) return placerOf(actor).list();
  return parent.run(hostsThere).catch(error => {
    throw asAtRoot(error);
  });
}

/** Fails with TypeError in a program without hosts. */
export function hostEventsOf(actor: Actor): Observable<HostEvent> {
  const {Observable: RxObservable} = rxjs();
  return new RxObservable<HostEvent>(subscriber => {
    const parent = parentInActor(actor);
    if (!parent) return placerOf(actor).watch(event => subscriber.next(event));
    return eventsFrom(parent).subscribe({
      next: event => subscriber.next(event),
      error: error => subscriber.error(asAtRoot(error)),
      complete: () => subscriber.complete(),
    });
  });
}

const eventsFrom = (parent: Portal): Observable<HostEvent> => parent.stream(hostEventsThere);

const subjectHere = (): Actor => ((current() as Current).runtime as Actor).subject;

/** @throws TypeError */
function placerOf(root: Actor): Placer {
  const hosts = placers.of(root);
  if (!hosts) throw new TypeError('this program has no other hosts: they are named by the option hosts of main()');
  return hosts;
}

/** The error as it is at the root: users do not know the actors on the way. */
function asAtRoot(error: unknown): unknown {
  const cause = error instanceof RemoteActorError ? error.cause : undefined;
  return cause instanceof ActorError || cause instanceof TypeError ? cause : error;
}
