/**
 * Every error class that users can meet, each with a stable `code`.
 * Floor 0: classes only; how an error is packed for the wire is `msg/boxed-error`.
 *
 * `instanceof` works by brand (`Symbol.for`), so that two installed copies of the library recognise each
 * other's errors (the habit of undici's `core/errors`).
 */
import type {ActorId} from './actor-id.js';
import {printAsTree} from './failure-tree.js';

export {registerError, registeredError} from './registered-errors.js';

const suppressedKey = Symbol.for('rxtractor/suppressed');
const brandOf = (code: string): symbol => Symbol.for(`rxtractor/error/${code}`);

export interface ActorErrorOptions {
  readonly cause?: unknown;
  /** The actor that the error is about. */
  readonly actor?: ActorId | undefined;
}

/** The base of all errors of this library. */
export class ActorError extends Error {
  static readonly code: string = 'ERR_ACTOR';
  readonly code: string;
  declare readonly actor?: ActorId;

  constructor(message: string, options: ActorErrorOptions = {}) {
    super(message, 'cause' in options && options.cause !== undefined ? {cause: options.cause} : undefined);
    this.code = new.target.code;
    if (options.actor !== undefined) hide(this, 'actor', options.actor);
    hideName(this, new.target.name);
  }

  /** Errors that came after this one (of the clean-up, say) and did not replace it. */
  get suppressed(): readonly unknown[] {
    return suppressedBy(this);
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return hasBrand(this, value);
  }

  static {
    brand(this);
  }
}

/** What failed in another actor: `cause` is the original error, revived. */
export class RemoteActorError extends ActorError {
  static override readonly code = 'ERR_REMOTE';
  /** The class name of the original, e.g. `TypeError`; `unknown` when something that is no Error was thrown. */
  readonly type: string;
  /** The actor in which it was thrown. */
  declare readonly origin: ActorId;
  /** The actors it passed through: origin first, the receiver excluded. */
  declare readonly path: readonly ActorId[];

  constructor(message: string, options: {cause: unknown; type: string; path: readonly [ActorId, ...ActorId[]]}) {
    super(message, {cause: options.cause, actor: options.path[0]});
    // A cause of `undefined` is a cause all the same: `throw undefined` is legal.
    if (options.cause === undefined)
      Object.defineProperty(this, 'cause', {value: undefined, configurable: true, writable: true});
    this.type = options.type;
    hide(this, 'origin', options.path[0]);
    hide(this, 'path', options.path);
  }

  /** Whether the original was of this class. */
  is<T>(Class: abstract new (...args: never[]) => T): this is RemoteActorError & {readonly cause: T} {
    return this.cause instanceof Class;
  }

  static {
    brand(this);
  }
}

/**
 * Why something was cancelled: `requested` by `cancel()`, a signal or an unsubscription; `scope` because its
 * owner ended; `deadline`; `peer` because the other end failed; `actor` because its actor ends; `shutdown` of
 * the whole tree.
 */
export type CancelReason = 'requested' | 'scope' | 'deadline' | 'peer' | 'actor' | 'shutdown';

/** The work was cancelled. `canceller` says by whom, `cause` is what the canceller passed as its reason. */
export class ContextCancelled extends ActorError {
  static override readonly code = 'ERR_CANCELLED';
  readonly canceller: ActorId | undefined;
  readonly reason: CancelReason;
  /** False when the remote task has not acknowledged its end within the bound. */
  readonly acked: boolean;

  constructor(
    message: string,
    options: {
      canceller: ActorId | undefined;
      reason: CancelReason;
      cause?: unknown;
      acked?: boolean;
      actor?: ActorId | undefined;
    },
  ) {
    super(message, options);
    this.canceller = options.canceller;
    this.reason = options.reason;
    this.acked = options.acked ?? true;
  }

  static {
    brand(this);
  }
}

/** More was pushed into a stream than its buffer may hold while the receiver granted no room. */
export class StreamOverrun extends ActorError {
  static override readonly code = 'ERR_OVERRUN';
  static {
    brand(this);
  }
}

