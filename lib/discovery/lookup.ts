/**
 * The functions with which users find actors: by name, by an address, all of them, and as they come and go.
 * Floor 6: above `names`, which knows the actors, and `found-portal`, which makes the portals.
 */
import type {Observable} from 'rxjs';
import {onAbort} from '../base/abort.js';
import type {ActorId} from '../base/actor-id.js';
import {Answer} from '../base/answer.js';
import {type Current, current} from '../base/current.js';
import {ContextCancelled, HandshakeRejected, TransportClosed} from '../base/errors.js';
import type {Scope} from '../base/scope.js';
import {inPlace, observerInPlace} from '../context/rx/in-place.js';
import {rxjs} from '../context/rx/rxjs.js';
import {parseAddress} from '../transport/address.js';
import type {TlsOptions} from '../transport/tls.js';
import {type FoundPortal, portalNearby, portalOver} from './found-portal.js';
import {type Names, namesHere} from './names.js';
import type {ActorEvent, Registration} from './registrar.js';
import {secretOf} from './secret.js';

/** Options of `waitForActor`. */
export interface WaitOptions {
  /** Aborting it ends the wait: the promise rejects with `ContextCancelled`. Default: none. */
  readonly signal?: AbortSignal;
}

/** Options of `connect`. */
export interface ConnectOptions extends WaitOptions {
  /** The secret that both programs share, at least 16 bytes. Default: the secret of this program. */
  readonly secret?: Uint8Array | string;
  /** The certificates of this side; for a `tls:` address only. Default: those of this program. */
  readonly tls?: TlsOptions;
  /** Timeout in ms for everything, all attempts included. Default: `timeouts.handshake`, which is 3 000. */
  readonly timeout?: number;
}

/**
 * Finds an actor by its name, at once. When several actors have the name, it is the one that was started last and lives.
 * Undefined when there is none.
 *
 * Rejects with `NoRuntime` outside a runtime, with `TransportClosed` while the registrar of another program cannot be reached, and
 * with `HandshakeRejected` or `TransportClosed` when the actor is on the list and cannot be reached.
 *
 * @example
 * ```ts
 * const prices = await findActor('prices');
 * if (prices) console.log(await prices.run(price, 'apples'));
 * else console.log('no actor has that name');
 * ```
 */
export function findActor(name: string): Promise<FoundPortal | undefined> {
  return inRuntime('findActor()', names => find(names, name));
}

/**
 * Finds an actor by its name as `findActor` does, but waits until there is one.
 *
 * Rejects as `findActor`, and with `ContextCancelled` when the signal aborts or the scope is cancelled.
 *
 * @example
 * ```ts
 * const prices = await waitForActor('prices', {signal: AbortSignal.timeout(5_000)});
 * console.log(await prices.run(price, 'apples'));
 * ```
 */
export function waitForActor(name: string, options: WaitOptions = {}): Promise<FoundPortal> {
  return inRuntime('waitForActor()', (names, scope) => waitFor(names, scope, name, options.signal));
}

/**
 * Lists every actor that can be found, in the order of their start. This actor and the root are on the list too.
 *
 * Rejects with `NoRuntime` outside a runtime, and with `TransportClosed` while the registrar of another program cannot be reached.
 *
 * @example
 * ```ts
 * for (const {name, id, pid, host} of await listActors()) console.log(name, id, pid, host);
 * ```
 */
export function listActors(): Promise<ActorId[]> {
  return inRuntime('listActors()', names => names.list());
}

/**
 * Watches the actors come and go. It emits the actors that are there (`present`), then an event whenever an actor is started,
 * ends, falls silent or is heard again.
 *
 * The Observable is cold and never completes. The end of the scope in which it was subscribed unsubscribes it. It errors with
 * `NoRuntime` outside a runtime, with `ContextCancelled` when its scope is cancelled, and with `TransportClosed` when the registrar
 * of another program is lost. When you subscribe again after that, it begins again with the actors that are there.
 *
 * @example
 * ```ts
 * const watching = watchActors().subscribe(({type, actor}) => console.log(type, actor.name));
 * await nursery.startActor('guest');
 * watching.unsubscribe();
 * ```
 */
export function watchActors(): Observable<ActorEvent> {
  const {Observable: RxObservable} = rxjs();
  return new RxObservable<ActorEvent>(subscriber => {
    const names = namesHere('watchActors()');
    const {scope} = current() as Current;
    scope.check();
    const {next, error: fail} = observerInPlace(subscriber);
    const leave = async (): Promise<void> => subscriber.unsubscribe();
    subscriber.add(scope.adopt({label: 'watchActors()', finish: leave, end: leave}));
    subscriber.add(scope.onCancel(fail));
    subscriber.add(names.watch(next, fail));
  });
}

