/**
 * The wire vocabulary: every kind of message that crosses a channel, in one closed union.
 * Floor 1: names and shapes only; `msg/frame` gives them bytes, `context/protocol/dialog` gives them an order.
 *
 * ```
 * frame   = u32 length (LE, of what follows) | u8 kind | varint context | varint seq | payload
 * context = id chosen by the opener: odd from the child of an inherited pair, even from the parent;
 *           0 is the channel (and the actor behind it) itself
 * ```
 */
import type {ActorId} from '../base/actor-id.js';
import type {CancelReason, MessageTypeError} from '../base/errors.js';
import type {BoxedError} from './boxed-error.js';

export const Kind = {
  /** Both ends, first of all: magic, version, identity. */
  Hello: 1,
  /** Parent to child, once: the modules to import, the functions to expose, the options of the runtime. */
  Spawn: 2,
  /** Child to parent, once: it has imported its modules and serves calls. */
  Ready: 3,
  /** Caller: opens a context. */
  Start: 4,
  /** Callee, once: the value of `started`, the sync point. */
  Started: 5,
  /** Both ends: one or more values of a stream. `seq` is the number of the first one. */
  Yield: 6,
  /** Both ends: this end sends no more values (it has sent `seq`), or neither sends nor receives any more. */
  Stop: 7,
  /** Both ends: how many messages and bytes the peer may send in all. It counts from the start, so it may be repeated. */
  Credit: 8,
  /** Callee, terminal: the result. */
  Return: 9,
  /** Both ends, terminal: the thrown value. */
  Error: 10,
  /** Caller: the function must end (context 0: the actor). It never waits behind values. */
  Cancel: 11,
  /** Callee, twice: the Cancel was received; the function has ended. Never terminal. */
  CancelAck: 12,
  /** Both ends: asks whether the peer is there. */
  Ping: 13,
  /** Both ends: the answer to a Ping. */
  Pong: 14,
  /** Both ends: no new contexts, because this channel is about to close. Instead of a Hello: the reason of the refusal. */
  Goaway: 15,
  /** Both ends, behind Hello, at an address that anybody could reach: shows that this end knows the secret. */
  Proof: 16,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** A message between `channel` and `context`: its header is read, its payload is still bytes, unless it came in pieces. */
export interface Message {
  readonly kind: Kind;
  readonly context: number;
  readonly seq: number;
  /** Empty when the message came in pieces: then its value was read as they came. */
  readonly payload: Uint8Array;
  /** The value of a message that came in pieces. */
  readonly read?: ReadValue;
}

/** A value that was read, and how many bytes it had. */
export interface ReadValue {
  readonly value: unknown;
  readonly bytes: number;
  /** Why a value of a registered type in it could not be made. `undefined` stands in its place. */
  readonly fault?: MessageTypeError;
}

export const protocolMagic = 'rxtractor';
export const protocolVersion = 2;

/** Payloads are lists, never maps, because a key of a header could be forged. */
export type HelloPayload =
  | readonly [magic: string, version: number, actor: ActorTuple]
  | readonly [magic: string, version: number, actor: ActorTuple, nonce: Uint8Array];
export type GoawayPayload = readonly [reason: string, text: string];
export type ActorTuple = readonly [name: string, id: string, pid: number, host: string];
export type StartPayload = readonly [
  fn: FunctionRef,
  kind: FunctionKind,
  args: readonly unknown[],
  /** Null for a task, which has no stream. */
  flow: readonly [window: number, windowBytes: number, bufferBytes: number, overflow: string, granted: number] | null,
  deadline: number | null,
  /** Absent unless something travels with the call: a list of `[name, wire]`, encoded, at most 4 KiB. */
  carried?: Uint8Array,
];
/**
 * A function is named in full once on each channel, and by its number from then on. `within` is its module, or empty for a name
 * that holds everywhere; `prints` are the marks in its file, as the caller has made them.
 */
export type FunctionRef = number | readonly [number: number, within: string, place: string, prints: string];
export type FunctionKind = 'task' | 'stream' | 'operator' | 'context';
export type CreditPayload = readonly [messages: number, bytes: number];
export type CancelPayload = readonly [reason: CancelReason, cause: unknown, canceller: ActorTuple, budget: number];
/** `settled`: whether the function has ended. `cancelled`: whether it ended because it was cancelled, and did not fail. */
export type ErrorPayload = readonly [error: BoxedError, settled: boolean, cancelled: boolean];
export type StopPayload = readonly [side: StopSide, failure: BoxedError | null];
export type StopSide = 'send' | 'both';
export type AckStage = 'received' | 'ended';

export const actorTuple = (actor: ActorId): ActorTuple => [actor.name, actor.id, actor.pid, actor.host];

/** Undefined when the tuple is malformed. */
export function actorFromTuple(tuple: unknown): ActorId | undefined {
  if (!Array.isArray(tuple)) return undefined;
  const [name, id, pid, host] = tuple as unknown[];
  if (typeof name !== 'string' || typeof id !== 'string' || typeof pid !== 'number' || typeof host !== 'string')
    return undefined;
  return {name, id, pid, host};
}
