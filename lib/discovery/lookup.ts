/**
 * How users find actors: by name, all of them, as they come and go, or by an address.
 * Floor 6: above `names`, which knows who is there, and `found`, which leads there.
 */
import {AsyncLocalStorage} from 'node:async_hooks';
import type {Observable} from 'rxjs';
import {onAbort} from '../base/abort.js';
import type {ActorId} from '../base/actor-id.js';
import {Answer} from '../base/answer.js';
import {type Current, current} from '../base/current.js';
import {ContextCancelled, HandshakeRejected, TransportClosed} from '../base/errors.js';
import type {Scope} from '../base/scope.js';
import {rxjs} from '../context/rx/rxjs.js';
import {parseAddress} from '../transport/address.js';
import type {TlsOptions} from '../transport/tls.js';
import {type FoundPortal, portalNearby, portalOver} from './found.js';
import {type Names, namesHere} from './names.js';
import type {ActorEvent, Entry} from './registrar.js';
import {secretOf} from './secret.js';

/** Options of `waitForActor`. */
export interface WaitOptions {
  /** Aborting it ends the wait. */
  readonly signal?: AbortSignal;
}

/** Options of `connect`. */
export interface ConnectOptions extends WaitOptions {
  /** What both sides know, at least 16 bytes. Default: the one of this program. */
  readonly secret?: Uint8Array | string;
  readonly tls?: TlsOptions;
  /** Milliseconds in all: `timeouts.handshake`, 3 000. */
  readonly timeout?: number;
}

/**
 * The actor of a name that was started last and lives, or undefined.
 *
 * Rejects with NoRuntime outside a runtime, TransportClosed while the registrar of another program cannot be reached,
 * HandshakeRejected or TransportClosed when the actor is there and cannot be reached.
 */
export function findActor(name: string): Promise<FoundPortal | undefined> {
  return here('findActor()', names => find(names, name));
}

/** The same, but that it waits until there is one. Rejects with ContextCancelled when the signal or the scope ends the wait. */
export function waitForActor(name: string, options: WaitOptions = {}): Promise<FoundPortal> {
  return here('waitForActor()', (names, scope) => waitFor(names, scope, name, options.signal));
}

/** Every actor that can be found, in the order of their start, this one and the root included. */
export function listActors(): Promise<ActorId[]> {
  return here('listActors()', names => names.list());
}

/**
 * Cold: those that are there (`present`), then each that comes, ends, falls silent or speaks again. Never completes. Its
 * scope unsubscribes it; cancelled, it errors with ContextCancelled. It errors with TransportClosed when the registrar of
 * another program is lost: subscribed again once that is reached, it begins anew with those that are there.
 */
export function watchActors(): Observable<ActorEvent> {
  const {Observable: RxObservable} = rxjs();
  return new RxObservable<ActorEvent>(subscriber => {
    const names = namesHere('watchActors()');
    const {scope} = current() as Current;
    scope.check();
    // Events come from wherever something happens: the subscriber is called in the async context of its subscription.
    const here = AsyncLocalStorage.snapshot();
    const fail = (error: unknown): void => here(() => subscriber.error(error));
    const leave = async (): Promise<void> => subscriber.unsubscribe();
    subscriber.add(scope.adopt({label: 'watchActors()', finish: leave, end: leave}));
    subscriber.add(scope.onCancel(fail));
    subscriber.add(names.watch(event => here(() => subscriber.next(event)), fail));
  });
}

/**
 * Connects to the actor at an address, `unix:/path`, `tcp://host:port` or `tls://host:port`, of this program or another.
 *
 * Rejects with HandshakeRejected when either side does not accept the other, TransportClosed when nobody is there,
 * TypeError for an address that is none or is refused, ContextCancelled by the signal.
 */
export function connect(address: string, options: ConnectOptions = {}): Promise<FoundPortal> {
  return here('connect()', async names => {
    const links = await names.links();
    const {secret, tls, signal, timeout = names.actor.tree.timeouts.handshake} = options;
    const held = await links.connect(parseAddress(address), {
      timeout,
      ...(secret !== undefined && {secret: secretOf(secret)}),
      ...(tls && {tls}),
      ...(signal && {signal}),
    });
    return held ? portalOver(names.actor, held) : ((await portalNearby(names, names.actor.id.id)) as FoundPortal);
  });
}

/** The addresses at which this actor is reached: it listens from now on. */
export function addresses(): Promise<string[]> {
  return here('addresses()', async names => (await names.links()).addresses());
}

function here<T>(what: string, work: (names: Names, scope: Scope) => Promise<T>): Promise<T> {
  const scope = current()?.scope;
  return Answer.from(
    scope,
    (async () => {
      const names = namesHere(what);
      const own = scope as Scope;
      own.check();
      return own.orCancelled(work(names, own));
    })(),
  );
}

async function find(names: Names, name: string): Promise<FoundPortal | undefined> {
  if (typeof name !== 'string') throw new TypeError('an actor is looked for by its name, a text');
  let unreachable: unknown;
  for (const entry of await names.find(name)) {
    try {
      const portal = await reach(names, entry);
      if (portal) return portal;
    } catch (error) {
      // It may have ended in this moment; one before it may live.
      if (!(error instanceof TransportClosed || error instanceof HandshakeRejected)) throw error;
      unreachable ??= error;
    }
  }
  if (unreachable) throw unreachable;
  return undefined;
}

/** Undefined when it has ended. */
async function reach(names: Names, {actor}: Entry): Promise<FoundPortal | undefined> {
  const near = await portalNearby(names, actor.id);
  if (near) return near;
  const links = await names.links();
  let asked: 'gone' | 'silent' | 'there' | undefined;
  try {
    const held = await links.hold(actor.id, async () => {
      asked = 'silent';
      const found = await names.addressesOf(actor.id);
      asked = found.length > 0 ? 'there' : 'gone';
      return found;
    });
    return portalOver(names.actor, held);
  } catch (error) {
    // It was there when it was asked, and may have ended since: it is asked again.
    if (asked === 'gone') return undefined;
    if (asked !== 'silent' && (await names.addressesOf(actor.id)).length === 0) return undefined;
    throw error;
  }
}

function waitFor(names: Names, scope: Scope, name: string, signal: AbortSignal | undefined): Promise<FoundPortal> {
  return new Promise((resolve, reject) => {
    let looking = false;
    let again = false;
    let over = false;
    const stops: (() => void)[] = [];
    const end = (settle: () => void): void => {
      if (over) return;
      over = true;
      for (const stop of stops) stop();
      settle();
    };
    const failed = (error: unknown): void => end(() => reject(error));
    const look = async (): Promise<void> => {
      again = looking;
      if (looking) return;
      looking = true;
      try {
        const portal = await find(names, name);
        if (portal && over) await portal[Symbol.asyncDispose]();
        else if (portal) end(() => resolve(portal));
      } catch (error) {
        failed(error);
      }
      looking = false;
      if (again && !over) void look();
    };
    stops.push(
      onAbort(signal, cause =>
        failed(
          new ContextCancelled(`the wait for actor ${name} was cancelled`, {
            canceller: names.actor.id,
            reason: 'requested',
            cause,
          }),
        ),
      ),
      scope.onCancel(failed),
    );
    if (over) return;
    // What is found belongs to the scope that waits, and not to the one in which something happened.
    const here = AsyncLocalStorage.snapshot();
    const seen = (event: ActorEvent): void => {
      if (event.actor.name === name && (event.type === 'registered' || event.type === 'present')) here(look);
    };
    stops.push(names.watch(seen, failed));
    if (over) for (const stop of stops) stop();
  });
}
