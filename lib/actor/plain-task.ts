/**
 * The short way of the callee: a task that returns a value, and in whose scope nothing happens, needs neither a scope nor a Callee.
 * Floor 5: beside `conclude`, which is the general way from the first unusual event on; `dispatch` makes one for a call.
 *
 * This is an optimisation, and can be deleted with its one use in `dispatch`. The scope is made when somebody asks for it: the
 * function, by a call or by `currentSignal()`. A Callee takes the place of the plain task at a message of the caller, at an error,
 * at the end of the channel and at a look at what is open, as if it had been there from the start. With 256 calls in flight the
 * general way takes 1.7 times the CPU of the callee, and with one 1.1 times.
 */
import type {ActorId} from '../base/actor-id.js';
import {type Current, type RunningTask, runWith} from '../base/current.js';
import type {ActorError} from '../base/errors.js';
import {isThenable, whenSettled} from '../base/foreign.js';
import {Scope} from '../base/scope.js';
import type {Endpoint} from '../channel/channel.js';
import {flowOf} from '../context/flow/options.js';
import {Callee} from '../context/protocol/callee.js';
import type {Link} from '../context/protocol/link.js';
import {contextUid} from '../context/protocol/uid.js';
import {Kind, type Message} from '../msg/types.js';
import type {Actor} from './actor.js';
import {type CallingPeer, conclude, refuse} from './conclude.js';
import type {ExposedFunction} from './exposed.js';

export class PlainTask implements Endpoint, Current, RunningTask {
  readonly actor: ActorId;
  readonly root: boolean;
  readonly runtime: Actor;
  readonly task: RunningTask = this;
  readonly #peer: CallingPeer;
  readonly #found: ExposedFunction;
  readonly #id: number;
  #scope: Scope | undefined;
  #callee: Callee | undefined;
  #isOver = false;

  constructor(runtime: Actor, peer: CallingPeer, found: ExposedFunction, id: number) {
    this.actor = runtime.id;
    this.root = runtime.root;
    this.runtime = runtime;
    this.#peer = peer;
    this.#found = found;
    this.#id = id;
    peer.channel.attach(id, this);
  }

  run(args: readonly unknown[]): void {
    const running = runWith(this, () => this.#execute(args));
    if (running) this.runtime.track(running);
  }

  get name(): string {
    return this.#found.name;
  }

  get peer(): ActorId {
    return this.#peer.channel.peer as ActorId;
  }

  get uid(): string {
    return contextUid(this.#peer.channel, this.#id, 'callee');
  }

  get scope(): Scope {
    if (!this.#scope) {
      this.#scope = new Scope(`${this.#found.name} in ${this.actor.name}`, this.runtime.scope);
      // The code of the function goes on behind its end, and must not open anything.
      if (this.#isOver) this.#scope.settle();
    }
    return this.#scope;
  }

  /** For a look at what is open. */
  get link(): Link {
    return this.#general.link;
  }

  receive(message: Message): void {
    this.link.receive(message);
  }

  channelEnded(error: ActorError): void {
    this.link.channelEnded(error);
  }

  #execute(args: readonly unknown[]): Promise<void> | undefined {
    let value: unknown;
    try {
      value = this.#found.fn(...(args as never[]));
    } catch (error) {
      return this.#threw(error);
    }
    if (!isThenable(value)) return this.#returned(value);
    return whenSettled(
      value,
      settled => this.#returned(settled),
      error => this.#threw(error),
    );
  }

  #threw(error: unknown): Promise<void> | undefined {
    return conclude(this.#peer, this.#general, {error});
  }

  #returned(value: unknown): Promise<void> | undefined {
    if (!this.#isPlain) return conclude(this.#peer, this.#general, {value});
    const {channel, admission} = this.#peer;
    let bytes: Uint8Array;
    try {
      bytes = channel.codec.encode(value, 'result', this.#found.name);
    } catch (error) {
      return refuse(this.#peer, this.#general, error);
    }
    channel.send(Kind.Return, this.#id, 0, bytes);
    channel.detach(this.#id);
    this.#isOver = true;
    this.#scope?.settle();
    admission.settled(false);
    return undefined;
  }

  /** Whether nothing has happened that a result does not just follow. */
  get #isPlain(): boolean {
    if (this.#callee || this.runtime.scope.cancelled) return false;
    const scope = this.#scope;
    return !scope || !(scope.isAwaited || scope.cancelled || scope.failures.length > 0);
  }

  get #general(): Callee {
    this.#callee ??= new Callee(this.#peer.channel, {
      id: this.#id,
      kind: 'task',
      name: this.#found.name,
      scope: this.scope,
      flow: flowOf({}),
      granted: 0,
    });
    return this.#callee;
  }
}
