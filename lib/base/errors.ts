/**
 * Every error class that users can meet, each with a stable `code`.
 * Floor 0: classes only. `brand` makes `instanceof` work, `msg/boxed-error` packs errors for the wire.
 */
import type {ActorId} from './actor-id.js';
import {Attached} from './attached.js';
import {hasBrand, putBrand} from './brand.js';
import {printAsTree, printQuitAsLine} from './failure-tree.js';
import {setHidden} from './hidden.js';
import type {CancelReason, TransportEnd} from './reasons.js';
import {escapeStack} from './stack.js';
import {suppressedBy} from './suppressed.js';
import {formatPath} from './value-path.js';

export type {CancelReason, TransportEnd} from './reasons.js';

export interface ActorErrorOptions {
  /** The error, or other thrown value, that this one comes from. */
  readonly cause?: unknown;
  /** The actor that the error is about. */
  readonly actor?: ActorId | undefined;
}

/**
 * The base class of all errors of this library. NurseryError, which extends AggregateError, counts as one for `instanceof`.
 *
 * @example
 * ```ts
 * try {
 *   await portal.run(resize, image);
 * } catch (error) {
 *   if (!(error instanceof ActorError)) throw error;
 *   console.error(error.code, error.actor?.name, error.cause);
 * }
 * ```
 */
export class ActorError extends Error {
  /** The code of the errors of this class. */
  static readonly code: string = 'ERR_ACTOR';
  /** The stable name of the error's class, for example `ERR_REMOTE`. The texts of messages may change, codes do not. */
  readonly code: string;
  /** The actor that the error is about, when it is about one. Not enumerable, so that it is not printed. */
  declare readonly actor?: ActorId;

  constructor(message: string, options: ActorErrorOptions = {}) {
    super(message, 'cause' in options && options.cause !== undefined ? {cause: options.cause} : undefined);
    this.code = new.target.code;
    if (options.actor !== undefined) setHidden(this, 'actor', options.actor);
    // Not enumerable, as the name of a builtin error.
    setHidden(this, 'name', new.target.name);
    escapeStack(this);
  }

  /** Errors that came after this one (during the clean-up, for example) and did not replace it. */
  get suppressed(): readonly unknown[] {
    return suppressedBy(this);
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return hasBrand(this, value);
  }
}

/**
 * A remote function threw. `cause` is the original error, revived in this process.
 *
 * @example
 * ```ts
 * try {
 *   await portal.run(parse, text);
 * } catch (error) {
 *   if (error instanceof RemoteActorError && error.is(SyntaxError)) console.error(error.cause.message, error.origin.name);
 *   else throw error;
 * }
 * ```
 */
export class RemoteActorError extends ActorError {
  static override readonly code = 'ERR_REMOTE';
  /** The class name of the original, for example `TypeError`. `unknown` when the thrown value was not an Error. */
  readonly type: string;
  /** The actor in which it was thrown. Not enumerable. */
  declare readonly origin: ActorId;
  /** The actors that it passed through: the origin first, without the receiver. Not enumerable. */
  declare readonly path: readonly ActorId[];

  constructor(message: string, options: {cause: unknown; type: string; path: readonly [ActorId, ...ActorId[]]}) {
    super(message, {cause: options.cause, actor: options.path[0]});
    // A remote function may throw `undefined`: then the error has a cause nevertheless.
    if (options.cause === undefined) setHidden(this, 'cause', undefined);
    this.type = options.type;
    setHidden(this, 'origin', options.path[0]);
    setHidden(this, 'path', options.path);
  }

  /** Whether the original is an instance of this class. Classes of users need `registerError` for that. */
  is<T>(Class: abstract new (...args: never[]) => T): this is RemoteActorError & {readonly cause: T} {
    return this.cause instanceof Class;
  }
}

/**
 * The work was cancelled. `cause` is the value that the canceller gave as its reason.
 *
 * @example
 * ```ts
 * try {
 *   await portal.with({timeout: 1_000}).run(search, query);
 * } catch (error) {
 *   if (error instanceof ContextCancelled && error.reason === 'deadline') return [];
 *   throw error;
 * }
 * ```
 */
export class ContextCancelled extends ActorError {
  static override readonly code = 'ERR_CANCELLED';
  /** The actor that asked for the cancellation. Undefined where no single actor did. */
  readonly canceller: ActorId | undefined;
  /** Why it was cancelled. The first reason counts. */
  readonly reason: CancelReason;
  /** False when the remote function has not acknowledged its end in time: it may still be running. */
  readonly acked: boolean;

  constructor(
    message: string,
    options: ActorErrorOptions & {canceller: ActorId | undefined; reason: CancelReason; acked?: boolean},
  ) {
    super(message, options);
    this.canceller = options.canceller;
    this.reason = options.reason;
    this.acked = options.acked ?? true;
  }
}

