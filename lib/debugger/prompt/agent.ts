/**
 * The main thread's side of the debugger: starts the agent once, lets it take hold of this thread, stops.
 * Floor 7: below `session`, which has the terminal's lock when it calls this; above `agent-worker`, which is data here.
 */
import type {Worker} from 'node:worker_threads';
import {processWide} from '../../base/process-wide.js';
import {type CapturedFrame, suspendCapture} from '../frames/capture.js';
import {Held} from '../frames/held.js';
import {makeSlot} from '../frames/slot.js';
import {startThread} from '../terminal/thread.js';

export type ToWorker =
  | {
      readonly type: 'arm';
      readonly terminal: string;
      readonly label: string;
      readonly evaluateMs: number;
      readonly held: boolean;
      /** Set when the program is let go of: the message comes later than its next statement. */
      readonly over: Int32Array;
    }
  | {readonly type: 'abandon'; readonly done: Int32Array};

export type FromWorker =
  | {readonly type: 'armed'; readonly columns: number}
  | {readonly type: 'refused'; readonly why: string}
  | {readonly type: 'released'; readonly how: 'continue' | 'quit' | 'gone'};

/** How a prompt ended. `quit`: the user wants the task to end. `gone`: stepped to where no code of the user's is left. */
export type PromptEnd = Extract<FromWorker, {type: 'released'}>['how'];

export interface PromptOptions {
  /** The path at which the terminal listens: `Terminal.path`, in the root. */
  readonly terminal: string;
  /** Who is asked: stands before the cursor. */
  readonly label: string;
  /** How long an expression may run, in ms; nothing else ends it. Default: 5000. */
  readonly evaluateMs?: number;
  /** Where the breakpoint was called: then the thread stops within the call, and goes to the statement after it with the first step. */
  readonly frames?: readonly CapturedFrame[] | undefined;
  /** Called when the program runs again and the terminal is as it was before. Once, unless the prompt was refused. */
  readonly onEnd: (how: PromptEnd) => void;
}

interface Agent {
  worker: Worker | undefined;
  /** Of the prompt that is open. */
  over: Int32Array | undefined;
}

const agent = processWide<Agent>('debugger/agent', () => ({worker: undefined, over: undefined}));

/** Whether a prompt is open that holds this thread, at this very statement. */
export function isHolding(): boolean {
  return agent.over !== undefined && Atomics.load(agent.over, 0) === 0;
}

/**
 * Stops this thread in the caller's caller, at its statement after the `await`, and gives the user a prompt there. One at
 * a time in a tree: whoever calls has the lock. Await it as the last act of every function between it and the user's code.
 * A prompt with `frames` that is left without a step is over, `onEnd` and all, when this resolves.
 * @returns undefined when there was a prompt; else why there is none, and nothing has happened
 */
export async function openPrompt({onEnd, ...options}: PromptOptions): Promise<string | undefined> {
  agent.worker ??= startWorker();
  let ended = (): void => {};
  const end = new Promise<void>(resolve => {
    ended = resolve;
  });
  const held = options.frames && new Held(options.frames);
  const refused = await arm(agent.worker, held, {
    ...options,
    onEnd(how) {
      held?.giveUp();
      onEnd(how);
      ended();
    },
  });
  if (refused !== undefined) return refused;
  for (;;) {
    // biome-ignore lint/suspicious/noDebugger: what all of this is for
    debugger;
    // Nothing is awaited when nothing is wanted: the agent steps out from here.
    if (!held?.wants) break;
    await held.settle();
  }
  if (held?.released) await end;
  return undefined;
}

function startWorker(): Worker {
  const worker = startThread(new URL('./agent-worker.js', import.meta.url), {
    name: 'rxtractor debugger',
    lastWord: (done): ToWorker => ({type: 'abandon', done}),
    exitMs: 1_000,
  });
  worker.unref();
  worker.on('error', () => {});
  worker.once('exit', () => {
    if (agent.worker === worker) agent.worker = undefined;
  });
  return worker;
}

/** Resolves with undefined once the next `debugger` statement stops this thread. */
function arm(
  worker: Worker,
  held: Held | undefined,
  {terminal, label, evaluateMs = 5_000, onEnd}: PromptOptions,
): Promise<string | undefined> {
  return new Promise(resolve => {
    // Until the end, so that the program does not end in between, and its lock is given back.
    worker.ref();
    const over = new Int32Array(new SharedArrayBuffer(4));
    agent.over = over;
    const resumeCapture = suspendCapture(() => Atomics.load(over, 0) !== 0);
    const end = (): void => {
      if (agent.over === over) agent.over = undefined;
      resumeCapture();
      worker.off('message', receive);
      worker.off('exit', lost);
      worker.unref();
    };
    let armed = false;
    const lost = (): void => {
      end();
      if (armed) onEnd('gone');
      else resolve('the debugger has failed');
    };
    const receive = (message: FromWorker): void => {
      if (message.type === 'armed') {
        armed = true;
        held?.shownIn(message.columns, evaluateMs);
        makeSlot(message.columns, held);
        return resolve(undefined);
      }
      end();
      if (message.type === 'refused') resolve(message.why);
      else onEnd(message.how);
    };
    worker.on('message', receive);
    worker.once('exit', lost);
    const arming: ToWorker = {type: 'arm', terminal, label, evaluateMs, held: held !== undefined, over};
    worker.postMessage(arming);
  });
}
