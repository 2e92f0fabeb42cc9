/**
 * The prompt of a breakpoint, as the main thread opens it: it starts the agent, lets the agent take hold of this
 * thread, and stops.
 * Floor 7: below `user-interface`, which has the terminal's lock when it calls this; above `agent-worker`, which it
 * starts by URL.
 */
import {waitForDebugger} from 'node:inspector';
import type {Worker} from 'node:worker_threads';
import {deferred} from '../../base/deferred.js';
import {processWide} from '../../base/process-wide.js';
import {defineAgentGlobal, type StatementListener, type TerminalLook} from '../frames/agent-global.js';
import {BreakpointCall} from '../frames/breakpoint-call.js';
import {ignoreStops, suspendCapture} from '../frames/capture.js';
import type {CapturedFrame} from '../frames/captured-frame.js';
import {startDebuggerThread} from '../terminal/debugger-thread.js';
import type {TerminalClaim} from '../terminal/terminal-socket.js';
import type {PromptEnd} from './command-language.js';
import {holdAnswer, holdState} from './hold-answer.js';

export type MainToAgent =
  | {
      readonly type: 'arm';
      /** The number of this prompt. It tells late messages of the prompt before from those of this one. */
      readonly id: number;
      readonly terminal: string;
      readonly label: string;
      readonly evaluateMs: number;
      /** Whether the frames of the breakpoint's call have been captured. */
      readonly inCall: boolean;
      /** Its element is set when the program runs again: the program's next statement comes sooner than any message. */
      readonly over: Int32Array;
    }
  | {
      /** The main thread stands in a statement, and waits for the answer with its event loop blocked. */
      readonly type: 'hold';
      readonly id: number;
      readonly terminal: string;
      readonly label: string;
      readonly evaluateMs: number;
      /** The claim with which the terminal asks the root for the lock; absent where the main thread has it. */
      readonly claim?: TerminalClaim | undefined;
      /** The breakpoint at which the thread stands. */
      readonly breakpoint: number | undefined;
      readonly answer: Int32Array;
      readonly over: Int32Array;
    }
  | {readonly type: 'abandon'; readonly done: Int32Array};

export type AgentToMain =
  | {readonly type: 'armed'; readonly id: number; readonly look: TerminalLook}
  | {readonly type: 'refused'; readonly id: number; readonly why: string}
  | {readonly type: 'released'; readonly id: number; readonly how: PromptEnd};

export interface BreakpointPromptOptions {
  /** The path at which the terminal listens: `Terminal.path`, in the root. */
  readonly terminal: string;
  /** The name that stands before the cursor. */
  readonly label: string;
  /** Timeout for an expression, in ms: nothing else ends one. Default: 5000. */
  readonly evaluateMs?: number;
  /**
   * The frames in which the breakpoint was called. With them the thread stops within the call, and goes to the
   * statement after it with the first step.
   */
  readonly frames?: readonly CapturedFrame[] | undefined;
  /**
   * Called once when the program runs again and the terminal is as it was before. Not called when the prompt was
   * refused.
   */
  readonly onEnd: (how: PromptEnd) => void;
}

interface Agent {
  worker: Worker | undefined;
  nextId: number;
  /** `over` of the prompt that is open. */
  over: Int32Array | undefined;
}

const agent = processWide<Agent>('debugger/agent', () => ({worker: undefined, nextId: 0, over: undefined}));

/** Whether a prompt holds this thread now. False at the first statement that runs after the prompt. */
export function isHolding(): boolean {
  return agent.over !== undefined && Atomics.load(agent.over, 0) === 0;
}

/**
 * Stops this thread in the caller's caller, at its statement after the `await`, and gives the person a prompt there.
 * One prompt at a time in a tree: the caller has the lock. Every function between this one and the user's code awaits
 * the call as its last act. Where a prompt with `frames` is left without a step, it is over (`onEnd` included) when
 * this resolves.
 *
 * @returns undefined when there was a prompt; else the reason why there was none
 */
export async function openBreakpointPrompt({onEnd, ...options}: BreakpointPromptOptions): Promise<string | undefined> {
  agent.worker ??= startAgent();
  const end = deferred();
  const breakpointCall = options.frames && new BreakpointCall(options.frames);
  const refused = await arm(agent.worker, breakpointCall, {
    ...options,
    onEnd(how) {
      breakpointCall?.giveUp();
      onEnd(how);
      end.resolve();
    },
  });
  if (refused !== undefined) return refused;
  for (;;) {
    // biome-ignore lint/suspicious/noDebugger: this statement is the stop of the breakpoint
    debugger;
    // Nothing may be awaited when no expression is, because the agent steps out from here.
    if (!breakpointCall?.wants) break;
    await breakpointCall.settle();
  }
  if (breakpointCall?.released) await end.promise;
  return undefined;
}

