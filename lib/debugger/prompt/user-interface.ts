/**
 * How the debugger talks to a person, as the rest of it sees that. Specs replace the functions by their own.
 * Floor 7: below `actor-debugger` and `lock`, above the two kinds of prompts and the terminal of the root.
 */
import {isMainThread} from 'node:worker_threads';
import type {ActorId} from '../../base/actor-id.js';
import {log} from '../../base/log.js';
import {processWide} from '../../base/process-wide.js';
import type {CapturedFrame} from '../frames/captured-frame.js';
import {prepareTerminal} from '../terminal/root-terminal.js';
import {type HeldPromptOptions, holdHere, isHolding, openBreakpointPrompt} from './breakpoint-prompt.js';
import type {PromptEnd} from './command-language.js';
import {openPostMortemPrompt} from './post-mortem-prompt.js';

/** A task stands at a breakpoint or has failed, and its actor has the terminal. */
export interface PromptRequest {
  readonly kind: 'breakpoint' | 'post-mortem';
  /** The actor of the task: this one. */
  readonly actor: ActorId;
  /** The name of the task, for people. */
  readonly task: string;
  /** For a post-mortem: what failed. */
  readonly error?: unknown;
  /** The frames in which `breakpoint()` or `postMortem()` was called, when they were captured. */
  readonly frames?: readonly CapturedFrame[] | undefined;
  /** Aborted when the terminal is lost: the root is gone, or the connection to it. */
  readonly signal: AbortSignal;
  /** The path at which the root's terminal listens. */
  readonly terminal: string;
  /** Called once, when `openPrompt` has answered with `stopped` and the program runs again. */
  ended(how: PromptAnswer): void;
  /** Runs `fn` as the paused task: a breakpoint in it is passed over. */
  asTask<T>(fn: () => T): T;
}

/** The decision of the person: the program runs on, the task ends, or the whole tree ends. */
export type PromptAnswer = 'continue' | 'quit' | 'quit all';

export interface UserInterface {
  /**
   * Talks to the person at the terminal, in the actor that is paused, until the person lets the task go on. `stopped`:
   * this thread is about to stand still in the user's own code, and `ended` tells how that ends. When it rejects, the
   * terminal is given back, and the task gets the error.
   */
  openPrompt(request: PromptRequest): Promise<PromptAnswer | 'stopped'>;
  /**
   * Whether a prompt that was answered with `stopped` is still open. `ended` is called a little after the prompt is
   * left.
   */
  isHolding(): boolean;
  /**
   * Stops this thread in the middle of a statement, if that can be done at once. False: the statement is passed over.
   */
  holdHere(options: HeldPromptOptions): boolean;
  /** At the root: resolves when its terminal can be given out; false where there is none. Never rejects. */
  prepareTerminal(path: string): Promise<boolean>;
}

export const userInterface = processWide<UserInterface>('debugger/user-interface', () => ({
  openPrompt,
  isHolding,
  holdHere: options => isMainThread && holdHere(options),
  prepareTerminal,
}));

const answerOf = (end: PromptEnd): PromptAnswer => (end === 'gone' ? 'continue' : end);

/** An inspector can hold the main thread, and no other one. */
function openPrompt(request: PromptRequest): ReturnType<UserInterface['openPrompt']> {
  return request.kind === 'breakpoint' && isMainThread ? stopHere(request) : lookBack(request);
}

/** The event loop of this thread runs on. The task waits here: it has failed, or awaits its breakpoint. */
async function lookBack(request: PromptRequest): Promise<PromptAnswer> {
  const {kind, error, frames} = request;
  const where = kind === 'breakpoint' ? {call: frames ?? []} : {here: frames};
  const end = await openPostMortemPrompt({...request, ...where, error});
  if (typeof end === 'string') return answerOf(end);
  const what = kind === 'breakpoint' ? 'is at a breakpoint, and goes on' : 'has crashed, and nobody could look at it';
  log('warn', `${request.task} ${what}: ${end.refused}`);
  return 'continue';
}

/** Stops this thread, in the call of the breakpoint or at the user's statement that awaits it. */
async function stopHere({actor, task, terminal, frames, ended}: PromptRequest): Promise<PromptAnswer | 'stopped'> {
  /** Set here before the user's code runs, when the prompt is left before the first step. */
  let left: PromptAnswer | undefined;
  let stopped = false;
  const refused = await openBreakpointPrompt({
    terminal,
    label: actor.name,
    frames,
    onEnd(how) {
      left = answerOf(how);
      if (stopped) ended(left);
    },
  });
  if (left) return left;
  stopped = refused === undefined;
  if (stopped) return 'stopped';
  log('warn', `${task} is at a breakpoint, and goes on: ${refused}`);
  return 'continue';
}