/** More was pushed into a stream than its buffer may hold while the receiver granted no room. */
export class StreamOverrun extends ActorError {
  static override readonly code = 'ERR_OVERRUN';
}

/** The stream is closed: nothing can be sent on it, and it cannot be opened again. */
export class StreamClosed extends ActorError {
  static override readonly code = 'ERR_STREAM_CLOSED';
}

/** An iterator was further behind than its `lag` allows and has missed values. It goes on from the oldest value that is kept. */
export class Lagged extends ActorError {
  static override readonly code = 'ERR_LAGGED';
  /** How many values the iterator has missed. */
  readonly missed: number;

  constructor(missed: number) {
    super(`an iterator was too slow and has missed ${missed} values`);
    this.missed = missed;
  }
}

/** The channel to another actor ended, or could not be made. */
export class TransportClosed extends ActorError {
  static override readonly code = 'ERR_TRANSPORT';
  /** How the channel ended. */
  readonly kind: TransportEnd;

  constructor(message: string, options: ActorErrorOptions & {kind: TransportEnd}) {
    super(message, options);
    this.kind = options.kind;
  }
}

/** How a process ended: with an exit code, or by the signal that killed it. The other one is null. */
export interface Exit {
  /** The exit code. Null when a signal killed the process. */
  readonly code: number | null;
  /** The signal that killed the process. Null when it exited by itself. */
  readonly signal: NodeJS.Signals | null;
}

/**
 * An actor ended, and nobody had asked it to. `cause` is its last error, when it could still tell it.
 *
 * @example
 * ```ts
 * nursery.actor('worker', {expose: [resize]}).pipe(retry({count: 3, delay: error => {
 *   if (error instanceof ActorDied) return timer(1_000);
 *   throw error;
 * }}));
 * ```
 */
export class ActorDied extends ActorError {
  static override readonly code = 'ERR_DIED';
  /** How its process ended. */
  readonly exit: Exit;
  /**
   * Whether it counts as ended only because its host was not heard for longer than its lease (`timeouts.lease`). Then `exit` has
   * neither a code nor a signal.
   */
  readonly lost: boolean;
  /** The last 8 KiB that it wrote to stderr. Not enumerable, because they were relayed when they were written. */
  declare readonly stderr: string;

  constructor(message: string, options: ActorErrorOptions & {exit: Exit; stderr?: string; lost?: boolean}) {
    super(message, options);
    this.exit = options.exit;
    this.lost = options.lost ?? false;
    setHidden(this, 'stderr', options.stderr ?? '');
  }
}

/** The step at which a new actor failed: its place on a host, its process, its channel, the handshake, its imports, its readiness. */
export type SpawnPhase = 'place' | 'exec' | 'connect' | 'handshake' | 'import' | 'ready';

/** An actor could not be started. `cause` is the error that it threw, when it threw one. */
export class SpawnFailed extends ActorError {
  static override readonly code = 'ERR_SPAWN';
  /** How far the start had come. */
  readonly phase: SpawnPhase;
  /** How its process ended. Absent when there was no process. */
  declare readonly exit?: Exit;
  /** The last 8 KiB that its process wrote to stderr. The message ends with them too. */
  readonly stderr: string;
  /** In the phase `place`: the hosts that were asked, and why each has not taken the actor. Absent in the other phases. */
  declare readonly offers?: readonly {readonly host: string; readonly refused: string}[];

  constructor(
    message: string,
    options: ActorErrorOptions & {
      phase: SpawnPhase;
      exit?: Exit | undefined;
      stderr?: string;
      offers?: readonly {readonly host: string; readonly refused: string}[];
    },
  ) {
    super(message, options);
    this.phase = options.phase;
    if (options.exit) this.exit = options.exit;
    if (options.offers) this.offers = options.offers;
    this.stderr = options.stderr ?? '';
  }
}

/** The actor does not expose the function that was called, or does not expose it as a function of that kind. */
export class NotExposed extends ActorError {
  static override readonly code = 'ERR_NOT_EXPOSED';
}

/** A value does not fit the schema of a remote function. The end that sent the value gets this error. */
export class MessageTypeError extends ActorError {
  static override readonly code = 'ERR_TYPE';
  /** The faults: a list of `{message, path}`, as the schema's library gives it. Empty when the schema itself is at fault. */
  readonly issues: readonly unknown[];

  constructor(message: string, options: ActorErrorOptions & {issues: readonly unknown[]}) {
    super(message, options);
    this.issues = options.issues;
  }
}

