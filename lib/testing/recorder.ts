/**
 * Notes what code of actors in this process makes, and where: timers, sockets and processes. It records from the moment on in which
 * the testing kit is loaded.
 * Floor 9, room of the testing kit: below `nothing-left`, which reads the notes.
 *
 * Only what belongs to an actor counts. A test runner has timers and sockets of its own.
 */
import {createHook} from 'node:async_hooks';
import {type Actor, actorListener} from '../actor/actor.js';
import {callFrames} from '../base/call-frames.js';
import {current} from '../base/current.js';
import {withPlainStacks} from '../base/stack.js';
import {placeHere} from './simulation/place.js';

export type Recorded = 'timer' | 'socket' | 'process';

export interface Note {
  readonly kind: Recorded;
  /** The handle, as Node has it. */
  readonly resource: WeakRef<object>;
  /** The actor whose code has made it. Undefined outside actors. */
  readonly actor: string | undefined;
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
};

/** Not by a hook for ends: with one, Node watches the end of every promise. */
let notes: Note[] = [];
/** With more notes than this, those are forgotten whose things are gone. */
let maxNotes = 1_000;
const actors = new Set<WeakRef<Actor>>();

createHook({
  init: (_id, type, _trigger, resource: object) => {
    const kind = kinds[type];
    if (!kind || placeHere()) return;
    const actor = current()?.actor.name;
    // A nursery without a body starts actors outside every actor.
    if (actor === undefined && kind !== 'process') return;
    notes.push({kind, resource: new WeakRef(resource), actor, madeAt: whereNow()});
    if (notes.length > maxNotes) maxNotes = 1_000 + 2 * recorded().length;
  },
}).enable();

/** The things that were made and may still be there. */
export function recorded(): readonly Note[] {
  notes = notes.filter(({resource}) => resource.deref() !== undefined);
  return notes;
}

/** The actors of this process that may still be there. */
export function recordedActors(): Actor[] {
  return [...actors].flatMap(ref => {
    const actor = ref.deref();
    if (!actor) actors.delete(ref);
    return actor ? [actor] : [];
  });
}

actorListener.made = actor => {
  if (!placeHere()) actors.add(new WeakRef(actor));
};

/** Maximum frames that are looked through for one of the user. */
const maxFrames = 30;

function whereNow(): string | undefined {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = maxFrames;
  const {stack = ''} = withPlainStacks(() => new Error('here'));
  Error.stackTraceLimit = before;
  const [frame] = callFrames(stack);
  return frame?.trim();
}
