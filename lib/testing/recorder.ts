/**
 * Notes what code of actors in this process makes, and where: timers, sockets, processes, files. It records from the moment on in which
 * the testing kit is loaded.
 * Floor 9, room of the testing kit: below `nothing-left`, which reads the notes.
 *
 * Only what belongs to an actor counts. A test runner has timers and sockets of its own.
 */
import {createHook} from 'node:async_hooks';
import type {Actor} from '../actor/actor.js';
import {current} from '../base/current.js';
import {isMachinery, withPlainStacks} from '../base/stack.js';
import {placeHere} from './simulation/place.js';

export type Recorded = 'timer' | 'socket' | 'process' | 'file';

export interface Note {
  readonly kind: Recorded;
  /** The handle, as Node has it. */
  readonly resource: WeakRef<object>;
  /** The actor whose code has made it. */
  readonly actor: string;
  /** The frame of the user's code in which it was made. Undefined when there is none on the stack. */
  readonly madeAt: string | undefined;
}

const kinds: Readonly<Record<string, Recorded>> = {
  Timeout: 'timer',
  TCPWRAP: 'socket',
  TCPSERVERWRAP: 'socket',
  PIPEWRAP: 'socket',
  PIPESERVERWRAP: 'socket',
  UDPWRAP: 'socket',
  PROCESSWRAP: 'process',
  FILEHANDLE: 'file',
};

const notes = new Map<number, Note>();
const actors = new Set<WeakRef<Actor>>();
const known = new WeakSet<object>();

createHook({
  init: (id, type, _trigger, resource: object) => {
    const kind = kinds[type];
    const now = kind && current();
    if (!kind || !now || placeHere()) return;
    noteActor(now.runtime as Actor);
    notes.set(id, {kind, resource: new WeakRef(resource), actor: now.actor.name, madeAt: whereNow()});
  },
  destroy: id => void notes.delete(id),
}).enable();

/** What was made and is not known to have ended. */
export function recorded(): Note[] {
  return [...notes.values()];
}

/** The actors of this process that may still be there. */
export function recordedActors(): Actor[] {
  return [...actors].flatMap(ref => {
    const actor = ref.deref();
    if (!actor) actors.delete(ref);
    return actor ? [actor] : [];
  });
}

export function noteActor(actor: Actor): void {
  if (known.has(actor)) return;
  known.add(actor);
  actors.add(new WeakRef(actor));
}

/** Maximum frames that are looked through for one of the user. */
const maxFrames = 30;

function whereNow(): string | undefined {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = maxFrames;
  const {stack = ''} = withPlainStacks(() => new Error('here'));
  Error.stackTraceLimit = before;
  const frame = stack
    .split('\n')
    .slice(1)
    .find(line => !isMachinery(line));
  return frame?.trim();
}