/** The stream is closed: nothing can be sent on it, and it cannot be opened again. */
export class StreamClosed extends ActorError {
  static override readonly code = 'ERR_STREAM_CLOSED';
  static {
    brand(this);
  }
}

/** This iterator was further behind than its `lag` allows, and has missed values; it goes on from the oldest kept one. */
export class Lagged extends ActorError {
  static override readonly code = 'ERR_LAGGED';
  /** How many values it has missed. */
  readonly missed: number;

  constructor(missed: number) {
    super(`an iterator was too slow and has missed ${missed} values`);
    this.missed = missed;
  }

  static {
    brand(this);
  }
}

/** The channel to another actor ended. */
export class TransportClosed extends ActorError {
  static override readonly code = 'ERR_TRANSPORT';
  readonly kind: TransportEnd;

  constructor(message: string, options: ActorErrorOptions & {kind: TransportEnd}) {
    super(message, options);
    this.kind = options.kind;
  }

  static {
    brand(this);
  }
}
/** How a transport ended: by the peer's end, a reset, a violation of the protocol, silence, or our own close. */
export type TransportEnd = 'eof' | 'reset' | 'protocol' | 'heartbeat' | 'closed';

/** How a process ended: an exit code, or the signal that killed it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** An actor ended without being asked to. */
export class ActorDied extends ActorError {
  static override readonly code = 'ERR_DIED';
  readonly exit: Exit;
  /** The last 8 KiB that it wrote to stderr. Not printed with the error: it has been relayed already. */
  declare readonly stderr: string;

  constructor(message: string, options: ActorErrorOptions & {exit: Exit; stderr?: string}) {
    super(message, options);
    this.exit = options.exit;
    hide(this, 'stderr', options.stderr ?? '');
  }

  static {
    brand(this);
  }
}

/** How far a new actor had come: its process, its channel, the handshake, its imports, its readiness. */
export type SpawnPhase = 'exec' | 'connect' | 'handshake' | 'import' | 'ready';

/** An actor could not be started. The text ends with what the process wrote to stderr. */
export class SpawnFailed extends ActorError {
  static override readonly code = 'ERR_SPAWN';
  readonly phase: SpawnPhase;
  declare readonly exit?: Exit;
  /** The last 8 KiB that the process wrote to stderr; the message ends with it too. */
  readonly stderr: string;

  constructor(
    message: string,
    options: ActorErrorOptions & {phase: SpawnPhase; exit?: Exit | undefined; stderr?: string},
  ) {
    super(message, options);
    this.phase = options.phase;
    if (options.exit) this.exit = options.exit;
    this.stderr = options.stderr ?? '';
  }

  static {
    brand(this);
  }
}

/** The actor does not expose that function. */
export class NotExposed extends ActorError {
  static override readonly code = 'ERR_NOT_EXPOSED';
  static {
    brand(this);
  }
}

/** A value does not fit the schema of the remote function; `issues` says where. Nothing raises it so far. */
export class MessageTypeError extends ActorError {
  static override readonly code = 'ERR_TYPE';
  readonly issues: readonly unknown[];

  constructor(message: string, options: ActorErrorOptions & {issues: readonly unknown[]}) {
    super(message, options);
    this.issues = options.issues;
  }

  static {
    brand(this);
  }
}

/** A value cannot cross to another process unchanged; `path` leads to the part at fault. */
export class Unserializable extends ActorError {
  static override readonly code = 'ERR_UNSERIALIZABLE';
  readonly path: readonly (string | number)[];

  /** @param what the fault in words, e.g. `a function` */
  constructor(what: string, options: ActorErrorOptions & {path: readonly (string | number)[]}) {
    super(`${formatPath(options.path)} cannot be sent to another actor: ${what}`, options);
    this.path = options.path;
  }

  static {
    brand(this);
  }
}

