// The rules of a process at work at every moment, whatever happens elsewhere. Below chaos-actor.ts and soak.ts; the matrix looks
// after each of its cases instead.
import type {Actor} from '../../lib/actor/actor.js';
import {current} from '../../lib/base/current.js';
import {Link} from '../../lib/context/protocol/link.js';
import {contextRow} from '../../lib/context/protocol/row.js';
import {
  ActorDied,
  ContextCancelled,
  NurseryError,
  RemoteActorError,
  SpawnFailed,
  StreamClosed,
  TransportClosed,
} from '../../lib/index.js';

const everyMs = 50;
/** The most bytes that may wait at a sender for room here: the values are numbers, and nobody pushes. */
const maxQueuedBytes = 64 * 1024;

/** Told of what must not be, in words. */
export type Note = (finding: string) => void;

/** Looks again and again at the runtime that is current (I4), and hears of every error that nothing catches and no actor meant (I9). */
export function watch(note: Note): void {
  const actor = current()?.runtime as Actor;
  setInterval(() => beyondWindows(actor).forEach(note), everyMs).unref();
  process.on('uncaughtExceptionMonitor', error => {
    if (!isMeant(error)) note(`nothing caught ${String(error)}`);
  });
}

/** The senders that have sent more than they may, or keep more than they should. */
function beyondWindows(actor: Actor): string[] {
  const links = [...actor.channels].flatMap(channel => [...channel.endpoints]).filter(end => end instanceof Link);
  return links.map(contextRow).flatMap(({fn, sent, granted, queuedBytes}) => {
    if (sent > granted) return [`${fn} has sent ${sent} values where ${granted} were granted`];
    return queuedBytes > maxQueuedBytes ? [`${queuedBytes} bytes wait in ${fn}`] : [];
  });
}

/** The error with which an actor ends itself. */
const byChaos = 'by chaos';
export const doom = (): RangeError => new RangeError(byChaos);
const isMeant = (error: unknown): boolean => error instanceof RangeError && error.message === byChaos;

/** The errors as which a fault of an actor may be told (I7). */
const classes = [ActorDied, ContextCancelled, SpawnFailed, StreamClosed, TransportClosed];

/** Whether a fault of an actor may be told as this error. A nursery's error, and one from another actor, is as right as what it holds. */
export function isTold(error: unknown): boolean {
  if (error instanceof NurseryError) return error.errors.every(isTold);
  if (error instanceof RemoteActorError) return isMeant(error.cause) || isTold(error.cause);
  return classes.some(Class => error instanceof Class);
}
