/**
 * The debugger of one actor: which of its tasks may stop next, and what becomes of a task after its prompt.
 * Floor 7: above `lock/terminal-access` (which gets the terminal) and `prompt/user-interface` (which talks to the
 * person); `attach` makes it, `breakpoint` calls it.
 *
 * ```
 * IDLE ─▶ WAIT_LOCAL ─▶ WAIT_LOCK ─▶ PAUSED ─▶ RELEASING ─▶ IDLE
 *           a cancel leaves ◀──┘        └ a cancel is delivered after RELEASING
 * ```
 */
import {AsyncLocalStorage} from 'node:async_hooks';
import type {Actor} from '../actor/actor.js';
import type {DebugMode} from '../actor/tree-options.js';
import {current} from '../base/current.js';
import {deferred} from '../base/deferred.js';
import {type CancelReason, ContextCancelled, DebuggerQuit} from '../base/errors.js';
import {log} from '../base/log.js';
import {processWide} from '../base/process-wide.js';
import type {Scope} from '../base/scope.js';
import type {WaitRow} from '../base/tree-survey.js';
import {Crashes} from './crashes.js';
import {runsTyped} from './frames/agent-global.js';
import {quitAllText, type ReleaseWord} from './lock/root-lock.js';
import {TerminalAccess, type TerminalGrant} from './lock/terminal-access.js';
import {TtyLock} from './lock/tty-lock.js';
import {type PromptRequest, userInterface} from './prompt/user-interface.js';

/** Reasons of a cancel that comes from the end of something around the task. */
const ofTeardown: ReadonlySet<CancelReason> = new Set(['scope', 'actor', 'shutdown']);
/** Which debugger has paused the running task. Code that runs for a paused task passes over breakpoints. */
const paused = processWide('debugger/paused', () => new AsyncLocalStorage<ActorDebugger>());

/** See `hooks.isOfPrompt`. */
export function isOfPrompt(): boolean {
  return paused.getStore() !== undefined || runsTyped();
}

export class ActorDebugger {
  readonly actor: Actor;
  readonly terminal: TerminalAccess;
  readonly #mode: DebugMode;
  /** The queue of this actor's own tasks. */
  readonly #turns: TtyLock;
  /** The scopes of tasks that were left with `q`: these tasks do not stop again on their way up. */
  readonly #quit = new WeakSet<Scope>();
  readonly #crashes = new Crashes();
  /** False when no terminal was found: no crash and no statement asks for it again. */
  #hasTerminal = true;
  /** Whether a statement that could not stop waits for its prompt. Until then others are passed over. */
  #waitingStatement = false;
  /** The scope of the task that is at the prompt and may be stepped. */
  #stepping: Scope | undefined;

  /** @param lock the lock of the terminal; at the root only */
  constructor(actor: Actor, mode: DebugMode, lock?: TtyLock) {
    this.actor = actor;
    this.#mode = mode;
    this.terminal = new TerminalAccess(actor, mode, lock);
    this.#turns = new TtyLock(`its turn in ${actor.id.name}`);
  }