/** `['args', 0, 'deep', 1]` as `args[0].deep[1]`. */
export function formatPath(path: readonly (string | number)[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'string' && /^[A-Za-z_$][\w$]*$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text === '' ? 'the value' : text;
}

/** A peer, or a remote function, broke the rules of the dialog. */
export class ProtocolError extends ActorError {
  static override readonly code = 'ERR_PROTOCOL';
  static {
    brand(this);
  }
}

/** The other end of a new connection is not an actor that may talk to this one. */
export class HandshakeRejected extends ActorError {
  static override readonly code = 'ERR_HANDSHAKE';
  /** In one word, where it is known: `magic`, `version`, `identity`, `secret`, `certificate`, `timeout`, `busy`, … */
  declare readonly reason?: string;

  constructor(message: string, options: ActorErrorOptions & {reason?: string} = {}) {
    super(message, options);
    if (options.reason !== undefined) this.reason = options.reason;
  }

  static {
    brand(this);
  }
}

/** A limit was reached, or something needed is not there; `what` names it: `platform`, `depth`, `actors`. */
export class ResourceExhausted extends ActorError {
  static override readonly code = 'ERR_RESOURCE';
  readonly what: string;

  constructor(message: string, options: ActorErrorOptions & {what: string}) {
    super(message, options);
    this.what = options.what;
  }

  static {
    brand(this);
  }
}

/** Somebody left the debugger's prompt with `q`: the task that stood there ends with it. */
export class DebuggerQuit extends ActorError {
  static override readonly code = 'ERR_DEBUGGER_QUIT';
  static {
    brand(this);
  }
}

/** The call needs a runtime, and none is open here. */
export class NoRuntime extends ActorError {
  static override readonly code = 'ERR_NO_RUNTIME';
  static {
    brand(this);
  }
}

/** Several things failed in one nursery, none of them because of another: `errors`. Its `stack` shows each under its actor. */
export class NurseryError extends AggregateError {
  static readonly code = 'ERR_NURSERY';
  readonly code = 'ERR_NURSERY';

  constructor(errors: readonly unknown[], message: string) {
    super(errors, message);
    hideName(this, 'NurseryError');
    printAsTree(this);
  }

  get suppressed(): readonly unknown[] {
    return suppressedBy(this);
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return hasBrand(this, value);
  }

  static {
    brand(this);
    Object.defineProperty(this.prototype, brandOf('ERR_ACTOR'), {value: true});
  }
}

/** Keeps `other` with `error` without replacing it: hidden under a symbol, so that it works on foreign errors too. */
export function suppress(error: unknown, other: unknown): void {
  if (error === other || typeof error !== 'object' || error === null) return;
  const kept = suppressedBy(error);
  if (kept.includes(other)) return;
  try {
    Object.defineProperty(error, suppressedKey, {value: [...kept, other], configurable: true});
  } catch {
    // A frozen error cannot carry it, and must not be replaced either.
  }
}

export function suppressedBy(error: object): readonly unknown[] {
  return (error as {[suppressedKey]?: readonly unknown[]})[suppressedKey] ?? [];
}

/** Puts the brand of a class on its prototype. Runs once for each class, in its static block. */
function brand(Class: {readonly code: string; readonly prototype: object}): void {
  Object.defineProperty(Class.prototype, brandOf(Class.code), {value: true});
}

/** `instanceof` by brand for our classes, by prototype for subclasses that users write. */
function hasBrand(Class: object, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (
    Object.hasOwn(Class, 'code') &&
    Object.hasOwn((Class as {prototype: object}).prototype, brandOf((Class as {code: string}).code))
  )
    return brandOf((Class as {code: string}).code) in value;
  return Function.prototype[Symbol.hasInstance].call(Class, value);
}

/** Set, but not printed with the error: identities are long, and their text stands in the message. */
function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, {value, configurable: true, writable: true});
}

/** `name` as builtin errors have it: not enumerable. */
function hideName(error: Error, name: string): void {
  hide(error, 'name', name);
}
