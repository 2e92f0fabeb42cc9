/**
 * Who an actor is: the identity that travels in handshakes and errors.
 * Floor 0: below everything; knows nothing of channels or processes.
 */
import {randomBytes} from 'node:crypto';
import {hostname} from 'node:os';

/** An actor's identity: a plain object, which can be sent and compared by `id`. */
export interface ActorId {
  /** Chosen by the user; not unique. */
  readonly name: string;
  /** 96 random bits in hex: never given twice, so that a dead actor is never mistaken for its successor. */
  readonly id: string;
  /** The operating system's process id. */
  readonly pid: number;
  /** The host's name. */
  readonly host: string;
}

/** A new identity for an actor that lives in this process. */
export function newActorId(name: string, id: string = newId()): ActorId {
  return {name, id, pid: process.pid, host: hostname()};
}

export function newId(): string {
  return randomBytes(12).toString('hex');
}

/** `worker (pid 4711)`: how an actor is named in messages. */
export function formatActor(actor: ActorId): string {
  return `${actor.name} (pid ${actor.pid})`;
}
