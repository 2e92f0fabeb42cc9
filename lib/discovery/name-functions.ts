/**
 * The remote functions about names that every actor exposes. Names therefore need no messages of their own on the wire.
 * Floor 6: below `names`, which answers them in each actor, and calls them on the actor above or below.
 */
import type {Actor} from '../actor/actor.js';
import {runtimeFunction} from '../actor/marks.js';
import type {Portal} from '../actor/portal.js';
import type {ActorId} from '../base/actor-id.js';
import {Attached} from '../base/attached.js';
import {current} from '../base/current.js';
import {ActorDied, NoRuntime, NotExposed} from '../base/errors.js';
import type {CalleeContext} from '../context/rx/callee-context.js';
import {rxjs} from '../context/rx/rxjs.js';
import type {ActorEvent, Registration} from './registrar.js';

/** The end of a road at the actor that was asked for it. What travels on the stream is bytes. */
export type TunnelEnd = CalleeContext<Uint8Array, Uint8Array, null>;

/** The part of an actor that answers questions about names. */
export interface NameAnswers {
  /** A program whose root has this id speaks for its actors from now on. Does nothing for a child. @throws NotExposed */
  join(id: string): void;
  /** Whether `caller` is the branch in which the actor lives, or the actor is not on the list. */
  canChange(id: string, caller: string): boolean;
  enterBelow(registration: Registration): Promise<void>;
  leaveBelow(id: string, death?: ActorDied): void;
  report(type: 'unresponsive' | 'responsive', id: string): void;
  deathOf(id: string): Promise<ActorDied | undefined>;
  find(name: string): Promise<readonly Registration[]>;
  list(): Promise<ActorId[]>;
  watch(watcher: (event: ActorEvent) => void, failed: (error: unknown) => void): () => void;
  addressesOf(id: string): Promise<string[]>;
  addressesAlong(path: readonly string[]): Promise<string[]>;
  /** See `Tunnels.take`. */
  tunnel(ctx: TunnelEnd, to: string, from: string): Promise<void>;
  folder(): Promise<string>;
  /** The children of the actor, each with a portal to it. */
  children(): Iterable<[id: string, portal: Portal]>;
  /** Calls `changed` for each actor that is there, then after every change. Returns how to stop. */
  watchTree(changed: () => void): () => void;
}

/** The part of each actor that answers. It is detached at the end of the actor. */
export const nameAnswers = new Attached<NameAnswers>();

/** The part of the current actor that answers. @throws NoRuntime outside `main`, `openNursery` and spawned actors */
export function nameAnswersHere(what = 'a function of the runtime'): NameAnswers {
  const actor = current()?.runtime as Actor | undefined;
  const part = actor && nameAnswers.of(actor);
  if (!part)
    throw new NoRuntime(
      `${what} was called outside a runtime: call it within main(), openNursery() or a remote function`,
    );
  return part;
}

const callerHere = (): string => current()?.task?.peer.id ?? '';

/** Enters actors of the caller: itself, and actors below it. Each comes with its path, which begins with the caller. */
export const enterActors = runtimeFunction('task', 'enter', async (entries: [ActorId, string[]][]): Promise<void> => {
  const names = nameAnswersHere();
  const caller = callerHere();
  names.join(caller);
  // Rule D1: an actor speaks only for itself and for the actors below it.
  for (const [actor, path] of entries)
    if (path[0] !== caller || path.at(-1) !== actor.id || !names.canChange(actor.id, caller))
      throw new NotExposed('an actor can enter only itself and those below it');
  // All are entered before the next message is read, because that may remove them again.
  await Promise.all(entries.map(([actor, path]) => names.enterBelow({actor, path})));
});

export const leaveActor = runtimeFunction('task', 'leave', (id: string, death?: ActorDied): void => {
  const names = nameAnswersHere();
  if (names.canChange(id, callerHere())) names.leaveBelow(id, death instanceof ActorDied ? death : undefined);
});

export const askDeath = runtimeFunction(
  'task',
  'death',
  (id: string): Promise<ActorDied | undefined> => nameAnswersHere().deathOf(id),
);

export const reportActor = runtimeFunction(
  'task',
  'report',
  (type: 'unresponsive' | 'responsive', id: string): void => {
    const names = nameAnswersHere();
    if (names.canChange(id, callerHere())) names.report(type, id);
  },
);

export const askActors = runtimeFunction(
  'task',
  'find',
  (name: string): Promise<readonly Registration[]> => nameAnswersHere().find(name),
);

export const askList = runtimeFunction('task', 'list', (): Promise<ActorId[]> => nameAnswersHere().list());

export const askAddresses = runtimeFunction(
  'task',
  'address',
  (id: string): Promise<string[]> => nameAnswersHere().addressesOf(id),
);

/** Passes the question for addresses down the tree. */
export const askAddressesAlong = runtimeFunction(
  'task',
  'walk',
  (path: string[]): Promise<string[]> => nameAnswersHere().addressesAlong(path),
);

export const askFolder = runtimeFunction('task', 'folder', (): Promise<string> => nameAnswersHere().folder());

/** A road to the actor `to`, for the actor `from`. Its result comes when the road has ended at both ends. */
export const tunnelThere = runtimeFunction(
  'context',
  'tunnel',
  (ctx: TunnelEnd, to: string, from: string): Promise<void> => nameAnswersHere().tunnel(ctx, to, from),
  {isRoad: true},
);

export const watchEvents = runtimeFunction('stream', 'watch', () => {
  const names = nameAnswersHere();
  const {Observable} = rxjs();
  return new Observable<ActorEvent>(subscriber =>
    names.watch(
      event => subscriber.next(event),
      error => subscriber.error(error),
    ),
  );
});

/** All of them: every actor exposes these. */
export const nameFunctions = [
  enterActors,
  leaveActor,
  askDeath,
  reportActor,
  askActors,
  askList,
  askAddresses,
  askAddressesAlong,
  askFolder,
  tunnelThere,
  watchEvents,
];
