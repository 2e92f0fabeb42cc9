/**
 * Two actors in this process, joined by the in-memory transport: whatever a spec calls runs on the far one.
 * Below the specs of contexts and streams. Every call takes a function of the test's own, closures and all.
 */
import type {Observable, ObservableInput} from 'rxjs';
import {Actor} from '../../lib/actor/actor.js';
import type {CallLimits} from '../../lib/actor/admission.js';
import type {CallOptions} from '../../lib/actor/call-options.js';
import {modulesOf} from '../../lib/actor/exposed.js';
import {context, operator, stream, task} from '../../lib/actor/markers.js';
import {Peer} from '../../lib/actor/peer.js';
import {makePortal, type Portal} from '../../lib/actor/portal.js';
import {defaultTimeouts} from '../../lib/actor/tree-options.js';
import {newActorId} from '../../lib/base/actor-id.js';
// Loaded by the library with the first stream: that takes time, and `until` counts turns.
import '../../lib/context/rx/run.js';
import type {CalleeContext} from '../../lib/context/rx/callee-context.js';
import type {Context} from '../../lib/context/rx/context.js';
import type {RemoteStream} from '../../lib/context/rx/remote-stream.js';
import {messagePack} from '../../lib/msg/codec.js';
import {type Frame, maxFrameBytes, readFrame} from '../../lib/msg/frame.js';
import {Kind} from '../../lib/msg/types.js';
import {FrameSplitter} from '../../lib/transport/framing.js';
import {memoryPair} from '../../lib/transport/memory.js';
import type {Transport} from '../../lib/transport/transport.js';

// Two of each: what a caller receives and sends is typed by the test.
// biome-ignore lint/suspicious/noExplicitAny: each test gives its own types
type Any = any;
const functions = new Map<string, (...args: Any[]) => unknown>();
const at = (name: string): {module: string; name: string} => ({module: import.meta.url, name});
const call = (key: string, ...args: unknown[]): Any => (functions.get(key) as (...args: unknown[]) => unknown)(...args);

export const anyTask = task((key: string, ...args: unknown[]): unknown => call(key, ...args), at('anyTask'));
export const anyStream = stream((key: string): ObservableInput<Any> => call(key), at('anyStream'));
export const anyOperator = operator(
  (source: RemoteStream<Any>, key: string): ObservableInput<Any> => call(key, source),
  at('anyOperator'),
);
export const anyContext = context(
  (ctx: CalleeContext<Any, Any, Any>, key: string): unknown => call(key, ctx),
  at('anyContext'),
);

export const anyFunctions = [anyTask, anyStream, anyOperator, anyContext];

export type Callee = CalleeContext<Any, Any, Any>;
export type Caller = Context<Any, Any, Any, Any>;

/** Sees every frame of a context twice: as its sender writes it, and as it comes to its receiver. */
export type Tap = (from: 'near' | 'far', at: 'written' | 'arrived', frame: Frame) => void;

export class Pair {
  readonly near: Peer;
  readonly far: Peer;
  readonly #taps: Tap[] = [];
  /** Every message, as `→ Start`, in the order of arrival. */
  readonly wire: string[] = [];
  readonly #portal: Portal;
  readonly #transport: Transport;

  constructor(limits?: CallLimits) {
    const [nearTransport, farTransport] = memoryPair({maxFrameBytes});
    this.#transport = nearTransport;
    this.near = new Peer(newActor('near', limits), this.#tapped(nearTransport, '←'), 'accepted', {});
    this.far = new Peer(newActor('far', limits), this.#tapped(farTransport, '→'), 'connected', {});
    this.#portal = makePortal(this.near, {
      scope: this.near.actor.scope,
      ended: new Promise(() => {}),
      cancelActor: async () => false,
    });
  }