  /**
   * Stops the running task until the person at the terminal lets it go on. Rejects with DebuggerQuit when the person
   * quits the task, with ContextCancelled when the task was cancelled before, while it waited for its turn, or at the
   * prompt.
   */
  async pause(kind: PromptRequest['kind'], error?: unknown, frames?: PromptRequest['frames']): Promise<void> {
    const {scope} = current() as NonNullable<ReturnType<typeof current>>;
    if (paused.getStore() === this || this.#isStepping(scope)) return;
    if (this.#hasQuit(scope)) {
      // It rejects as every other wait of the task does. A task that does nothing but stop would never end otherwise.
      if (scope.cancelled) throw scope.cancelled;
      return;
    }
    if (scope.cancelled) throw unshieldedError(scope.cancelled);
    // The person sees the error now, so that it is not a crash to show again wherever it goes from here.
    if (kind === 'post-mortem') this.#crashes.note(scope, error);
    const what = `${kind} in ${scope.label}`;
    const task = scope.runningTask?.uid;
    const leave = new AbortController();
    const stopListening = scope.onCancel(why => leave.abort(why));
    let next: (() => void) | undefined;
    let stopped = false;
    try {
      next = await this.#turns.request({actor: this.actor.id, what, task}, leave.signal);
      const grant = (await this.terminal.request(what, leave.signal, task)) ?? warnOfNoTerminal();
      this.#hasTerminal = grant !== undefined;
      // From here on a cancel waits.
      stopListening();
      if (grant) stopped = await this.#prompt({kind, task: scope.label, error, frames}, grant, scope, next);
    } catch (why) {
      // The task ends with it, also where nothing awaits the breakpoint.
      if (why instanceof DebuggerQuit) scope.fail(why);
      throw why;
    } finally {
      stopListening();
      if (!stopped) next?.();
    }
    if (!stopped && scope.cancelled) throw scope.cancelled;
  }

  /**
   * Called in the middle of a statement at which this actor is to stop and that cannot wait: `debugger`, or a breakpoint that was
   * set at an earlier prompt. The thread is held where it stands if the terminal is free. Otherwise it goes on, and the prompt
   * comes in its turn, on the frames as they were.
   *
   * @param lock that of the terminal, where this thread has it
   */
  stopInStatement(frames: NonNullable<PromptRequest['frames']>, breakpoint: number | undefined, lock?: TtyLock): void {
    const scope = current()?.scope ?? this.actor.scope;
    if (!this.#mode.on || !this.#hasTerminal || paused.getStore() || this.#isStepping(scope) || this.#hasQuit(scope))
      return;
    const statement = breakpoint === undefined ? 'debugger statement' : `breakpoint ${breakpoint}`;
    if (this.#waitingStatement || this.#hold(statement, breakpoint, lock)) return;
    this.#waitForTurn(frames, scope);
  }

  #hold(statement: string, breakpoint: number | undefined, lock: TtyLock | undefined): boolean {
    const claim = {actor: this.actor.id, what: statement};
    const release = lock?.take(claim);
    if (lock && !release) return false;
    let task = this.actor.scope;
    const isHeld = userInterface.holdHere({
      terminal: this.#mode.terminal,
      label: this.actor.id.name,
      claim: lock ? undefined : claim,
      breakpoint,
      statement: {
        stopped: () => {
          task = current()?.scope ?? task;
          this.#stepping = task;
        },
        left: how => {
          this.#stepping = undefined;
          release?.();
          if (how === 'quit' || how === 'quit all')
            task.fail(this.#quitError({kind: 'breakpoint', task: task.label}, task, how));
        },
      },
      onEnd: end => {
        // Where the prompt was lost.
        release?.();
        if (end === 'quit all') this.terminal.endTree(`breakpoint in ${task.label}`);
      },
    });
    if (!isHeld) release?.();
    return isHeld;
  }

  /** As `void breakpoint()` does. One waits at a time, because code that cannot wait may come by very often. */
  #waitForTurn(frames: NonNullable<PromptRequest['frames']>, scope: Scope): void {
    const over = deferred();
    const leave = scope.adopt({
      label: "somebody at the debugger's prompt",
      finish: () => over.promise,
      end: () => over.promise,
    });
    const turn = this.pause('breakpoint', undefined, frames).catch(error => {
      log('runtime', 'a statement was passed over: nobody was there to look at it', {error});
    });
    this.#waitingStatement = true;
    void turn.finally(() => {
      this.#waitingStatement = false;
      leave();
      over.resolve();
    });
  }

  /** The tasks of this actor that wait until another one of them has left the prompt. */
  get waits(): readonly WaitRow[] {
    return this.#turns.waits;
  }

  /** See `hooks.crashed`. A task that was cancelled may crash too. */
  crashed(scope: Scope, error: unknown): Promise<void> | undefined {
    if (!this.#mode.on || !this.#hasTerminal || paused.getStore() === this || this.#hasQuit(scope)) return undefined;
    return this.#crashes.isNews(scope, error) ? this.#showCrash(scope, error) : undefined;
  }

  async #showCrash(scope: Scope, error: unknown): Promise<void> {
    const what = `crash in ${scope.label}`;
    const task = scope.runningTask?.uid;
    const leave = new AbortController();
    // A caller that does not want the task any more need not wait for its turn. The end of a tree waits for all turns.
    const left = (why: ContextCancelled): void => {
      if (!ofTeardown.has(why.reason)) leave.abort(why);
    };
    const stopListening = scope.cancelled ? () => {} : scope.onCancel(left);
    let next: (() => void) | undefined;
    try {
      next = await this.#turns.request({actor: this.actor.id, what, task}, leave.signal);
      const grant = await this.terminal.request(what, leave.signal, task);
      stopListening();
      if (grant) await this.#prompt({kind: 'post-mortem', task: scope.label, error}, grant, scope, next);
      else this.#hasTerminal = false;
    } catch (why) {
      if (why instanceof DebuggerQuit) throw why;
      // The error goes on as if nobody had wanted to see it.
      log('runtime', `nobody has seen a ${what}`, {error: why});
    } finally {
      stopListening();
      next?.();
    }
  }

  /**
   * Opens the prompt, and gives the terminal back after it. Resolves with true when the thread is about to stand still
   * in the caller's code: then the rest is done when the thread runs again.
   *
   * @param next lets the next task of this actor have its turn
   */
  async #prompt(
    what: Pick<PromptRequest, 'kind' | 'task' | 'error' | 'frames'>,
    grant: TerminalGrant,
    scope: Scope,
    next: () => void,
  ): Promise<boolean> {
    const asTask = <T>(fn: () => T): T => paused.run(this, fn);
    const quit = (how: 'quit' | 'quit all'): DebuggerQuit => this.#quitError(what, scope, how);
    const ended = (how: 'continue' | 'quit' | 'quit all'): void => {
      this.#stepping = undefined;
      // An error cannot be thrown into code that runs: the task's next wait rejects, and the task fails with this
      // error.
      if (how !== 'continue') scope.fail(quit(how));
      void grant.release(wordOf(how)).finally(next);
    };
    const {terminal} = this.#mode;
    const request = {...what, actor: this.actor.id, signal: grant.signal, terminal, ended, asTask};
    let end: Awaited<ReturnType<typeof userInterface.openPrompt>>;
    try {
      end = await asTask(() => userInterface.openPrompt(request));
    } catch (error) {
      await grant.release();
      throw error;
    }
    if (end === 'stopped') {
      this.#stepping = scope;
      return true;
    }
    await grant.release(wordOf(end));
    if (end !== 'continue') throw quit(end);
    return false;
  }

  /** The error of a task that a person has quit. It does not stop again on its way up. */
  #quitError(
    {kind, task, error: cause}: Pick<PromptRequest, 'kind' | 'task' | 'error'>,
    scope: Scope,
    how: 'quit' | 'quit all',
  ): DebuggerQuit {
    this.#quit.add(scope);
    const text =
      how === 'quit all' ? quitAllText(`${kind} in ${task}`) : `${task} was left at the debugger's prompt with q`;
    const error = new DebuggerQuit(text, {actor: this.actor.id, cause});
    this.#crashes.note(scope, error);
    return error;
  }

