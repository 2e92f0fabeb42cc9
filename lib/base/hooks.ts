/**
 * Where the debugger hangs into the runtime: the floors below it ask here, and do not know who answers.
 * Floor 0. Empty unless debug mode is on; then to ask is to read one property.
 */
import type {Scope} from './scope.js';
import {processWide} from './shared.js';

interface Hooks {
  /** Answers `teardownGate`. */
  teardownGate: ((actor: string) => Promise<number> | undefined) | undefined;
  /** Whether somebody in the tree of a root holds the terminal, or waits for it. */
  terminalBusy: ((root: string) => boolean) | undefined;
  /** An actor has been made in this process, in debug mode. Returns what is to be called at its end. */
  actorOpened: ((runtime: object) => () => void) | undefined;
  /** The frames of the user's that are on the stack, as the debugger keeps them. */
  captureHere: (() => readonly object[] | undefined) | undefined;
  /**
   * An error leaves a task of an actor, the body of a root, or code that nothing caught: told before anybody above hears of
   * it. Undefined: go on. Resolves when the person at the terminal has looked at it. Rejects with DebuggerQuit, and with
   * nothing else, when they quit the task: that is the error then.
   */
  crashed: ((actor: string, scope: Scope, error: unknown) => Promise<void> | undefined) | undefined;
}

export const hooks = processWide<Hooks>('hooks', () => ({
  teardownGate: undefined,
  terminalBusy: undefined,
  actorOpened: undefined,
  captureHere: undefined,
  crashed: undefined,
}));

/**
 * Asked before an actor ends another, or judges it late. Undefined: go on. A promise: somebody in the tree is at a
 * prompt, or may be; it resolves when nobody is, with the milliseconds since the last was. Never rejects.
 *
 * @param actor the id of the one that asks
 */
export function teardownGate(actor: string): Promise<number> | undefined {
  return hooks.teardownGate?.(actor);
}

/** Acts at once, or when nobody is at a prompt any more. */
export function whenFree(actor: string, act: () => void): void {
  const gate = teardownGate(actor);
  if (gate) void gate.then(act);
  else act();
}

/** What a failure is when somebody has looked at it: itself, or DebuggerQuit. See `hooks.crashed`. */
export async function lookedAt(actor: string, scope: Scope, error: unknown): Promise<unknown> {
  try {
    await hooks.crashed?.(actor, scope, error);
    return error;
  } catch (quit) {
    return quit;
  }
}
