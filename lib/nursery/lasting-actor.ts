/**
 * An actor that is started again when it has died (the option `restart`): its incarnations, one after the other.
 * Floor 6: above `restart-policy`; `running-nursery` owns it, and `lasting-portal` is what a user holds of it.
 */
import type {Child} from '../actor/actor.js';
import type {Portal} from '../actor/portal.js';
import {futureActorId, newId} from '../base/actor-id.js';
import type {Clock} from '../base/clock.js';
import {type Deferred, deferred} from '../base/deferred.js';
import type {ActorDied, ContextCancelled} from '../base/errors.js';
import {thrownText} from '../base/foreign.js';
import {log} from '../base/log.js';
import {OutputLines} from '../base/output-lines.js';
import {suppress} from '../base/suppressed.js';
import {type RestartOptions, RestartPolicy} from './restart-policy.js';
import type {OnDeath, StartedActor} from './started-actor.js';

/** The nursery of a lasting actor, as that sees it. */
export interface LastingOwner {
  readonly clock: Clock;
  /** The actors that a survey of the tree asks. */
  readonly children: Set<Child>;
  /** Whether its output is collected (`stdio: 'pipe'`). */
  readonly isPiped: boolean;
  /** Whether it runs on another host than this one. */
  readonly isElsewhere: boolean;
  /** Starts an incarnation, the first, the second, and so on. @throws what is wrong with the nursery or the options, and no fault of the actor */
  spawn(onDeath: OnDeath, attempt: number): StartedActor;
  /** The incarnation with this id has ended, and is started again. */
  replaced(id: string): void;
  /** The actor is given up, after it has served. */
  fail(error: unknown): void;
}

export class LastingActor {
  readonly name: string;
  /** The lines that its incarnations print, one after the other. Undefined unless `stdio` is `pipe`. */
  readonly output: OutputLines | undefined;
  readonly #owner: LastingOwner;
  readonly #policy: RestartPolicy;
  /** The incarnation that was started last. */
  #incarnation: StartedActor | undefined;
  /** The portal of the incarnation that served last. */
  #portal: Portal | undefined;
  /** Settles when the next incarnation serves, or when there will be none. */
  #next = unheard<Portal>();
  #death: ActorDied | undefined;
  #asked: ContextCancelled | undefined;
  #isOver = false;
  #starts = 0;
  /** How many incarnations may still print. */
  #printing = 0;
  readonly #pause = new AbortController();
  readonly #ended = deferred<ActorDied | undefined>();

  constructor(owner: LastingOwner, name: string, options: RestartOptions) {
    this.#owner = owner;
    this.name = name;
    this.output = owner.isPiped ? new OutputLines() : undefined;
    this.#policy = new RestartPolicy(options);
  }