/**
 * Connects to the actor at an address, of this program or of another one: `unix:/path`, `tcp://host:port` or `tls://host:port`.
 *
 * Rejects with `NoRuntime` outside a runtime, with `TypeError` for a text that is not an address or an address that is refused,
 * with `HandshakeRejected` when either side does not accept the other, with `TransportClosed` when nobody is there, with
 * `ResourceExhausted` when no file descriptor is left, and with `ContextCancelled` after the signal.
 *
 * @example
 * ```ts
 * await using market = await connect('tcp://127.0.0.1:7000', {secret: process.env.SECRET});
 * console.log(await market.run(price, 'apples'));
 * ```
 */
export function connect(address: string, options: ConnectOptions = {}): Promise<FoundPortal> {
  return inRuntime('connect()', async names => {
    const connections = await names.connections();
    const {secret, tls, signal, timeout = names.actor.tree.timeouts.handshake} = options;
    const lease = await connections.connect(parseAddress(address), {
      timeout,
      ...(secret !== undefined && {secret: secretOf(secret)}),
      ...(tls && {tls}),
      ...(signal && {signal}),
    });
    return lease ? portalOver(names.actor, lease) : ((await portalNearby(names, names.actor.id.id)) as FoundPortal);
  });
}

/**
 * The addresses at which this actor is reached, as URLs. It listens there from now on: at a private Unix socket,
 * and, in a program with the option `listen`, at the network addresses of that too.
 *
 * Rejects with `NoRuntime` outside a runtime, and with `ResourceExhausted` when it cannot listen.
 *
 * @example
 * ```ts
 * console.log(await addresses());
 * // [ 'tcp://127.0.0.1:41003', 'unix:/run/user/1000/rxtractor/…' ]
 * ```
 */
export function addresses(): Promise<string[]> {
  return inRuntime('addresses()', async names => (await names.connections()).addresses());
}

/** Runs one of these functions for the current actor. A failure that nobody reads is a failure of the current scope. */

function inRuntime<T>(what: string, work: (names: Names, scope: Scope) => Promise<T>): Promise<T> {
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
      // The actor may have ended in this moment. An older actor of the name may live.
      if (!(error instanceof TransportClosed || error instanceof HandshakeRejected)) throw error;
      unreachable ??= error;
    }
  }
  if (unreachable) throw unreachable;
  return undefined;
}

/** A portal to an actor on the list. Undefined when it has ended. */
async function reach(names: Names, {actor}: Registration): Promise<FoundPortal | undefined> {
  const near = await portalNearby(names, actor.id);
  if (near) return near;
  const connections = await names.connections();
  /** The answer to the question for its addresses; `silent` before the answer. */
  let answer: 'gone' | 'silent' | 'there' | undefined;
  try {
    const lease = await connections.lease(actor.id, async () => {
      answer = 'silent';
      const found = await names.addressesOf(actor.id);
      answer = found.length > 0 ? 'there' : 'gone';
      return found;
    });
    return portalOver(names.actor, lease);
  } catch (error) {
    if (answer === 'gone') return undefined;
    // The actor was there when it answered, but may have ended since. Therefore it is asked again.
    if (answer !== 'silent' && (await names.addressesOf(actor.id)).length === 0) return undefined;
    throw error;
  }
}

/** Looks for an actor whenever one of that name has come, until one is found. */
function waitFor(names: Names, scope: Scope, name: string, signal: AbortSignal | undefined): Promise<FoundPortal> {
  return new Promise((resolve, reject) => {
    let isLooking = false;
    let mustLookAgain = false;
    let isOver = false;
    const stops: (() => void)[] = [];
    const end = (settle: () => void): void => {
      if (isOver) return;
      isOver = true;
      for (const stop of stops) stop();
      settle();
    };
    const failed = (error: unknown): void => end(() => reject(error));
    const look = async (): Promise<void> => {
      mustLookAgain = isLooking;
      if (isLooking) return;
      isLooking = true;
      try {
        const portal = await find(names, name);
        if (portal && isOver) await portal[Symbol.asyncDispose]();
        else if (portal) end(() => resolve(portal));
      } catch (error) {
        failed(error);
      }
      isLooking = false;
      if (mustLookAgain && !isOver) void look();
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
    if (isOver) return;
    // The portal belongs to the scope that waits, not to the scope in which the event happened.
    const lookInPlace = inPlace(look);
    const seen = (event: ActorEvent): void => {
      if (event.actor.name === name && (event.type === 'registered' || event.type === 'present')) lookInPlace();
    };
    stops.push(names.watch(seen, failed));
    if (isOver) for (const stop of stops) stop();
  });
}
