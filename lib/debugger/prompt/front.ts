/**
 * What the debugger shows to people, as the rest of it sees that: a slot, so that specs put a prompt of their own in it.
 * Floor 7: below `session` and `root-lock`.
 */
import {isMainThread} from 'node:worker_threads';
import type {ActorId} from '../../base/actor-id.js';
import {log} from '../../base/log.js';
import {processWide} from '../../base/process-wide.js';
import type {CapturedFrame} from '../frames/capture.js';
import {prepareTerminal} from '../terminal/root-terminal.js';
import {isHolding, openPrompt} from './agent.js';
import {openPostMortem} from './post-mortem.js';

/** Somebody stands at a breakpoint, and has the terminal. */
export interface PromptRequest {
  readonly kind: 'breakpoint' | 'post-mortem';
  /** The actor that stands there: this very one. */
  readonly actor: ActorId;
  /** Which of its tasks, for people. */
  readonly task: string;
  /** What failed, of a post-mortem. */
  readonly error?: unknown;
  /** Where it was called, of a breakpoint or a `postMortem()`: when that was captured. */
  readonly frames?: readonly CapturedFrame[] | undefined;
  /** Aborted when the terminal is lost: the root is gone, or the connection to it. */
  readonly signal: AbortSignal;
  /** Where the terminal of the root is reached. */
  readonly terminal: string;
  /** Tells how a prompt has ended that `openPrompt` answered with `stopped`: once, when the program runs again. */
  ended(how: 'continue' | 'quit'): void;
  /** Runs something as the paused task: a breakpoint in it is passed over. */
  asTask<T>(fn: () => T): T;
}

export interface Front {
  /**
   * Talks to the person at the terminal, in the actor that is paused, until they let it go on. `stopped`: this thread is
   * about to stand still in the user's own code, and `ended` tells the rest. A rejection lets go of the terminal, and is
   * what the task gets.
   */
  openPrompt(request: PromptRequest): Promise<'continue' | 'quit' | 'stopped'>;
  /** Whether a prompt that was answered with `stopped` is still open: `ended` is told a little later than it is left. */
  isHolding(): boolean;
  /** At the root: resolves when its terminal can be given out; false where there is none. Never rejects. */
  prepareTerminal(path: string): Promise<boolean>;
}

export const front = processWide<Front>('debugger-front', () => ({openPrompt: ask, isHolding, prepareTerminal}));

/** An inspector can hold nothing but the main thread. */
function ask(request: PromptRequest): ReturnType<Front['openPrompt']> {
  return request.kind === 'breakpoint' && isMainThread ? stopHere(request) : lookBack(request);
}

/** The loop of this thread runs on: what has failed, or awaits its breakpoint, stands still by itself. */
async function lookBack(request: PromptRequest): Promise<'continue' | 'quit'> {
  const {kind, error, frames} = request;
  const where = kind === 'breakpoint' ? {call: frames ?? []} : {here: frames};
  const end = await openPostMortem({...request, ...where, error});
  if (typeof end === 'string') return end === 'quit' ? 'quit' : 'continue';
  const what = kind === 'breakpoint' ? 'is at a breakpoint, and goes on' : 'has crashed, and nobody could look at it';
  log('warn', `${request.task} ${what}: ${end.refused}`);
  return 'continue';
}

/** Stops this very thread, in the call of the breakpoint, or at the statement of the user's that waits for it. */
async function stopHere({
  actor,
  task,
  terminal,
  frames,
  ended,
}: PromptRequest): Promise<'continue' | 'quit' | 'stopped'> {
  /** When the prompt is left before the first step, that is known here before the user's code runs. */
  let left: 'continue' | 'quit' | undefined;
  let stopped = false;
  const refused = await openPrompt({
    terminal,
    label: actor.name,
    frames,
    onEnd(how) {
      left = how === 'quit' ? 'quit' : 'continue';
      if (stopped) ended(left);
    },
  });
  if (left) return left;
  stopped = refused === undefined;
  if (stopped) return 'stopped';
  log('warn', `${task} is at a breakpoint, and goes on: ${refused}`);
  return 'continue';
}
