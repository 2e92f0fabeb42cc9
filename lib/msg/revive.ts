/**
 * Makes the error again that a boxed node describes: its class, its properties, its causes.
 * Floor 1: above `boxed-node`. What it reads came from outside: every field is checked, and no class is
 * built from a name except through a fixed table and `registerError`.
 */
import type {ActorId} from '../base/actor-id.js';
import * as ours from '../base/errors.js';
import {escapeText} from '../base/escape.js';
import {printAsTree} from '../base/failure-tree.js';
import {builtinErrors, classKey, type ErrorClass, hiddenKeys} from './boxed-node.js';
import {limits} from './limits.js';

/** What was thrown, or what stands for it. Never throws. */
export function reviveNode(node: unknown, depth = 0): unknown {
  if (!isRecord(node) || depth > limits.errorDepth) return malformed();
  if ('value' in node) return node.value;
  if (typeof node.text === 'string') return node.text;
  if (typeof node.class !== 'string' || typeof node.message !== 'string') return malformed();
  try {
    return reviveError(node, node.class, node.message, depth);
  } catch {
    // The prototype of a registered class may have accessors that throw.
    return malformed();
  }
}

const malformed = (): Error => new ours.ProtocolError('a malformed error arrived');

function reviveError(node: Record<string, unknown>, className: string, message: string, depth: number): Error {
  const own = isRecord(node.own) ? node.own : {};
  const hidden = withOrigin(isRecord(node.hidden) ? node.hidden : {});
  const name = escapeText(textOr(node.name, className));
  const Class = classOf(className, textOr(node.base, ''), {...own, ...hidden});
  const error = Class === DOMException ? new DOMException(message, name) : new Error(message);
  if (Class !== DOMException) Object.setPrototypeOf(error, Class.prototype as object);
  if (Class.name !== className) hide(error, classKey, className);
  if (error.name !== name) hide(error, 'name', name);
  for (const key of Object.keys(own))
    if (!reserved(key))
      Object.defineProperty(error, key, {value: own[key], enumerable: true, configurable: true, writable: true});
  for (const key of hiddenKeys) if (isHidden(key, hidden[key])) hide(error, key, hidden[key]);
  if ('cause' in node) hide(error, 'cause', reviveNode(node.cause, depth + 1));
  if (Array.isArray(node.errors)) hide(error, 'errors', reviveAll(node.errors, depth));
  if (Array.isArray(node.suppressed))
    for (const other of reviveAll(node.suppressed, depth)) ours.suppress(error, other);
  // The text that is printed: nothing in it may steer the terminal. The message stays as it was.
  hide(error, 'stack', escapeText(textOr(node.stack, `${error.name}: ${message}`)));
  if (error instanceof ours.NurseryError) printAsTree(error);
  return error;
}

/** Who threw is the first on the road, and sent once. */
const withOrigin = (hidden: Record<string, unknown>): Record<string, unknown> =>
  isActorPath(hidden.path) ? {actor: hidden.path[0], origin: hidden.path[0], ...hidden} : hidden;

const isHidden = (key: string, value: unknown): boolean =>
  key === 'stderr' ? typeof value === 'string' : isActor(value) || isActorPath(value);

const reviveAll = (nodes: readonly unknown[], depth: number): unknown[] =>
  nodes.slice(0, limits.errorMembers + 1).map(node => reviveNode(node, depth + 1));

/** Of that name, or else the nearest above it, when its properties are what the users of the class count on. */
function classOf(name: string, base: string, fields: Record<string, unknown>): ErrorClass {
  return builtins.get(name) ?? ours.registeredError(name) ?? builtins.get(base) ?? ourClass(base, fields) ?? Error;
}

const builtins = new Map([Error, ...builtinErrors].map((Class): [string, ErrorClass] => [Class.name, Class]));

function ourClass(code: string, fields: Record<string, unknown>): ErrorClass | undefined {
  const {Class, fits} = ourClasses.get(code) ?? {};
  if (fields.code !== code || (fields.actor !== undefined && !isActor(fields.actor))) return undefined;
  return fits === undefined || fits(fields) ? Class : undefined;
}

type Known = readonly [Class: ErrorClass & {readonly code: string}, fits?: (own: Record<string, unknown>) => boolean];
const ourClasses = new Map(
  (
    [
      [ours.ActorError],
      [ours.RemoteActorError, own => typeof own.type === 'string' && isActor(own.origin) && isActorPath(own.path)],
      [
        ours.ContextCancelled,
        own =>
          typeof own.reason === 'string' &&
          typeof own.acked === 'boolean' &&
          (own.canceller === undefined || isActor(own.canceller)),
      ],
      [ours.StreamOverrun],
      [ours.StreamClosed],
      [ours.Lagged, own => typeof own.missed === 'number'],
      [ours.TransportClosed, own => typeof own.kind === 'string'],
      [ours.ActorDied, own => isRecord(own.exit) && typeof own.stderr === 'string'],
      [ours.SpawnFailed, own => typeof own.phase === 'string' && typeof own.stderr === 'string'],
      [ours.NotExposed],
      [ours.MessageTypeError, own => Array.isArray(own.issues)],
      [ours.Unserializable, own => Array.isArray(own.path)],
      [ours.ProtocolError],
      [ours.HandshakeRejected],
      [ours.ResourceExhausted, own => typeof own.what === 'string'],
      [ours.DebuggerQuit],
      [ours.NoRuntime],
      [ours.NurseryError],
    ] satisfies Known[] as Known[]
  ).map(([Class, fits]) => [Class.code, {Class, fits}]),
);

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

/** What an error inherits, its own fields that are restored apart, and what a prototype is reached by. */
const reserved = (key: string): boolean =>
  key in Object.prototype ||
  key === 'message' ||
  key === 'stack' ||
  key === 'cause' ||
  key === 'name' ||
  key === 'prototype';

const textOr = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);

function hide(error: Error, key: string | symbol, value: unknown): void {
  Object.defineProperty(error, key, {value, configurable: true, writable: true});
}
