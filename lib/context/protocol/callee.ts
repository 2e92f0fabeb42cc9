/**
 * The end whose function was called: tells it to end, and sends the value that it returned or the error that it threw.
 * Floor 4, room `protocol`: a role of `link`; `actor/dispatch` runs the function.
 */

import {type ActorId, formatActor} from '../../base/actor-id.js';
import type {RunningTask} from '../../base/current.js';
import {type ActorError, ContextCancelled} from '../../base/errors.js';
import {isError, isThenable, readProperty, textOf} from '../../base/foreign.js';
import type {Scope} from '../../base/scope.js';
import {suppress} from '../../base/suppressed.js';
import type {Channel} from '../../channel/channel.js';
import {type BoxedError, unboxError} from '../../msg/boxed-error.js';
import {decodeCancel} from '../../msg/cancel.js';
import {parse, parseNow, type Schemas} from '../../msg/schema.js';
import {type ErrorPayload, type FunctionKind, Kind} from '../../msg/types.js';
import type {Flow} from '../flow/options.js';
import type {Outcome} from './dialog.js';
import {Link} from './link.js';
import type {Role} from './role.js';
import {tellFlow} from './told-flow.js';
import {contextUid} from './uid.js';

export interface CalleeOptions {
  /** The id of the context. */
  readonly id: number;
  readonly kind: FunctionKind;
  /** The name of the function, for messages. */
  readonly name: string;
  /** The scope in which the function runs. */
  readonly scope: Scope;
  readonly flow: Flow;
  /** The bytes of the first credit that came with the Start; 0 when none came. */
  readonly granted: number;
  readonly schemas?: Schemas | undefined;
}

export class Callee implements Role, RunningTask {
  readonly link: Link;
  readonly scope: Scope;
  readonly name: string;
  readonly kind: FunctionKind;
  /** The flow options of the caller. */
  readonly flow: Flow;
  readonly #schemas: Schemas | undefined;

  constructor(channel: Channel, {id, kind, name, scope, flow, granted, schemas}: CalleeOptions) {
    this.scope = scope;
    this.name = name;
    this.kind = kind;
    this.flow = flow;
    scope.task = this;
    this.#schemas = schemas;
    const link = new Link(channel, id, this, {side: 'callee', synced: kind === 'context', schemas});
    this.link = link;
    if (granted > 0) link.halves.makeOutlet(flow).grant(flow.window, granted);
    // A function may be cancelled by its caller, its deadline, its actor or itself. What it awaits of its stream ends with it.
    if (kind !== 'task') scope.onCancel(why => link.stream?.abort(why));
  }

  get place(): string {
    return `in ${this.name}, called by ${formatActor(this.peer)}`;
  }

  get uid(): string {
    return contextUid(this.link.channel, this.link.id, 'callee');
  }

  get isCancelled(): boolean {
    return this.scope.cancelled !== undefined;
  }

  get interrupted(): ContextCancelled | undefined {
    return this.scope.cancelled;
  }

  get peer(): ActorId {
    return this.link.channel.peer as ActorId;
  }

  /**
   * The function calls `started`.
   *
   * @throws ProtocolError the second time, Unserializable when the value cannot cross, MessageTypeError when the value does
   * not fit its schema
   */
  start(value: unknown): void {
    const {channel, id} = this.link;
    const schema = this.#schemas?.started;
    if (schema) parseNow(schema, value, {part: 'started', name: this.name});
    const bytes = channel.codec.encode(value, 'started', this.name);
    this.link.act('started', () => {
      channel.send(Kind.Started, id, 0, bytes);
      tellFlow('started', this.link, this.link.stream?.outlet);
    });
  }

  /**
   * The function returned, perhaps although it was told to end: its result is kept nevertheless (rule C5). A result that cannot
   * cross, or does not fit its schema, is a failure of the function. Returns a promise when the Return leaves later: the schema
   * is asynchronous, or pushed values have to leave first.
   */
  returned(value: unknown): Promise<void> | undefined {
    const {overruling} = this;
    if (overruling) return this.threw(overruling);
    let bytes: Uint8Array;
    let checked: unknown;
    try {
      bytes = this.link.channel.codec.encode(value, 'result', this.name);
      const schema = this.#schemas?.result;
      checked = schema && parse(schema, value, {part: 'result', name: this.name});
    } catch (error) {
      return this.threw(error);
    }
    const waits: PromiseLike<unknown> | undefined = isThenable(checked) ? checked : this.link.stream?.outlet?.flushed();
    return waits ? this.#returnAfter(waits, bytes, value) : this.#sendReturn(bytes, value);
  }