  /** Starts it. Resolves with the portal of its first incarnation. @throws SpawnFailed, and what `LastingOwner.spawn` throws */
  start(): Promise<Portal> {
    const first = this.next();
    if (!this.#asked) this.#launch();
    return first;
  }

  /** Resolves at the end: with the last death when it was given up, or with undefined when the end was asked for. */
  get ended(): Promise<ActorDied | undefined> {
    return this.#ended.promise;
  }

  /** The portal of the incarnation that served last. Undefined before the first has served. */
  get last(): Portal | undefined {
    return this.#portal;
  }

  /** The portal for a call that is made now. Undefined when the call has to wait for the next incarnation. */
  get present(): Portal | undefined {
    // At the end it is the last portal, which says why it takes no more calls.
    return this.#isOver || this.#incarnation?.isThere() ? this.#portal : undefined;
  }

  /** The portal of the next incarnation, when that serves. Rejects when there will be none. */
  next(): Promise<Portal> {
    return this.#next.promise;
  }

  /** Ends it for good. Resolves when it is gone: true when it went by itself. Never rejects. */
  async cancel(why: ContextCancelled): Promise<boolean> {
    this.#asked ??= why;
    this.#pause.abort();
    this.#next.reject(this.#asked);
    const wentByItself = await (this.#incarnation?.close(this.#asked) ?? true);
    this.#finish(undefined);
    return wentByItself;
  }

  #launch(): void {
    try {
      const incarnation = this.#owner.spawn(
        (_error, death) => {
          this.#death = death;
          void this.#replace(death);
        },
        ++this.#starts,
      );
      this.#incarnation = incarnation;
      this.#relayOutput(incarnation);
      incarnation.portal.then(
        portal => this.#serves(incarnation, portal),
        error => void this.#replace(error),
      );
      void incarnation.gone.then(asked => asked && this.#endedFor(asked));
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** Its last lines may come after its death. */
  #relayOutput({output}: StartedActor): void {
    if (!output) return;
    this.#printing++;
    output.listen({
      next: line => this.output?.add(line),
      complete: () => {
        this.#printing--;
        this.#endOutput();
      },
    });
  }

  #endOutput(): void {
    if (this.#isOver && this.#printing === 0) this.output?.end();
  }

  #serves(incarnation: StartedActor, portal: Portal): void {
    // It may have died while its name was being entered.
    if (!incarnation.isThere()) return;
    this.#portal = portal;
    const next = this.#next;
    this.#next = unheard();
    next.resolve(portal);
  }

  /** An incarnation has died, or could not be started. */
  async #replace(error: unknown): Promise<void> {
    if (this.#asked) return;
    let ms: number | undefined;
    try {
      ms = this.#policy.died(this.#owner.clock.now());
    } catch (thrown) {
      suppress(thrown, error);
      return this.#giveUp(thrown);
    }
    if (ms === undefined) return this.#giveUp(error);
    const [reason] = thrownText(error).split('\n');
    const {attempt, times} = this.#policy;
    log('warn', `${reason}; ${this.name} is started again in ${ms} ms (${attempt} of ${times})`, {error});
    this.#tellReplaced();
    await this.#pauseFor(ms);
    if (!this.#asked) this.#launch();
  }

  /** Waits for the next start. A survey of the tree shows it, because nothing else tells that the actor will be there again. */
  async #pauseFor(ms: number): Promise<void> {
    const {clock, children, isElsewhere} = this.#owner;
    const {attempt} = this.#policy;
    const died = clock.now();
    const waiting: Child = {
      id: newId(),
      plan: {name: this.name},
      waits: () => [],
      cancelActor: why => this.cancel(why),
      survey: (_, depth) => {
        const since = clock.now() - died;
        // The next incarnation may get another host.
        const actor = {...futureActorId(this.name, waiting.id), ...(isElsewhere && {host: ''})};
        const restart = {since, left: Math.max(0, ms - since), attempt};
        return [{depth, actor, state: 'restarting', since: 0, restart, isElsewhere, contexts: [], more: 0}];
      },
    };
    children.add(waiting);
    await clock.pause(ms, {signal: this.#pause.signal});
    children.delete(waiting);
  }

  /** An incarnation was ended by this actor, which is not a death. */
  #endedFor(why: ContextCancelled): void {
    if (this.#asked) return;
    // Somebody here has found it by its name and ended it. Otherwise a task in it did not obey a cancel.
    if (why.reason === 'actor') return void this.cancel(why);
    this.#tellReplaced();
    this.#launch();
  }

  #tellReplaced(): void {
    if (this.#portal) this.#owner.replaced(this.#portal.actor.id);
  }

  #giveUp(error: unknown): void {
    this.#next.reject(error);
    this.#finish(this.#death);
    // Before it has served, the promise of `startActor` tells of it. Whoever waits is told first: the failure of the nursery would
    // end these waits with a cancellation.
    if (this.#portal) this.#next.promise.catch(() => this.#owner.fail(error));
  }

  #finish(death: ActorDied | undefined): void {
    this.#isOver = true;
    this.#endOutput();
    this.#ended.resolve(death);
  }
}

/** A promise that may reject although nobody waits for it. */
function unheard<T>(): Deferred<T> {
  const made = deferred<T>();
  made.promise.catch(() => {});
  return made;
}
