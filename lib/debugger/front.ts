/**
 * What the debugger shows to people, as the rest of it sees that: a slot, so that specs put a prompt of their own in it.
 * Floor 7: below `session` and `root-lock`.
 */
import {closeSync, openSync} from 'node:fs';
import type {ActorId} from '../base/address.js';
import {log} from '../base/log.js';
import {processWide} from '../base/shared.js';

/** Somebody stands at a breakpoint, and has the terminal. */
export interface PromptRequest {
  readonly kind: 'breakpoint' | 'post-mortem';
  /** The actor that stands there: this very one. */
  readonly actor: ActorId;
  /** Which of its tasks, for people. */
  readonly task: string;
  /** What failed, of a post-mortem. */
  readonly error?: unknown;
  /** Aborted when the terminal is lost: the root is gone, or the connection to it. */
  readonly signal: AbortSignal;
  /** Runs something as the paused task: a breakpoint in it is passed over. */
  asTask<T>(fn: () => T): T;
}

export interface Front {
  /**
   * Talks to the person at the terminal, in the actor that is paused, until they let it go on. A rejection lets go of
   * the terminal, and is what the task gets.
   */
  openPrompt(request: PromptRequest): Promise<'continue' | 'quit'>;
  /** At the root: whether there is a terminal to give out. Never throws. */
  hasTerminal(): boolean;
}

export const front = processWide<Front>('debugger-front', () => ({openPrompt: noPrompt, hasTerminal}));

/** None is put in the slot. */
async function noPrompt({task}: PromptRequest): Promise<'continue'> {
  log('warn', `${task} is at a breakpoint, and there is no prompt to open: it goes on`);
  return 'continue';
}

/** There is none in a container, under CI, or behind setsid: ENXIO. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r+'));
    return true;
  } catch {
    return false;
  }
}