  async #returnAfter(checked: PromiseLike<unknown>, bytes: Uint8Array, value: unknown): Promise<void> {
    try {
      await checked;
    } catch (error) {
      return this.threw(error);
    }
    // A cancel cuts this wait short.
    await this.link.stream?.outlet?.flushed();
    const {overruling} = this;
    return overruling ? this.threw(overruling) : this.#sendReturn(bytes, value);
  }

  /**
   * The cancellation, when it counts more than a result. It does after a deadline, because a `timeout` is total (rule X10); and
   * before `started`, because there is no context yet whose result it could be, and the missing `started` is not a mistake of
   * the function.
   */
  get overruling(): ContextCancelled | undefined {
    const {cancelled} = this.scope;
    const {synced, started} = this.link.dialog;
    return cancelled && (cancelled.reason === 'deadline' || (synced && !started)) ? cancelled : undefined;
  }

  /**
   * The function threw. Returns a promise when the Error leaves later: that of a stream comes behind the values which the stream
   * gave before it (rule S5). A cancel cuts this wait short.
   */
  threw(error: unknown): Promise<void> | undefined {
    const outlet = this.link.stream?.outlet;
    const isBehind = !this.link.dialog.synced && outlet && outlet.queuedBytes > 0;
    return isBehind ? outlet.flushed().then(() => this.#sendError(error)) : this.#sendError(error);
  }

  /**
   * When the function let its cancellation through, the caller is told of a cancellation. So it is after a deadline, with the
   * error attached.
   */
  #sendError(error: unknown): undefined {
    const why = this.scope.cancelled;
    const isLate = why?.reason === 'deadline';
    const cancelled = why !== undefined && (isLate || isCancellation(error, why));
    if (isLate && !isCancellation(error, why)) suppress(why, error);
    const told = cancelled ? why : error;
    const send = (): void => this.link.sendError(told, {settled: true, cancelled});
    this.link.act('threw', send, {kind: 'failed', error: told});
  }

  /** The function cancels itself. */
  cancelSelf(cause: unknown): void {
    const {self} = this.link.channel;
    const text = `${this.name} cancelled itself`;
    this.scope.cancel(new ContextCancelled(text, {canceller: self, reason: 'requested', cause, actor: self}));
  }

  /** Only the caller is told of `started`. */
  started(): void {}

  /** An Error of the caller. */
  outcomeOf(_kind: Kind, payload: unknown): Outcome {
    const [boxed] = payload as Partial<ErrorPayload>;
    return {kind: 'failed', error: unboxError(boxed as ErrorPayload[0])};
  }

  lostBy(error: ActorError): ActorError {
    return error;
  }

  /** A source that the caller was sending has failed. */
  streamError(boxed: BoxedError): unknown {
    return unboxError(boxed);
  }

  /** The function is told by `abort`, and its own outcome it knows. */
  concluded(_outcome: Outcome): void {}

  abort(cancel: Uint8Array | undefined): void {
    this.scope.cancel(cancel ? this.#cancelledError(cancel) : this.#contextFailedError());
  }

  /** Only the caller waits for the end of the other function. */
  ended(): void {}

  #sendReturn(bytes: Uint8Array, value: unknown): undefined {
    const {link} = this;
    link.stream?.interrupt();
    link.act('returned', () => link.channel.send(Kind.Return, link.id, link.lastSent, bytes), {
      kind: 'returned',
      value,
    });
  }

  /** @throws ProtocolError for a Cancel that does not name the canceller */
  #cancelledError(payload: Uint8Array): ContextCancelled {
    const {codec, self} = this.link.channel;
    const {reason, cause, canceller, budget} = decodeCancel(codec, payload, 'a cancel');
    this.scope.budget = budget;
    const text = `${this.name} was cancelled by ${formatActor(canceller)} (${textOf(reason)})`;
    return new ContextCancelled(text, {canceller, reason, cause, actor: self});
  }

  #contextFailedError(): ContextCancelled {
    const {outcome, channel} = this.link;
    return new ContextCancelled(`${this.name} was cancelled because its context failed`, {
      canceller: channel.peer,
      reason: 'peer',
      cause: outcome?.kind === 'failed' ? outcome.error : undefined,
      actor: channel.self,
    });
  }
}

/** Whether an error is a cancellation that a function let through: one of ours, or what an aborted signal throws. */
export function isCancellation(error: unknown, why: ContextCancelled): boolean {
  if (error === why || error instanceof ContextCancelled) return true;
  return isError(error) && readProperty(error, 'name') === 'AbortError';
}
