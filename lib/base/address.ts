/**
 * Who an actor is: the identity that travels in handshakes and errors.
 * Floor 0: below everything; knows nothing of channels or processes.
 */
import {randomBytes} from 'node:crypto';
import {hostname} from 'node:os';

/** An actor's identity. `name` is chosen by the user and need not be unique; `id` is unique for ever. */
export interface ActorId {
  readonly name: string;
  /** 96 random bits in hex: never given twice, so that a dead actor is never mistaken for its successor. */
  readonly id: string;
  /** The operating system's process id. */
  readonly pid: number;
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

export function sameActor(a: ActorId | undefined, b: ActorId | undefined): boolean {
  return a !== undefined && b !== undefined && a.id === b.id;
}
