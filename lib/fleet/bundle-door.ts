/**
 * Who may bring bundles to a host, and how one comes in: to bring one is to run any code there.
 * Floor 6: above `bundle-store`; `admission` asks it.
 */
import {defaultTimeouts} from '../actor/tree-options.js';
import {plainClock} from '../base/clock.js';
import {current} from '../base/current.js';
import {type Deferred, deferred} from '../base/deferred.js';
import {thrownText} from '../base/foreign.js';
import type {CalleeContext} from '../context/rx/callee-context.js';
import {type BundleKey, maxBundleBytes, tooLargeText} from './bundle.js';
import {BundleStore} from './bundle-store.js';
import {refusedError} from './refused.js';
import {isSubject, keyOfSubject, subjectText} from './subject.js';

export interface BundleOptions {
  /** The whole subjects of the certificates that may bring bundles. */
  readonly from: readonly string[];
  /** Where bundles are kept. Undefined: in the folder for temporary files. */
  readonly folder: string | undefined;
}

/** Maximum wait for the next part of a bundle, in ms. */
const partMs = defaultTimeouts.handshake;

export class BundleDoor {
  readonly #from: readonly string[];
  readonly #store: BundleStore;
  /** Bundles on their way, by subject and hash: who brings the same one waits for the first. */
  readonly #coming = new Map<string, Deferred<void>>();

  /** @throws Error in words when the folder is not private */
  constructor({from, folder}: BundleOptions) {
    this.#from = from;
    this.#store = BundleStore.open(folder);
  }

  /** The URL of a bundle that was brought before. @throws SpawnFailed `place` */
  urlOf(hash: string, subject: readonly string[]): string {
    this.#check(subject);
    const url = this.#store.urlOf(hash);
    if (url === undefined) throw refusedError('it does not have the bundle any more: try again');
    return url;
  }

  /** Takes a bundle unless it is here. @throws SpawnFailed `place` */
  async take(
    ctx: CalleeContext<Uint8Array, never, 'here' | 'wanted'>,
    bundle: BundleKey,
    subject: readonly string[],
  ): Promise<void> {
    this.#check(subject);
    if (bundle.size > maxBundleBytes) throw refusedError(`the bundle ${tooLargeText(bundle.size)}`);
    const key = `${keyOfSubject(subject)} ${bundle.hash}`;
    for (let other = this.#coming.get(key); other; other = this.#coming.get(key))
      await (current()?.scope.orCancelled(other.promise) ?? other.promise);
    const come = deferred();
    this.#coming.set(key, come);
    try {
      if (await this.#store.has(bundle.hash)) return ctx.started.next('here');
      ctx.started.next('wanted');
      await this.#store.store(bundle, inTime(ctx.openStream()));
    } catch (error) {
      if (ctx.signal.aborted) throw error;
      throw refusedError(`it has not taken the bundle: ${thrownText(error)}`);
    } finally {
      this.#coming.delete(key);
      come.resolve();
    }
  }

  /** @throws SpawnFailed `place` */
  #check(subject: readonly string[]): void {
    if (!this.#from.some(allowed => isSubject(allowed, subject)))
      throw refusedError(`the certificate of ${subjectText(subject)} may not bring bundles here (--bundles-from)`);
    if (this.#store.fault !== undefined) throw refusedError(this.#store.fault);
  }
}

/** Fails when the next part is late: a program that stands still must not hold up other programs, because they wait for the same bundle. */
async function* inTime<T>(parts: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = parts[Symbol.asyncIterator]();
  for (;;) {
    const part = iterator.next();
    // It may fail when nobody waits for it any more.
    part.catch(() => {});
    if (!(await plainClock.within(part, partMs))) throw new Error(`nothing more of it has come for ${partMs} ms`);
    const {done, value} = await part;
    if (done) return;
    yield value;
  }
}