  #hasQuit(scope: Scope): boolean {
    return isWithin(scope, at => this.#quit.has(at));
  }

  /**
   * Whether the task of this scope is the one that is stepped. A step into a breakpoint of the same task would wait for
   * itself. Steps lead into the inner scopes of a task, and out again.
   */
  #isStepping(scope: Scope): boolean {
    const stepping = userInterface.isHolding() ? this.#stepping : undefined;
    return !!stepping && (isWithin(scope, at => at === stepping) || isWithin(stepping, at => at === scope));
  }
}

const wordOf = (how: string): ReleaseWord => (how === 'quit all' ? how : 'released');

/** Whether `matches` is true for a scope or for one around it. */
function isWithin(scope: Scope, matches: (at: Scope) => boolean): boolean {
  for (let at: Scope | undefined = scope; at; at = at.parent) if (matches(at)) return true;
  return false;
}

let warned = false;
function warnOfNoTerminal(): undefined {
  if (!warned) log('warn', 'a breakpoint was passed over, as all will be: there is no terminal (/dev/tty)');
  warned = true;
}

function unshieldedError(why: ContextCancelled): ContextCancelled {
  return new ContextCancelled(
    `a breakpoint does not stop in what was cancelled (${why.message}): shield(() => breakpoint()) does`,
    {canceller: why.canceller, reason: why.reason, cause: why.cause, actor: why.actor},
  );
}
