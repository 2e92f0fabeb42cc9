/**
 * One actor at its breakpoints: which of its tasks may stop next, and how it comes by the terminal.
 * Floor 7: above `root-lock` (which gives it out) and `front` (which talks); `breakpoint` calls it.
 *
 * ```
 * IDLE ─▶ WAIT_LOCAL ─▶ WAIT_LOCK ─▶ PAUSED ─▶ RELEASING ─▶ IDLE
 *           a cancel leaves ◀──┘        └ a cancel is delivered after RELEASING
 * ```
 */
import {AsyncLocalStorage} from 'node:async_hooks';
import type {Actor} from '../actor/actor.js';
import {type Portal, scopeKey} from '../actor/portal.js';
import type {DebugMode} from '../actor/tree-options.js';
import {plainClock} from '../base/clock.js';
import {current} from '../base/current.js';
import {type CancelReason, ContextCancelled, DebuggerQuit, HandshakeRejected, TransportClosed} from '../base/errors.js';
import {log} from '../base/log.js';
import {processWide} from '../base/process-wide.js';
import {Scope} from '../base/scope.js';
import {rootPortal} from '../discovery/root-portal.js';
import {Crashes} from './crashes.js';
import {lockTerminal, terminalFree} from './lock/root-lock.js';
import {TtyLock} from './lock/tty-lock.js';
import {front, type PromptRequest} from './prompt/front.js';

/** The terminal, while this actor has it. */
interface Hold {
  /** Aborted when it is lost. */
  readonly signal: AbortSignal;
  /** Resolves when the root has confirmed it. Never rejects. */
  release(): Promise<void>;
}

/** Between two attempts to reach the root, in ms: at first, and at most. It may stand at a breakpoint of its own. */
const firstPause = 100;
const longestPause = 2_000;

const never = new AbortController().signal;
/** Of a cancel that the end of something around the task has brought. */
const ofTeardown: ReadonlySet<CancelReason> = new Set(['scope', 'actor', 'shutdown']);
/** The tasks that are paused: what runs for them passes over its breakpoints. */
const paused = processWide('debugger-paused', () => new AsyncLocalStorage<Session>());

/** See `hooks.isOfPrompt`. */
export function isOfPrompt(): boolean {
  return paused.getStore() !== undefined;
}

export class Session {
  readonly actor: Actor;
  readonly #mode: DebugMode;
  /** Of the whole tree; at the root alone. */
  readonly lock: TtyLock | undefined;
  readonly #turns: TtyLock;
  /** The scopes of tasks that were left with `q`: they do not stop again on their way up. */
  readonly #quit = new WeakSet<Scope>();
  readonly #crashes = new Crashes();
  /** No crash asks for a terminal twice that is not there. */
  #hasTerminal = true;
  /** Of the task that is at the prompt, and may be stepped. */
  #stepping: Scope | undefined;
  #asking: Promise<number> | undefined;

  constructor(actor: Actor, mode: DebugMode, lock?: TtyLock) {
    this.actor = actor;
    this.#mode = mode;
    this.lock = lock;
    this.#turns = new TtyLock(`its turn in ${actor.id.name}`);
    // While nobody stands still yet: later the root may, and would not answer in time.
    if (!lock) this.#root(never).catch(() => {});
  }

