/**
 * The one door for every look at a foreign value: something that user code threw, gave as a reason, or hung on an error.
 * Floor 0: below `errors`, `failure-tree`, and every floor that prints or packs what was thrown.
 *
 * A getter may throw, a Proxy may be revoked, a class may have replaced `toString`. No function of this file throws.
 */
import {types} from 'node:util';

/** Looks at a foreign value. When the look throws, the result is `otherwise`. */
export function attempt<T>(look: () => T): T | undefined;
export function attempt<T, Otherwise>(look: () => T, otherwise: Otherwise): T | Otherwise;
export function attempt<T>(look: () => T, otherwise?: unknown): unknown {
  try {
    return look();
  } catch {
    return otherwise;
  }
}

/** The value of a property. Undefined when there is none, or when it cannot be read. */
export function readProperty(value: unknown, key: PropertyKey): unknown {
  try {
    return (value as Partial<Record<PropertyKey, unknown>>)[key];
  } catch {
    return undefined;
  }
}

/** Whether the object, or a prototype of it, has the property. False when a Proxy does not tell. */
export function hasProperty(value: object, key: PropertyKey): boolean {
  try {
    return key in value;
  } catch {
    return false;
  }
}

/** Whether a value is a promise, by its shape. As for `await`, a function may be one too. */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return false;
  return typeof readProperty(value, 'then') === 'function';
}

/**
 * Waits for what code of a user gave, as `await` does, and calls one of the two functions. It never throws: a foreign `then` may
 * throw, may call back twice, and may be another one at the second look.
 */
export async function whenSettled<T, A, B>(
  given: T,
  fulfilled: (value: Awaited<T>) => A,
  rejected: (error: unknown) => B,
): Promise<Awaited<A> | Awaited<B>> {
  let value: Awaited<T>;
  try {
    value = await given;
  } catch (error) {
    return await rejected(error);
  }
  return await fulfilled(value);
}

/** `instanceof` by prototype, which asks no `Symbol.hasInstance`. False when a Proxy does not tell. */
export function inherits(value: unknown, Class: object): boolean {
  try {
    return Function.prototype[Symbol.hasInstance].call(Class, value);
  } catch {
    return false;
  }
}

/** Whether something is an Error of this realm or of another one (`node:vm`). */
export function isError(value: unknown): value is Error {
  return types.isNativeError(value) || inherits(value, Error);
}

/** The `cause` of an error. Undefined when there is none, or when it cannot be read. */
export function causeOf(error: unknown): unknown {
  return readProperty(error, 'cause');
}

/** Maximum number of causes that are followed, because a chain of causes may be a circle. */
const maxCauses = 8;

/** Whether `cause` is among the causes of `error`, at any depth: then `error` tells nothing that `cause` does not tell. */
export function isCausedBy(error: unknown, cause: unknown): boolean {
  let link = error;
  for (let depth = 0; depth < maxCauses && isError(link); depth++) {
    link = causeOf(link);
    if (link !== undefined && link === cause) return true;
  }
  return false;
}

/** The `errors` of an AggregateError, or of another error that has a list under that name. Empty when there is none. */
export function membersOf(error: unknown): readonly unknown[] {
  const members = readProperty(error, 'errors');
  return attempt(() => Array.isArray(members), false) ? (members as readonly unknown[]) : [];
}

/** The message of an error. Undefined when it is not a text, or when it cannot be read. */
export function messageOf(error: unknown): string | undefined {
  const message = readProperty(error, 'message');
  return typeof message === 'string' ? message : undefined;
}

/** A thrown value in words for another message: the message of an Error, or the value as a text. */
export function thrownText(thrown: unknown): string {
  if (isError(thrown)) return messageOf(thrown) ?? unreadable;
  return textOf(thrown);
}

/** A value as a text. A class may have replaced `toString`, and an object need not have one. */
export function textOf(value: unknown): string {
  return attempt(() => String(value), unreadable);
}

const unreadable = 'something that cannot be shown';
