/**
 * The promise that this library gives, and the rule that a failure is told once (rule T9): to the code that asked for it, or
 * else to the owner of the call.
 * Floor 0: used by everything above that answers a call.
 */
import {plainClock} from './clock.js';
import {thrownText} from './foreign.js';
import {hooks} from './hooks.js';
import {log} from './log.js';
import type {Scope} from './scope.js';

/** Decides for one call to whom its failure goes. A promise and the context behind it may share one report. */
export class Report {
  readonly #owner: Scope | undefined;
  /** Whether somebody has typed the call at a prompt. The program must not fail with it. */
  readonly #isOfPrompt = hooks.isOfPrompt?.() === true;
  #isDeciding = false;
  /** Whether somebody has asked for the outcome, and so is told of it. */
  isAsked = false;

  /** @param owner the scope that fails with what nobody has asked for */
  constructor(owner: Scope | undefined) {
    this.#owner = owner;
  }

  /** The call has failed. The owner is told unless somebody asks by the end of this macrotask. */
  failed(error: unknown): void {
    if (this.isAsked || this.#isDeciding) return;
    this.#isDeciding = true;
    const decision = plainClock.turn().then(() => {
      if (this.isAsked) return;
      this.isAsked = true;
      if (this.#isOfPrompt) warnPerson(error);
      else this.#owner?.fail(error);
    });
    this.#owner?.expect(decision);
  }
}

function warnPerson(error: unknown): void {
  const [reason] = thrownText(error).split('\n');
  log('warn', `a call that was typed at the prompt has failed: ${reason}`, {error});
}

export class Answer<T> extends Promise<T> {
  #report: Report | undefined;
  #hasHandler = false;

  /** Chains of an answer are plain promises, because a promise that a user builds on it belongs to the user. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /** Notes that somebody asks. `await` comes here too, because this is not the native class. */
  // biome-ignore lint/suspicious/noThenProperty: a promise that notes `then` is the point of this class
  override then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#hasHandler = true;
    if (this.#report) this.#report.isAsked = true;
    return super.then(fulfilled, rejected);
  }

  /**
   * An answer whose failure goes to the owner of `report` when nobody has asked for it.
   *
   * @param executor resolves it with a value that is not a promise
   */
  static reported<T>(
    report: Report,
    executor: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
  ): Answer<T> {
    let resolve!: (value: T) => void;
    let reject!: (error: unknown) => void;
    const answer = new Answer<T>((fulfil, refuse) => {
      resolve = fulfil;
      reject = refuse;
    });
    answer.#report = report;
    const fail = (error: unknown): void => {
      reject(error);
      // Only a failed answer gets a handler: a handler from the start would cost one more promise for each that succeeds.
      if (!answer.#hasHandler) Promise.prototype.then.call(answer, undefined, () => {});
      report.failed(error);
    };
    try {
      executor(resolve, fail);
    } catch (error) {
      fail(error);
    }
    return answer;
  }

  /** The same with a report of its own. */
  static owned<T>(
    owner: Scope | undefined,
    executor: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
  ): Answer<T> {
    return Answer.reported(new Report(owner), executor);
  }

  static from<T>(owner: Scope | undefined, work: PromiseLike<T>): Answer<T> {
    return Answer.owned(owner, (resolve, reject) => {
      work.then(resolve, reject);
    });
  }
}