  with(options: CallOptions): Calls {
    return new Calls(this.#portal.with(options));
  }

  /** Lets somebody listen at the wire. */
  tap(tap: Tap): void {
    this.#taps.push(tap);
  }

  /** Ends the connection between the two. */
  cut(): void {
    this.#transport.destroy();
  }

  /** Contexts that are still known at both ends. */
  get open(): number {
    return this.near.channel.size + this.far.channel.size;
  }

  /** Waits until no context is left. */
  async quiet(): Promise<void> {
    await until(
      () => this.open === 0,
      () => `${this.open} ends of contexts are left: ${this.wire.join(', ')}`,
    );
    const {near, far} = this;
    await until(
      () => near.channel.windows.used + far.channel.windows.used === 0,
      () => `windows hold ${near.channel.windows.used} and ${far.channel.windows.used} bytes, and no context is open`,
    );
  }

  #tapped(transport: Transport, arrow: string): Transport {
    const wire = this.wire;
    return {
      open: sink =>
        transport.open({
          frame: bytes => {
            const frame = readFrame(bytes);
            if (frame.context > 0) wire.push(`${arrow} ${names[frame.kind]}`);
            this.#tell(arrow === '→' ? 'near' : 'far', 'arrived', frame);
            sink.frame(bytes);
            // The bytes of a frame are lent: whoever keeps them would find this.
            bytes.fill(0xc1);
          },
          drained: () => sink.drained(),
          ended: ending => sink.ended(ending),
        }),
      write: chunks => {
        if (this.#taps.length > 0) {
          // A write holds whole frames.
          const splitter = new FrameSplitter(maxFrameBytes);
          const from = arrow === '→' ? 'far' : 'near';
          for (const chunk of chunks) splitter.feed(chunk, bytes => this.#tell(from, 'written', readFrame(bytes)));
        }
        return transport.write(chunks);
      },
      close: () => transport.close(),
      destroy: ending => transport.destroy(ending),
      keepAlive: on => transport.keepAlive(on),
      drainSync: ms => transport.drainSync(ms),
    };
  }

  #tell(from: 'near' | 'far', at: 'written' | 'arrived', frame: Frame): void {
    if (frame.context > 0) for (const tap of this.#taps) tap(from, at, frame);
  }
}

const names = Object.fromEntries(Object.entries(Kind).map(([name, kind]) => [kind, name]));

/** The calls of a portal, with a function of the test's own instead of one that another process could find. */
class Calls {
  readonly #portal: Portal;

  constructor(portal: Portal) {
    this.#portal = portal;
  }

  run(fn: (...args: Any[]) => unknown, ...args: unknown[]): Promise<Any> {
    return this.#portal.run(anyTask, keep(fn), ...args);
  }

  openContext(fn: (ctx: Callee) => unknown): Promise<Caller> {
    return this.#portal.openContext(anyContext, keep(fn)) as Promise<Caller>;
  }

  context(fn: (ctx: Callee) => unknown): Observable<Caller> {
    return this.#portal.context(anyContext, keep(fn)) as Observable<Caller>;
  }

  stream(fn: () => unknown): RemoteStream<Any> {
    return this.#portal.stream(anyStream, keep(fn));
  }

  operator(fn: (source: RemoteStream<Any>) => unknown): (source: ObservableInput<Any>) => RemoteStream<Any> {
    return this.#portal.operator(anyOperator, keep(fn));
  }
}

/** The same calls through any portal to an actor that exposes `anyFunctions`. */
export function callsOf(portal: Portal): Calls {
  return new Calls(portal);
}

let kept = 0;
function keep(fn: (...args: Any[]) => unknown): string {
  const key = `f${kept++}`;
  functions.set(key, fn);
  return key;
}

export function newActor(name: string, limits?: CallLimits): Actor {
  return new Actor({
    id: newActorId(name),
    root: name === 'near',
    codec: messagePack,
    ...(limits && {limits}),
    // A cancel is obeyed in turns of the loop; on a busy machine these may take longer than a user would wait.
    tree: {treeId: 'pair', depth: 0, logLevel: 'silent', timeouts: {...defaultTimeouts, exit: 30_000}},
  });
}

/** A connected pair. */
export async function newPair(limits?: CallLimits): Promise<Pair> {
  const pair = new Pair(limits);
  await pair.far.actor.exposed.load(modulesOf(anyFunctions));
  await until(() => pair.near.channel.peer !== undefined && pair.far.channel.peer !== undefined);
  return pair;
}

export const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

/** Enough turns for anything that is on its way to arrive. */
export async function turns(count = 12): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

/** Turns until something holds. No time is measured: what never comes shows after many turns. */
export async function until(holds: () => boolean, otherwise = (): string => 'it never came'): Promise<void> {
  for (let i = 0; i < 5_000; i++) {
    if (holds()) return;
    await turn();
  }
  throw new Error(otherwise());
}
