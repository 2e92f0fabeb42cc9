/**
 * The short way of the caller: the call of a task that is answered with a value needs nothing but its id and whom to tell.
 * Floor 4, room `protocol`: above `caller`, which is the general way. `portal` calls `openTask`.
 *
 * This is an optimisation, and can be deleted: `openTask` would always make a Caller. At everything but a Return (an error, a
 * cancel, the end of the scope or of the channel, a look at what is open) a Caller takes the place of the plain call, as if it had
 * been there from the start. With 256 calls in flight the general way takes 1.6 times the CPU of the caller, and with one 1.1 times.
 */
import type {Frames} from '../../base/call-frames.js';
import {hasCarriers} from '../../base/carry.js';
import {type ActorError, type ContextCancelled, MessageTypeError} from '../../base/errors.js';
import {callEvents} from '../../base/events.js';
import type {Dependent} from '../../base/scope.js';
import type {Channel, Endpoint} from '../../channel/channel.js';
import {valueIn} from '../../msg/codec.js';
import {Kind, type Message} from '../../msg/types.js';
import {type Call, checkMayBegin, describeCall, encodeStart, framesOfCall} from './call.js';
import {Caller} from './caller.js';
import type {Link} from './link.js';

/** Calls a task. @throws as the constructor of Caller */
export function openTask(
  channel: Channel,
  call: Call,
  resolve: (value: unknown) => void,
  reject: (error: unknown) => void,
): void {
  if (isPlain(call)) new PlainCall(channel, call, resolve, reject);
  else tell(new Caller(channel, call), resolve, reject);
}

/** Whether the call has no options that would have to be watched, nothing travels with it, and nobody listens. */
function isPlain({signal, timeout, schemas}: Call): boolean {
  if (signal !== undefined || timeout !== undefined || schemas !== undefined) return false;
  return !callEvents.hasSubscribers && !hasCarriers();
}

function tell(caller: Caller, resolve: (value: unknown) => void, reject: (error: unknown) => void): void {
  caller.onOutcome(outcome => (outcome.kind === 'returned' ? resolve(outcome.value) : reject(outcome.error)));
}

class PlainCall implements Endpoint, Dependent {
  readonly #channel: Channel;
  readonly #id: number;
  readonly #call: Call;
  readonly #site: Frames | undefined;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: unknown) => void;
  readonly #leaveScope: () => void;
  #caller: Caller | undefined;

  constructor(channel: Channel, call: Call, resolve: (value: unknown) => void, reject: (error: unknown) => void) {
    checkMayBegin(channel, call);
    const {payload} = encodeStart(channel, call);
    this.#channel = channel;
    this.#id = channel.newId();
    this.#call = call;
    this.#resolve = resolve;
    this.#reject = reject;
    channel.attach(this.#id, this);
    this.#site = typeof call.from === 'object' ? call.from : framesOfCall(call.from, channel.size);
    this.#leaveScope = call.scope.adopt(this);
    channel.send(Kind.Start, this.#id, 0, payload);
  }

  receive(message: Message): void {
    if (message.kind !== Kind.Return || message.seq !== 0) return this.#general.link.receive(message);
    this.#call.understood?.();
    let value: unknown;
    try {
      value = valueIn(this.#channel.codec, message);
    } catch (error) {
      if (!(error instanceof MessageTypeError)) throw error;
      this.#end();
      return this.#reject(error);
    }
    this.#end();
    this.#resolve(value);
  }

  channelEnded(error: ActorError): void {
    this.link.channelEnded(error);
  }

  /** For explanations of a long wait. */
  get label(): string {
    return this.#caller?.label ?? describeCall(this.#channel, this.#call);
  }

  finish(): Promise<void> {
    return this.#general.finish();
  }

  end(why: ContextCancelled): Promise<void> {
    return this.#general.end(why);
  }

  /** The Caller hears of the cancellation when it is made. */
  cancelled(): void {
    void this.#general;
  }

  /** For a look at what is open. */
  get link(): Link {
    return this.#general.link;
  }

  #end(): void {
    this.#leaveScope();
    this.#channel.detach(this.#id);
  }

  get #general(): Caller {
    if (!this.#caller) {
      const begun = {id: this.#id, site: this.#site, leaveScope: this.#leaveScope};
      this.#caller = new Caller(this.#channel, this.#call, begun);
      tell(this.#caller, this.#resolve, this.#reject);
    }
    return this.#caller;
  }
}
