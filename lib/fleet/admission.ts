/**
 * The terms on which a daemon takes an order: who gives it, how much of the host that subject uses already, and what the process gets.
 * Floor 6: above `quotas`; a part of `daemon`.
 */
import {type App, hashOf, urlInApp} from '../actor/codebase.js';
import {plainClock, type Stop} from '../base/clock.js';
import {thrownText} from '../base/foreign.js';
import type {CalleeContext} from '../context/rx/callee-context.js';
import {type BundleKey, bundleIn} from './bundle.js';
import {BundleDoor, type BundleOptions} from './bundle-door.js';
import type {Order} from './contract.js';
import {type QuotaOptions, Quotas} from './quotas.js';
import {refusedError} from './refused.js';
import {isSubject, subjectText} from './subject.js';

export interface AdmissionOptions {
  readonly app: App;
  /** The whole subjects of the certificates that may place actors: `CN=deploy,O=shop`. */
  readonly maySpawn: readonly string[];
  readonly maxActors: number;
  readonly quotas: QuotaOptions;
  /** Undefined: it takes none. */
  readonly bundles: BundleOptions | undefined;
  /** Names of variables; `*` at the end stands for anything. */
  readonly allowEnv: readonly string[];
  readonly allowExecArgv: readonly string[];
}

/** The state of the daemon when the order comes. */
interface DaemonState {
  readonly actors: number;
  readonly isDraining: boolean;
}

/** The environment and the modules that the daemon gives to the process of an order that it has taken. */
export interface Admitted {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The URLs of its modules: where they are wanted, and here. */
  readonly modules: readonly (readonly [string, string])[];
}

export class Admission {
  readonly #options: AdmissionOptions;
  readonly #quotas: Quotas;
  readonly #bundles: BundleDoor | undefined;

  /** @throws Error in words when the folder for bundles is not private */
  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#quotas = new Quotas(options.quotas);
    this.#bundles = options.bundles && new BundleDoor(options.bundles);
  }

  /** @throws SpawnFailed `place` that says what is refused */
  check(order: Order, subject: readonly string[], state: DaemonState): Admitted {
    const {app, allowEnv, allowExecArgv} = this.#options;
    this.#checkPlace(subject, state);
    if (order.app !== app.name && order.app !== '')
      throw refusedError(`it runs the app ${app.name}, not ${order.app} (--app)`);
    const names = Object.keys(order.env).filter(name => !isAllowed(name, allowEnv));
    if (names.length > 0) throw refusedError(`env: ${names.join(', ')} may not be set here (--allow-env)`);
    const args = order.execArgv.filter(arg => !allowExecArgv.includes(arg));
    if (args.length > 0) throw refusedError(`execArgv: ${args.join(' ')} is not allowed here (--allow-exec-argv)`);
    return {env: this.#envOf(order), modules: this.#modulesOf(order, subject)};
  }

  /** Takes a bundle for an order that follows. @throws SpawnFailed `place` that says what is refused */
  async takeBundle(
    ctx: CalleeContext<Uint8Array, never, 'here' | 'wanted'>,
    bundle: BundleKey,
    subject: readonly string[],
    state: DaemonState,
  ): Promise<void> {
    this.#checkPlace(subject, state);
    await this.#bundleDoor().take(ctx, bundle, subject);
  }

  /** The order counts for its subject from now on. Returns how to end that, when its actor is gone. */
  enter(subject: readonly string[]): Stop {
    return this.#quotas.enter(subject, plainClock.now());
  }

  #checkPlace(subject: readonly string[], {actors, isDraining}: DaemonState): void {
    const {maySpawn, maxActors} = this.#options;
    if (!maySpawn.some(allowed => isSubject(allowed, subject)))
      throw refusedError(`the certificate of ${subjectText(subject)} may not place actors here (--may-spawn)`);
    if (isDraining) throw refusedError('it drains: it takes no new actors (rxtractor host --drain)');
    if (actors >= maxActors) throw refusedError(`it has ${maxActors} actors already (--max-actors)`);
    const overQuota = this.#quotas.refusal(subject, plainClock.now());
    if (overQuota !== undefined) throw refusedError(overQuota);
  }

  #bundleDoor(): BundleDoor {
    if (!this.#bundles) throw refusedError('it takes no bundles (--accept-bundles)');
    return this.#bundles;
  }

  #modulesOf({modules}: Order, subject: readonly string[]): [string, string][] {
    return modules.map(([url, path, hash]) => {
      const bundle = bundleIn(path);
      return [url, bundle === undefined ? this.#urlOf(path, hash) : this.#bundleDoor().urlOf(bundle, subject)];
    });
  }

  #urlOf(path: string, hash: string): string {
    try {
      const here = urlInApp(this.#options.app, path);
      if (hash !== '' && hash !== hashOf(here)) throw buildError(path, hash, hashOf(here));
      return here;
    } catch (error) {
      throw refusedError(thrownText(error));
    }
  }

  #envOf({env}: Order): Record<string, string | undefined> {
    const own = Object.entries(process.env).filter(([name]) => isAllowed(name, this.#options.allowEnv));
    const merged = {...Object.fromEntries(own), ...env};
    return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined));
  }
}

function isAllowed(name: string, allowed: readonly string[]): boolean {
  return allowed.some(entry => (entry.endsWith('*') ? name.startsWith(entry.slice(0, -1)) : name === entry));
}

function buildError(path: string, wanted: string, here: string): TypeError {
  const [there, found] = [wanted, here].map(hash => hash.slice(0, 12));
  return new TypeError(
    `it has another build of ${path} (sha256 ${found}) than this program (${there}): install the same version on both`,
  );
}
