/**
 * The end whose function was called: gives it its stream, tells it to end, and sends what it returned or threw.
 * Floor 4: above `end`; `dispatch` runs the function. No RxJS.
 */
import {type ActorId, formatActor} from '../../base/actor-id.js';
import {isThenable} from '../../base/answer.js';
import {type CancelReason, ContextCancelled, ProtocolError} from '../../base/errors.js';
import type {Scope} from '../../base/scope.js';
import type {Channel} from '../../channel/channel.js';
import {unboxError} from '../../msg/boxed-error.js';
import {parse, parseNow, type Schemas} from '../../msg/schema.js';
import {
  actorFromTuple,
  type CancelPayload,
  type ErrorPayload,
  type FunctionKind,
  Kind,
  type Message,
} from '../../msg/types.js';
import type {Flow} from '../flow/options.js';
import {End, type StreamSchema, streamSchema} from './end.js';
import type {Outcome} from './link.js';

export class Callee extends End {
  readonly scope: Scope;
  /** For messages: how the function is called. */
  readonly name: string;
  protected readonly sends: StreamSchema | undefined;
  protected readonly receives: StreamSchema | undefined;
  readonly #schemas: Schemas | undefined;
  /** What the caller set for this call; its window came with the Start, as the first credit. */
  readonly flow: Flow;

  constructor(
    channel: Channel,
    options: {
      id: number;
      kind: FunctionKind;
      name: string;
      scope: Scope;
      flow: Flow;
      /** The bytes of the first credit, where it came with the Start. */
      granted: number;
      schemas?: Schemas | undefined;
    },
  ) {
    super(channel, options.id, 'callee', options.kind === 'context');
    this.scope = options.scope;
    this.name = options.name;
    this.flow = options.flow;
    this.#schemas = options.schemas;
    this.sends = streamSchema('out', options.schemas);
    this.receives = streamSchema('in', options.schemas);
    if (options.granted > 0) this.makeOutlet(this.flow).grant(this.flow.window, options.granted);
    // Whoever cancels the function (its caller, its deadline, its actor, itself) ends what it awaits of its stream.
    if (options.kind !== 'task') {
      this.scope.onCancel(why => {
        this.outlet?.cut(why);
        this.inlet?.finish({error: why});
      });
    }
  }

  get peer(): ActorId {
    return this.channel.peer as ActorId;
  }

  /**
   * The sync point.
   *
   * @throws ProtocolError the second time, Unserializable when the value cannot cross, MessageTypeError when it does not
   * fit its schema
   */
  started(value: unknown): void {
    const schema = this.#schemas?.started;
    if (schema) parseNow(schema, value, {part: 'started', name: this.name});
    const bytes = this.channel.codec.encode(value, 'started');
    this.act('started', () => this.channel.send(Kind.Started, this.id, 0, bytes));
  }

  /**
   * The function returned. A promise is given where its schema is asynchronous, and where what it pushed has to leave
   * first. A result that cannot cross, or does not fit, is a failure of the function.
   */
  returned(value: unknown): Promise<void> | undefined {
    const {synced, started} = this.dialog;
    // It absorbed its cancellation: before `started` there is no result to keep, and that it is missing is no mistake.
    if (synced && !started && this.scope.cancelled) {
      this.threw(this.scope.cancelled);
      return undefined;
    }
    let bytes: Uint8Array;
    let checked: unknown;
    try {
      bytes = this.channel.codec.encode(value, 'result');
      const schema = this.#schemas?.result;
      checked = schema && parse(schema, value, {part: 'result', name: this.name});
    } catch (error) {
      this.threw(error);
      return undefined;
    }
    const waits: PromiseLike<unknown> | undefined = isThenable(checked) ? checked : this.outlet?.flushed();
    if (!waits) {
      this.#sendReturn(bytes, value);
      return undefined;
    }
    return this.#returnAfter(waits, bytes, value);
  }

  async #returnAfter(checked: PromiseLike<unknown>, bytes: Uint8Array, value: unknown): Promise<void> {
    try {
      await checked;
    } catch (error) {
      this.threw(error);
      return;
    }
    await this.outlet?.flushed();
    // A cancel may have come meanwhile.
    if (this.scope.cancelled) this.threw(this.scope.cancelled);
    else this.#sendReturn(bytes, value);
  }

  /** The function threw. A cancellation that it let through is told as one. */
  threw(error: unknown): void {
    const why = this.scope.cancelled;
    const cancelled = why !== undefined && isCancellation(error, why);
    const told = cancelled ? why : error;
    this.act('threw', () => this.sendError(told, {settled: true, cancelled}), {kind: 'failed', error: told});
  }

  /** The function cancels itself. */
  cancelSelf(cause: unknown): void {
    this.scope.cancel(
      new ContextCancelled(`${this.name} cancelled itself`, {
        canceller: this.channel.self,
        reason: 'requested',
        cause,
        actor: this.channel.self,
      }),
    );
  }

  protected override readOutcome(message: Message): Outcome {
    this.checkLast(message);
    const [boxed] = this.readList(message) as Partial<ErrorPayload>;
    return {kind: 'failed', error: unboxError(boxed as ErrorPayload[0])};
  }

  /** Every way in which the function is told to end: a cancel, an error of the caller, the end of the channel, its own. */
  protected override abort(message: Message | undefined): void {
    const why = message?.kind === Kind.Cancel ? this.#readCancel(message) : this.#failedContext();
    this.scope.cancel(why);
  }

  #sendReturn(bytes: Uint8Array, value: unknown): void {
    this.act('returned', () => this.channel.send(Kind.Return, this.id, this.lastSent, bytes), {
      kind: 'returned',
      value,
    });
  }

  #readCancel(message: Message): ContextCancelled {
    const [reason, cause, tuple, budget] = this.readList(message) as Partial<CancelPayload>;
    const canceller = actorFromTuple(tuple);
    if (!canceller || typeof budget !== 'number')
      throw new ProtocolError('a cancel arrived that does not say who asked');
    this.scope.budget = budget;
    return new ContextCancelled(`${this.name} was cancelled by ${formatActor(canceller)} (${String(reason)})`, {
      canceller,
      reason: reason as CancelReason,
      cause,
      actor: this.channel.self,
    });
  }

  #failedContext(): ContextCancelled {
    const error = this.outcome?.kind === 'failed' ? this.outcome.error : undefined;
    return new ContextCancelled(`${this.name} was cancelled because its context failed`, {
      canceller: this.channel.peer,
      reason: 'peer',
      cause: error,
      actor: this.channel.self,
    });
  }
}

/** Whether an error is a cancellation that a function let through: ours, or what an aborted signal throws. */
export function isCancellation(error: unknown, why: ContextCancelled): boolean {
  if (error === why || error instanceof ContextCancelled) return true;
  return error instanceof Error && error.name === 'AbortError';
}