export interface HeldPromptOptions extends Omit<BreakpointPromptOptions, 'frames'> {
  readonly claim?: TerminalClaim | undefined;
  readonly breakpoint: number | undefined;
  readonly statement: StatementListener;
}

/** Timeout, in ms, for the agent and the root to answer a thread that cannot do anything else meanwhile. */
const holdMs = 3_000;

/**
 * Stops this thread where it stands, in a statement that cannot wait: it is called in the middle of a stop of the thread's own
 * session, and the thread stands still for the agent's session when this has returned true. False where somebody else has the
 * terminal, or there is none.
 */
export function holdHere({
  terminal,
  label,
  evaluateMs = 5_000,
  onEnd,
  claim,
  breakpoint,
  statement,
}: HeldPromptOptions): boolean {
  if (isHolding()) return false;
  agent.worker ??= startAgent();
  const {worker} = agent;
  const id = agent.nextId++;
  const answer = new Int32Array(new SharedArrayBuffer(12));
  const over = new Int32Array(new SharedArrayBuffer(4));
  worker.postMessage({
    type: 'hold',
    id,
    terminal,
    label,
    evaluateMs,
    claim,
    breakpoint,
    answer,
    over,
  } satisfies MainToAgent);
  Atomics.wait(answer, holdAnswer.state, holdState.open, holdMs);
  Atomics.compareExchange(answer, holdAnswer.state, holdState.open, holdState.givenUp);
  if (Atomics.load(answer, holdAnswer.state) !== holdState.held) return false;
  agent.over = over;
  const resumeCapture = ignoreStops(() => Atomics.load(over, 0) !== 0);
  worker.ref();
  const end = (how: PromptEnd): void => {
    if (agent.over === over) agent.over = undefined;
    resumeCapture();
    worker.off('message', receive);
    worker.off('exit', lost);
    if (agent.over === undefined) worker.unref();
    onEnd(how);
  };
  const receive = (message: AgentToMain): void => {
    if (message.id === id && message.type === 'released') end(message.how);
  };
  const lost = (): void => end('gone');
  worker.on('message', receive);
  worker.once('exit', lost);
  const look = {columns: answer[holdAnswer.columns] ?? 80, colours: answer[holdAnswer.colours] === 1};
  defineAgentGlobal(look, undefined, statement);
  // Its only means to let the agent's session connect in the middle of a stop.
  waitForDebugger();
  return true;
}

function startAgent(): Worker {
  const worker = startDebuggerThread(new URL('./agent-worker.js', import.meta.url), {
    name: 'rxtractor debugger',
    exitMessage: (done): MainToAgent => ({type: 'abandon', done}),
    exitMs: 1_000,
  });
  worker.unref();
  worker.on('error', () => {});
  worker.once('exit', () => {
    if (agent.worker === worker) agent.worker = undefined;
  });
  return worker;
}

/**
 * Resolves with undefined when the agent stops this thread at its next `debugger` statement, else with why it does not.
 */
function arm(
  worker: Worker,
  breakpointCall: BreakpointCall | undefined,
  {terminal, label, evaluateMs = 5_000, onEnd}: BreakpointPromptOptions,
): Promise<string | undefined> {
  return new Promise(resolve => {
    // Keeps the process alive until the end of the prompt, so that the lock is given back.
    worker.ref();
    const id = agent.nextId++;
    const over = new Int32Array(new SharedArrayBuffer(4));
    agent.over = over;
    const resumeCapture = suspendCapture(() => Atomics.load(over, 0) !== 0);
    const end = (): void => {
      if (agent.over === over) agent.over = undefined;
      resumeCapture();
      worker.off('message', receive);
      worker.off('exit', lost);
      if (agent.over === undefined) worker.unref();
    };
    let armed = false;
    const lost = (): void => {
      end();
      if (armed) onEnd('gone');
      else resolve('the debugger has failed');
    };
    const receive = (message: AgentToMain): void => {
      if (message.id !== id) return;
      if (message.type === 'armed') {
        armed = true;
        breakpointCall?.shownIn(message.look, evaluateMs);
        defineAgentGlobal(message.look, breakpointCall);
        return resolve(undefined);
      }
      end();
      if (message.type === 'refused') resolve(message.why);
      else onEnd(message.how);
    };
    worker.on('message', receive);
    worker.once('exit', lost);
    const arming: MainToAgent = {
      type: 'arm',
      id,
      terminal,
      label,
      evaluateMs,
      inCall: breakpointCall !== undefined,
      over,
    };
    worker.postMessage(arming);
  });
}
