/**
 * How one actor gets the terminal of its tree, and learns whether somebody else has it: from the lock itself at the
 * root, over a portal to the root elsewhere.
 * Floor 7: below `actor-debugger`, above `root-lock`.
 */
import type {Actor} from '../../actor/actor.js';
import {scopeKey} from '../../actor/call-options.js';
import type {Portal} from '../../actor/portal.js';
import type {DebugMode} from '../../actor/tree-options.js';
import {onAbort} from '../../base/abort.js';
import {Backoff} from '../../base/backoff.js';
import {type Gate, plainClock} from '../../base/clock.js';
import {HandshakeRejected, TransportClosed} from '../../base/errors.js';
import {log} from '../../base/log.js';
import {Scope} from '../../base/scope.js';
import {rootPortal} from '../../discovery/root-portal.js';
import {userInterface} from '../prompt/user-interface.js';
import {lockTerminal, quitTree, type ReleaseWord, terminalFree} from './root-lock.js';
import type {TtyLock} from './tty-lock.js';

/** The terminal, while this actor has it. */
export interface TerminalGrant {
  /** Aborted when the terminal is lost. */
  readonly signal: AbortSignal;
  /** Gives the terminal back. Resolves when the root has confirmed it. Never rejects. @param word default: `released` */
  release(word?: ReleaseWord): Promise<void>;
}

/**
 * The pauses between attempts to reach the root, in ms, because the root may stand at a breakpoint of its own for long.
 */
const pauses = {first: 100, longest: 2_000};

const never = new AbortController().signal;

export class TerminalAccess implements Gate {
  readonly #actor: Actor;
  readonly #mode: DebugMode;
  readonly #lock: TtyLock | undefined;
  /** The answer that all those who ask for it now will get. */
  #asking: Promise<number> | undefined;

  /** @param lock the lock of the whole tree; at the root only */
  constructor(actor: Actor, mode: DebugMode, lock?: TtyLock) {
    this.#actor = actor;
    this.#mode = mode;
    this.#lock = lock;
    // The link is made while nobody stands still yet. Later the root may stand still, and would not answer in time.
    if (!lock) this.root().catch(() => {});
  }

  /**
   * Waits for the terminal. Resolves with undefined where there is none. Rejects with the reason of the signal.
   *
   * @param what the task that wants it, for people
   * @param task the `uid` of its context
   */
  async request(what: string, signal: AbortSignal, task?: string): Promise<TerminalGrant | undefined> {
    if (this.#lock) {
      if (!(await orAborted(userInterface.prepareTerminal(this.#mode.terminal), signal))) return undefined;
      const release = await this.#lock.request({actor: this.#actor.id, what, task}, signal);
      return {
        signal: never,
        release: async word => {
          release();
          if (word === 'quit all') quitTree(this.#actor, what);
        },
      };
    }
    const portal = await orAborted(this.#reachRoot(signal), signal);
    const context = await orAborted(portal.with({signal}).openContext(lockTerminal, what, task), signal);
    // The grant may come in the very moment of a cancel, of which the root has been told.
    signal.throwIfAborted();
    if (!context.first) return undefined;
    const stream = context.openStream();
    const release = async (word: ReleaseWord = 'released'): Promise<void> => {
      try {
        await stream.send(word);
        await context.result();
      } catch (error) {
        log('runtime', 'the terminal was lost before it was let go of', {error});
      }
    };
    return {signal: context.signal, release};
  }

  /** Ends the whole tree, because a person wants that, where no grant of this actor is there to say it. */
  endTree(what: string): void {
    if (this.#lock) return quitTree(this.#actor, what);
    this.request(what, never).then(
      grant => grant?.release('quit all'),
      error => log('runtime', 'the tree could not be ended', {error}),
    );
  }

  isClosed(): boolean {
    return this.#lock?.taken === true;
  }

  opened(): Promise<number> | undefined {
    if (this.#lock) return this.#lock.used ? this.#lock.idle() : undefined;
    this.#asking ??= this.#askFree().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** A portal to the root, whose calls belong to no scope that could be cancelled. */
  root(): Promise<Portal> {
    return this.#reachRoot(never);
  }

  async #askFree(): Promise<number> {
    try {
      const free = await (await this.root()).run(terminalFree);
      return free ?? Number.POSITIVE_INFINITY;
    } catch (error) {
      // Without a root there is no terminal to wait for.
      log('runtime', 'the root could not be asked for the terminal', {error});
      return Number.POSITIVE_INFINITY;
    }
  }

  /** Tries again while the root is there and does not answer. */
  async #reachRoot(signal: AbortSignal): Promise<Portal> {
    const backoff = new Backoff(pauses);
    for (;;) {
      try {
        const portal = await rootPortal(this.#actor, this.#mode);
        return portal.with({scope: {[scopeKey]: new Scope(`the debugger of ${this.#actor.id.name}`)}});
      } catch (error) {
        if (!isTransient(error) || signal.aborted || this.#actor.scope.settled) throw error;
        log('runtime', 'the root does not answer: it is asked again for the terminal', {error});
        await plainClock.pause(backoff.next(), {background: true});
      }
    }
  }
}

function isTransient(error: unknown): boolean {
  if (error instanceof HandshakeRejected) return error.reason === 'timeout' || error.reason === 'busy';
  return error instanceof TransportClosed && error.kind === 'heartbeat';
}

/** Settles as `work` does. Rejects when the signal aborts before; the work goes on then, and its failure is dropped. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = onAbort(signal, reject);
    work.then(resolve, reject).finally(stop);
  });
}