  /**
   * Stops the running task until the person at the terminal lets it go on. Rejects with DebuggerQuit when they quit it,
   * ContextCancelled when the task was cancelled before, while it waited for its turn, or meanwhile.
   */
  async pause(kind: PromptRequest['kind'], error?: unknown, frames?: PromptRequest['frames']): Promise<void> {
    const {scope} = current() as NonNullable<ReturnType<typeof current>>;
    if (paused.getStore() === this || this.#isStepping(scope)) return;
    if (this.#hasQuit(scope)) {
      // As every wait of it, or one that only stops would never end.
      if (scope.cancelled) throw scope.cancelled;
      return;
    }
    if (scope.cancelled) throw unshielded(scope.cancelled);
    // Where it goes from here, it has been seen.
    if (kind === 'post-mortem') this.#crashes.note(scope, error);
    const what = `${kind} in ${scope.label}`;
    const leave = new AbortController();
    const stopListening = scope.onCancel(why => leave.abort(why));
    let next: (() => void) | undefined;
    let stopped = false;
    try {
      next = await this.#turns.request({actor: this.actor.id, what}, leave.signal);
      const hold = (await this.#hold(what, leave.signal)) ?? withoutTerminal();
      // From here on a cancel waits.
      stopListening();
      if (hold) stopped = await this.#prompt({kind, task: scope.label, error, frames}, hold, scope, next);
    } finally {
      stopListening();
      if (!stopped) next?.();
    }
    if (!stopped && scope.cancelled) throw scope.cancelled;
  }

  /** See `hooks.crashed`. In a task that was cancelled too. */
  crashed(scope: Scope, error: unknown): Promise<void> | undefined {
    if (!this.#mode.on || !this.#hasTerminal || paused.getStore() === this || this.#hasQuit(scope)) return undefined;
    return this.#crashes.isNews(scope, error) ? this.#mourn(scope, error) : undefined;
  }

  async #mourn(scope: Scope, error: unknown): Promise<void> {
    const what = `crash in ${scope.label}`;
    const leave = new AbortController();
    // One who does not want the task any more need not wait for its turn. A tree that ends waits for all of them.
    const left = (why: ContextCancelled): void => {
      if (!ofTeardown.has(why.reason)) leave.abort(why);
    };
    const stopListening = scope.cancelled ? () => {} : scope.onCancel(left);
    let next: (() => void) | undefined;
    try {
      next = await this.#turns.request({actor: this.actor.id, what}, leave.signal);
      const hold = await this.#hold(what, leave.signal);
      stopListening();
      if (hold) await this.#prompt({kind: 'post-mortem', task: scope.label, error}, hold, scope, next);
      else this.#hasTerminal = false;
    } catch (why) {
      if (why instanceof DebuggerQuit) throw why;
      // The error goes on all the same.
      log('runtime', `nobody has seen a ${what}`, {error: why});
    } finally {
      stopListening();
      next?.();
    }
  }

  /** Undefined: nobody in the tree has, or ever had, the terminal. See `Gate.opened`. */
  gate(): Promise<number> | undefined {
    if (this.lock) return this.lock.used ? this.lock.idle() : undefined;
    // Those that ask while an answer is awaited get the same.
    this.#asking ??= this.#askFree().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** True when the thread stands still in the code that called: then the rest is done when it runs again. */
  async #prompt(
    what: Pick<PromptRequest, 'kind' | 'task' | 'error' | 'frames'>,
    hold: Hold,
    scope: Scope,
    next: () => void,
  ): Promise<boolean> {
    const asTask = <T>(fn: () => T): T => paused.run(this, fn);
    const quit = (): DebuggerQuit => {
      this.#quit.add(scope);
      const text = `${what.task} was left at the debugger's prompt with q`;
      const error = new DebuggerQuit(text, {actor: this.actor.id, cause: what.error});
      this.#crashes.note(scope, error);
      return error;
    };
    const ended = (how: 'continue' | 'quit'): void => {
      this.#stepping = undefined;
      // Nothing can be thrown into code that runs: its next wait rejects, and it fails with this.
      if (how === 'quit') scope.fail(quit());
      void hold.release().finally(next);
    };
    const {terminal} = this.#mode;
    const request = {...what, actor: this.actor.id, signal: hold.signal, terminal, ended, asTask};
    let answer: Awaited<ReturnType<typeof front.openPrompt>>;
    try {
      answer = await asTask(() => front.openPrompt(request));
    } catch (error) {
      await hold.release();
      throw error;
    }
    if (answer === 'stopped') {
      this.#stepping = scope;
      return true;
    }
    await hold.release();
    if (answer === 'quit') throw quit();
    return false;
  }

  /** Undefined where there is no terminal. Rejects with the reason of the signal. */
  async #hold(what: string, signal: AbortSignal): Promise<Hold | undefined> {
    if (this.lock) {
      if (!(await abortable(front.prepareTerminal(this.#mode.terminal), signal))) return undefined;
      const release = await this.lock.request({actor: this.actor.id, what}, signal);
      return {signal: never, release: async () => release()};
    }
    const portal = await abortable(this.#root(signal), signal);
    const waiting = portal.with({signal}).openContext(lockTerminal, what);
    const context = await abortable(waiting, signal);
    // Granted in the very moment of a cancel: that has told the root.
    signal.throwIfAborted();
    if (!context.first) return undefined;
    const wire = context.openStream();
    const release = async (): Promise<void> => {
      try {
        await wire.send('released');
        await context.result();
      } catch (error) {
        log('runtime', 'the terminal was lost before it was let go of', {error});
      }
    };
    return {signal: context.signal, release};
  }

  async #askFree(): Promise<number> {
    try {
      const free = await (await this.#root(never)).run(terminalFree);
      return free ?? Number.POSITIVE_INFINITY;
    } catch (error) {
      // Without a root there is no terminal to wait for.
      log('runtime', 'the root could not be asked for the terminal', {error});
      return Number.POSITIVE_INFINITY;
    }
  }

  /** A portal whose calls belong to nobody who could be cancelled. Tries again while the root is there and does not answer. */
  async #root(signal: AbortSignal): Promise<Portal> {
    for (let pause = firstPause; ; pause = Math.min(2 * pause, longestPause)) {
      try {
        const portal = await rootPortal(this.actor, this.#mode);
        return portal.with({scope: {[scopeKey]: new Scope(`the debugger of ${this.actor.id.name}`)}});
      } catch (error) {
        if (!isTransient(error) || signal.aborted || this.actor.scope.settled) throw error;
        log('runtime', 'the root does not answer: it is asked again for the terminal', {error});
        await plainClock.pause(pause, {background: true});
      }
    }
  }

  /** The root, for what the debugger has to tell it. */
  toRoot(): Promise<Portal> {
    return this.#root(never);
  }

  #hasQuit(scope: Scope): boolean {
    return isBelow(scope, at => this.#quit.has(at));
  }

  /** A step into a breakpoint of the same task would wait for itself. Steps lead into the scopes of a task, and out again. */
  #isStepping(scope: Scope): boolean {
    const stepping = front.isHolding() ? this.#stepping : undefined;
    return !!stepping && (isBelow(scope, at => at === stepping) || isBelow(stepping, at => at === scope));
  }
}

/** Whether it holds of a scope, or of one that it is in. */
function isBelow(scope: Scope, holds: (at: Scope) => boolean): boolean {
  for (let at: Scope | undefined = scope; at; at = at.parent) if (holds(at)) return true;
  return false;
}

let warned = false;
function withoutTerminal(): undefined {
  if (!warned) log('warn', 'a breakpoint was passed over, as all will be: there is no terminal (/dev/tty)');
  warned = true;
}

function unshielded(why: ContextCancelled): ContextCancelled {
  return new ContextCancelled(
    `a breakpoint does not stop in what was cancelled (${why.message}): shield(() => breakpoint()) does`,
    {canceller: why.canceller, reason: why.reason, cause: why.cause, actor: why.actor},
  );
}

function isTransient(error: unknown): boolean {
  if (error instanceof HandshakeRejected) return error.reason === 'timeout' || error.reason === 'busy';
  return error instanceof TransportClosed && error.kind === 'heartbeat';
}

/** The same, unless the signal is first: what was waited for goes on, and its failure is nobody's. */
function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => reject(signal.reason);
    if (signal.aborted) aborted();
    else signal.addEventListener('abort', aborted, {once: true});
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted));
  });
}
