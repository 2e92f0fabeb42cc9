/**
 * Makes an error of the node that describes it: its class, its properties, its causes.
 * Floor 1: above `error-node`. The node came from outside, so every field is checked, and a class is taken only from a fixed
 * table and from `registerError`.
 */
import type {ActorId} from '../base/actor-id.js';
import {errorClasses, NurseryError, ProtocolError} from '../base/errors.js';
import {escapeText} from '../base/escape.js';
import {printAsTree} from '../base/failure-tree.js';
import {attempt} from '../base/foreign.js';
import {setHidden} from '../base/hidden.js';
import {registeredError} from '../base/registered-errors.js';
import {suppress} from '../base/suppressed.js';
import {builtinErrors, classKey, type ErrorClass, hiddenKeys} from './error-node.js';
import {limits} from './limits.js';

/** The thrown value, or an error that stands for it. Never throws. */
export function reviveNode(node: unknown, depth = 0): unknown {
  if (!isRecord(node) || depth > limits.errorDepth) return malformedError();
  if ('value' in node) return node.value;
  if (typeof node.text === 'string') return node.text;
  const {class: className, message} = node;
  if (typeof className !== 'string' || typeof message !== 'string') return malformedError();
  // The prototype of a registered class may have accessors that throw.
  return attempt(() => reviveError(node, className, message, depth)) ?? malformedError();
}

const malformedError = (): Error => new ProtocolError('a malformed error arrived');

function reviveError(node: Record<string, unknown>, className: string, message: string, depth: number): Error {
  const own = isRecord(node.own) ? node.own : {};
  const hidden = withOrigin(isRecord(node.hidden) ? node.hidden : {});
  const name = escapeText(textOr(node.name, className));
  const Class = classOf(className, textOr(node.base, ''), {...own, ...hidden});
  const error = Class === DOMException ? new DOMException(message, name) : new Error(message);
  if (Class !== DOMException) Object.setPrototypeOf(error, Class.prototype as object);
  if (Class.name !== className) setHidden(error, classKey, className);
  if (error.name !== name) setHidden(error, 'name', name);
  for (const key of Object.keys(own))
    if (!isReserved(key))
      Object.defineProperty(error, key, {value: own[key], enumerable: true, configurable: true, writable: true});
  for (const key of hiddenKeys) if (isHidden(key, hidden[key])) setHidden(error, key, hidden[key]);
  if ('cause' in node) setHidden(error, 'cause', reviveNode(node.cause, depth + 1));
  if (Array.isArray(node.errors)) setHidden(error, 'errors', reviveAll(node.errors, depth));
  if (Array.isArray(node.suppressed)) for (const other of reviveAll(node.suppressed, depth)) suppress(error, other);
  // The stack is the text that is printed, so nothing in it may steer the terminal. The message stays as it was.
  setHidden(error, 'stack', escapeText(textOr(node.stack, `${error.name}: ${message}`)));
  if (error instanceof NurseryError) printAsTree(error);
  return error;
}

/** The actor that threw is the first one of the path, and crosses once. */
function withOrigin(hidden: Record<string, unknown>): Record<string, unknown> {
  return isActorPath(hidden.path) ? {actor: hidden.path[0], origin: hidden.path[0], ...hidden} : hidden;
}

function isHidden(key: string, value: unknown): boolean {
  return key === 'stderr' ? typeof value === 'string' : isActor(value) || isActorPath(value);
}

function reviveAll(nodes: readonly unknown[], depth: number): unknown[] {
  return nodes.slice(0, limits.errorMembers + 1).map(node => reviveNode(node, depth + 1));
}

/** The class with this name, or the nearest class above it whose properties the error has. */
function classOf(name: string, base: string, fields: Record<string, unknown>): ErrorClass {
  return builtins.get(name) ?? registeredError(name) ?? builtins.get(base) ?? ownClass(base, fields) ?? Error;
}

const builtins = new Map([Error, ...builtinErrors].map((Class): [string, ErrorClass] => [Class.name, Class]));

/** The class of this library with this code, when the error has the properties that users of the class count on. */
function ownClass(code: string, fields: Record<string, unknown>): ErrorClass | undefined {
  if (fields.code !== code || (fields.actor !== undefined && !isActor(fields.actor))) return undefined;
  return fits.get(code)?.(fields) === false ? undefined : ownClasses.get(code);
}

const ownClasses = new Map(errorClasses.map((Class): [string, ErrorClass] => [Class.code, Class]));

/** Checks of the properties that an error needs to be of a class. Classes without such properties are not listed. */
const fits = new Map<string, (fields: Record<string, unknown>) => boolean>([
  ['ERR_REMOTE', ({type, origin, path}) => typeof type === 'string' && isActor(origin) && isActorPath(path)],
  [
    'ERR_CANCELLED',
    ({reason, acked, canceller}) =>
      typeof reason === 'string' && typeof acked === 'boolean' && (canceller === undefined || isActor(canceller)),
  ],
  ['ERR_LAGGED', ({missed}) => typeof missed === 'number'],
  ['ERR_TRANSPORT', ({kind}) => typeof kind === 'string'],
  ['ERR_DIED', ({exit, stderr}) => isRecord(exit) && typeof stderr === 'string'],
  ['ERR_SPAWN', ({phase, stderr}) => typeof phase === 'string' && typeof stderr === 'string'],
  ['ERR_TYPE', ({issues}) => Array.isArray(issues)],
  ['ERR_UNSERIALIZABLE', ({path}) => Array.isArray(path)],
  ['ERR_RESOURCE', ({what}) => typeof what === 'string'],
]);

export function isActor(value: unknown): value is ActorId {
  return (
    isRecord(value) &&
    typeof value.name === 'string' &&
    typeof value.id === 'string' &&
    typeof value.pid === 'number' &&
    typeof value.host === 'string'
  );
}

export function isActorPath(value: unknown): value is [ActorId, ...ActorId[]] {
  return Array.isArray(value) && value.length > 0 && value.length <= limits.errorPath && value.every(isActor);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a property is inherited by every error, restored apart, or a way to a prototype. */
function isReserved(key: string): boolean {
  return (
    key in Object.prototype ||
    key === 'message' ||
    key === 'stack' ||
    key === 'cause' ||
    key === 'name' ||
    key === 'prototype'
  );
}

const textOr = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);
