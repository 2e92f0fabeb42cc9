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
import type {CancelReason} from '../base/errors.js';
import type {BoxedError} from './boxed-error.js';

export const Kind = {
  /** Both, first: magic, version, identity. */
  Hello: 1,
  /** Parent to child, once: what to import and expose, the runtime's options. */
  Spawn: 2,
  /** Child to parent, once: imports are done, calls are served. */
  Ready: 3,
  /** Caller: opens a context. */
  Start: 4,
  /** Callee, once: the first value, the sync point. */
  Started: 5,
  /** Both: one or more values of a stream; `seq` is the number of the first. */
  Yield: 6,
  /** Both: I send no more (`seq` values were sent), or neither send nor receive. */
  Stop: 7,
  /** Both: you may send so many messages and bytes in all. Absolute, hence idempotent. */
  Credit: 8,
  /** Callee, terminal: the result. */
  Return: 9,
  /** Both, terminal: what was thrown. */
  Error: 10,
  /** Caller: end the task (context 0: the actor). Never waits behind values. */
  Cancel: 11,
  /** Callee: the cancel was received; the task has ended. Never a terminal. */
  CancelAck: 12,
  /** Both: are you there? */
  Ping: 13,
  Pong: 14,
  /** Both: no new contexts; this channel is about to close. In place of a greeting: why it is refused. */
  Goaway: 15,
  /** Both, behind Hello, on a road that anybody could take: I know the secret. */
  Proof: 16,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** What a message looks like on its way between `channel` and `context`: header read, payload still bytes. */
export interface Message {
  readonly kind: Kind;
  readonly context: number;
  readonly seq: number;
  readonly payload: Uint8Array;
}

export const protocolMagic = 'rxtractor';
export const protocolVersion = 1;

/** By position, never a map: a header key cannot be forged. */
export type HelloPayload =
  | readonly [magic: string, version: number, actor: ActorTuple]
  | readonly [magic: string, version: number, actor: ActorTuple, nonce: Uint8Array];
export type GoawayPayload = readonly [reason: string, text: string];
export type ActorTuple = readonly [name: string, id: string, pid: number, host: string];
export type StartPayload = readonly [
  fn: FunctionRef,
  kind: FunctionKind,
  args: readonly unknown[],
  flow: readonly [window: number, windowBytes: number, bufferBytes: number, overflow: string, granted: number],
  deadline: number | null,
];
/** Said in full once for each channel, then by its number alone. */
export type FunctionRef = number | readonly [number: number, module: string, place: string];
export type FunctionKind = 'task' | 'stream' | 'operator' | 'context';
export type CreditPayload = readonly [messages: number, bytes: number];
export type CancelPayload = readonly [reason: CancelReason, cause: unknown, canceller: ActorTuple, budget: number];
/** `settled`: the function has ended. `cancelled`: because it was cancelled, not because it failed. */
export type ErrorPayload = readonly [error: BoxedError, settled: boolean, cancelled: boolean];
export type StopPayload = readonly [side: StopSide, failure: BoxedError | null];
export type StopSide = 'send' | 'both';
export type AckStage = 'received' | 'ended';

export const actorTuple = (actor: ActorId): ActorTuple => [actor.name, actor.id, actor.pid, actor.host];

export function actorFromTuple(tuple: unknown): ActorId | undefined {
  if (!Array.isArray(tuple)) return undefined;
  const [name, id, pid, host] = tuple as unknown[];
  if (typeof name !== 'string' || typeof id !== 'string' || typeof pid !== 'number' || typeof host !== 'string')
    return undefined;
  return {name, id, pid, host};
}