/**
 * A value cannot cross to another process unchanged. Nothing was sent. The text names the call, or the function, and the place in
 * the value: `portal.run(price): args[0].deep[1] cannot be sent to another actor: a function`.
 */
export class Unserializable extends ActorError {
  static override readonly code = 'ERR_UNSERIALIZABLE';
  /** The keys and indices that lead to the part at fault, for example `['args', 0, 'deep', 1]`. */
  readonly path: readonly (string | number)[];

  /** @param what the fault in words, for example `a function` @param options `of`: the call, or the function, of the value */
  constructor(
    what: string,
    options: ActorErrorOptions & {path: readonly (string | number)[]; of?: string | undefined},
  ) {
    const {path, of} = options;
    super(`${of === undefined ? '' : `${of}: `}${formatPath(path)} cannot be sent to another actor: ${what}`, options);
    this.path = path;
    faults.attach(this, what);
  }
}

/** The fault of each Unserializable in words. It is no property, so that it neither crosses nor is printed beside the message. */
const faults = new Attached<string>();

/** The same refusal, told of another path and call. */
export function retold(error: Unserializable, path: Unserializable['path'], of: string): Unserializable {
  return new Unserializable(faults.of(error) ?? error.message, {path, of, cause: error.cause});
}

/** A peer, or a remote function, broke the rules of the dialog. */
export class ProtocolError extends ActorError {
  static override readonly code = 'ERR_PROTOCOL';
}

/** The other end of a new connection is not an actor that may talk to this one. */
export class HandshakeRejected extends ActorError {
  static override readonly code = 'ERR_HANDSHAKE';
  /**
   * The reason in one word, where it is known: `magic`, `version`, `identity`, `secret`, `certificate`, `timeout`, `busy`,
   * `closed`, `quarantined` or `duplicate`.
   */
  declare readonly reason?: string;

  constructor(message: string, options: ActorErrorOptions & {reason?: string} = {}) {
    super(message, options);
    if (options.reason !== undefined) this.reason = options.reason;
  }
}

/** A limit was reached, or something that is needed is missing. */
export class ResourceExhausted extends ActorError {
  static override readonly code = 'ERR_RESOURCE';
  /**
   * The name of the resource: `platform`, `depth`, `actors`, `address`, `folder`, `library`, `package`, `openssl`, `fd` (file
   * descriptors), `processes`, `calls`, `cancelsPerSecond` or `roads`.
   */
  readonly what: string;

  constructor(message: string, options: ActorErrorOptions & {what: string}) {
    super(message, options);
    this.what = options.what;
  }
}

/**
 * The person at the debugger's prompt left it with `q` or `quit all`. The task that stood there ends with this error. It is
 * printed in one line, also around the errors that carry it to other actors.
 */
export class DebuggerQuit extends ActorError {
  static override readonly code = 'ERR_DEBUGGER_QUIT';
}

/** The call needs a runtime, and none is open here. */
export class NoRuntime extends ActorError {
  static override readonly code = 'ERR_NO_RUNTIME';
}

/**
 * Several things failed in one nursery, and none of them is the cause of another. `errors` has them, and `stack` shows each
 * under the actor that it came from.
 *
 * @example
 * ```ts
 * await openNursery(async nursery => {
 *   // …
 * }).catch(error => {
 *   if (error instanceof NurseryError) for (const failure of error.errors) console.error(failure);
 *   else throw error;
 * });
 * ```
 */
export class NurseryError extends AggregateError {
  static readonly code = 'ERR_NURSERY';
  /** The stable name of the error's class. */
  readonly code = 'ERR_NURSERY';

  constructor(errors: readonly unknown[], message: string) {
    super(errors, message);
    setHidden(this, 'name', 'NurseryError');
    printAsTree(this);
  }

  /** Errors that came after this one and did not replace it. */
  get suppressed(): readonly unknown[] {
    return suppressedBy(this);
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return hasBrand(this, value);
  }
}

/** Every error class of this library: `msg/revive` finds the class of an error that arrives here, by its code. */
export const errorClasses = [
  ActorError,
  RemoteActorError,
  ContextCancelled,
  StreamOverrun,
  StreamClosed,
  Lagged,
  TransportClosed,
  ActorDied,
  SpawnFailed,
  NotExposed,
  MessageTypeError,
  Unserializable,
  ProtocolError,
  HandshakeRejected,
  ResourceExhausted,
  DebuggerQuit,
  NoRuntime,
  NurseryError,
] as const;

for (const Class of errorClasses) putBrand(Class);
for (const Class of [DebuggerQuit, RemoteActorError, ContextCancelled]) printQuitAsLine(Class.prototype);
// It extends a builtin class, and is an error of this library nevertheless.
putBrand(NurseryError, ActorError.code);
