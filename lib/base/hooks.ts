/**
 * The hooks by which the debugger plugs into the runtime: the floors below it call them, and do not know who answers.
 * Floor 0: empty outside debug mode, so that to ask costs the reading of one property.
 */
import {processWide} from './process-wide.js';
import type {Scope} from './scope.js';
import type {WaitRow} from './tree-survey.js';

export interface Hooks {
  /** An actor was made in this process, in debug mode. Returns a function that is called at its end. */
  actorOpened: (runtime: object) => () => void;
  /** The frames of the user's code on the stack, as the debugger keeps them. */
  captureHere: () => readonly object[] | undefined;
  /**
   * An error leaves a task of an actor, the body of a root, or code without a `catch`. The hook is called before anybody above
   * is told of the error. Undefined: go on. A promise: it resolves when the person at the terminal has looked at the error. When
   * they quit the task it rejects with DebuggerQuit, which replaces the error. It rejects with nothing else.
   */
  crashed: (actor: string, scope: Scope, error: unknown) => Promise<void> | undefined;
  /** Whether the running code was typed at a prompt: an error that it does not catch is a mistake of the person, and ends nothing. */
  isOfPrompt: () => boolean;
  /** Takes whole lines that a child of an actor has written. False: the lines go where they go without a debugger. */
  output: (reader: string, writer: Writer, lines: Buffer) => boolean;
  /** Resolves when the lines that `output` has taken in this process have reached the root. Never rejects. */
  outputSent: () => Promise<unknown>;
  /** The waits of the tasks of an actor for the terminal; at the root those of its tree too. */
  terminalWaits: (actor: string) => readonly WaitRow[];
  /** The terminal of a root has hung up, so nobody is at a prompt any more. */
  hungUp: (root: string) => void;
}

/** A process whose output its parent relays. */
export interface Writer {
  readonly name: string;
  readonly pid: number;
  readonly stdio: 'stdout' | 'stderr';
  /** Whether its lines begin with its name already. */
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
  terminalWaits: undefined,
  hungUp: undefined,
};

export const hooks = processWide<Slots>('hooks', () => ({...empty}));

/** The debugger attaches. */
export function fillHooks(by: Hooks): void {
  Object.assign(hooks, by);
}

/** The debugger detaches. */
export function emptyHooks(): void {
  Object.assign(hooks, empty);
}

/**
 * Calls `goOn` with a failure after somebody at the terminal has looked at it, or with the DebuggerQuit that replaces it.
 * Without a debugger `goOn` is called at once. See `Hooks.crashed`.
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
