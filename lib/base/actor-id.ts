/**
 * The identity of an actor, which travels in handshakes and errors.
 * Floor 0: above `platform`; it knows nothing of channels or processes.
 */
import {platform} from './platform.js';

/** The identity of an actor: a plain object, which can be sent. Two identities are of the same actor when their `id` is equal. */
export interface ActorId {
  /** The name that the user has given. Several actors may have the same name. */
  readonly name: string;
  /** 96 random bits in hex. No two actors have the same id, so that a dead actor is not mistaken for its successor. */
  readonly id: string;
  /** The id of its process in the operating system. */
  readonly pid: number;
  /** The name of its host. */
  readonly host: string;
}

/** A new identity for an actor that lives in this process. */
export function newActorId(name: string, id: string = newId()): ActorId {
  return {name, id, pid: platform.pid(), host: platform.host()};
}

/** The identity of an actor that has no process yet. */
export function futureActorId(name: string, id: string): ActorId {
  return {name, id, pid: 0, host: platform.host()};
}

/** 96 random bits in hex. */
export function newId(): string {
  return Buffer.from(platform.randomBytes(12)).toString('hex');
}

/** The text for an actor in messages: `worker (pid 4711)`. */
export function formatActor(actor: ActorId): string {
  return `${actor.name} (pid ${actor.pid})`;
}
