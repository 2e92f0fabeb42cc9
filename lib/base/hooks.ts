/**
 * Where the debugger hangs into the runtime: the floors below it ask here, and do not know who answers.
 * Floor 0. Empty unless debug mode is on; then to ask is to read one property.
 */
import {processWide} from './process-wide.js';
import type {Scope} from './scope.js';

export interface Hooks {
  /** An actor has been made in this process, in debug mode. Returns what is to be called at its end. */
  actorOpened: (runtime: object) => () => void;
  /** The frames of the user's that are on the stack, as the debugger keeps them. */
  captureHere: () => readonly object[] | undefined;
  /**
   * An error leaves a task of an actor, the body of a root, or code that nothing caught: told before anybody above hears of
   * it. Undefined: go on. Resolves when the person at the terminal has looked at it. Rejects with DebuggerQuit, and with
   * nothing else, when they quit the task: that is the error then.
   */
  crashed: (actor: string, scope: Scope, error: unknown) => Promise<void> | undefined;
  /** Whether the running code runs for somebody at a prompt: what it leaves uncaught is their mistake, and ends nothing. */
  isOfPrompt: () => boolean;
  /** Takes whole lines that a child of an actor has written; false: they go where they ever went. */
  output: (reader: string, writer: Writer, lines: Buffer) => boolean;
  /** Resolves when what the actors of this process have taken so has reached the root. Never rejects. */
  outputSent: () => Promise<unknown>;
  /** The terminal of a root has hung up: nobody is there to wait for. */
  hungUp: (root: string) => void;
}

/** A process whose output somebody relays. */
export interface Writer {
  readonly name: string;
  readonly pid: number;
  readonly stdio: 'stdout' | 'stderr';
  /** Its lines say already whose they are. */
  readonly marked: boolean;
}

type Slots = {[Hook in keyof Hooks]: Hooks[Hook] | undefined};

const empty: Slots = {
  actorOpened: undefined,
  captureHere: undefined,
  crashed: undefined,
  isOfPrompt: undefined,
  output: undefined,
  outputSent: undefined,
  hungUp: undefined,
};

export const hooks = processWide<Slots>('hooks', () => ({...empty}));

/** From now on somebody answers. */
export function fillHooks(by: Hooks): void {
  Object.assign(hooks, by);
}

export function emptyHooks(): void {
  Object.assign(hooks, empty);
}

/**
 * Goes on with a failure, or with the DebuggerQuit that it is when somebody has looked at it; within this call where nobody
 * does. See `hooks.crashed`.
 */
export function lookedAt<T>(
  actor: string,
  scope: Scope,
  error: unknown,
  goOn: (error: unknown) => T,
): T | Promise<Awaited<T>> {
  const shown = hooks.crashed?.(actor, scope, error);
  return shown ? (shown.then(() => goOn(error), goOn) as Promise<Awaited<T>>) : goOn(error);
}
