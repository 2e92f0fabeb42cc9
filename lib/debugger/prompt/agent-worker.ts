/**
 * The agent: a thread beside an actor's main thread, which it holds still while a person looks at it. It loads nothing
 * of the runtime. It prints nothing, because what a worker prints passes through the main thread.
 * Floor 7: the entry of the worker that `breakpoint-prompt` starts.
 *
 *   main                        agent                        terminal
 *   arm ───────────────────────▶ open ─────────────────────────▶
 *                                ◀──────────────────────── opened
 *   ◀── armed ── (connected)
 *   `debugger` … stopped         print, ask ◀──▶ line …
 *   runs on for `await EXPR`, then `debugger` again
 *                                close ────────────────────────▶
 *   runs ◀── disconnect          ◀──────────────────────── closed
 *   ◀── released
 */
import {readFileSync} from 'node:fs';
import {type MessagePort, parentPort} from 'node:worker_threads';
import {plainClock} from '../../base/clock.js';
import {agentGlobal, type TerminalLook} from '../frames/agent-global.js';
import {BreakpointDebuggee} from '../frames/breakpoint-debuggee.js';
import {BreakpointList} from '../frames/program-breakpoints.js';
import {StoppedDebuggee} from '../frames/stopped-debuggee.js';
import {confirmExit} from '../terminal/debugger-thread.js';
import type {AgentToMain, MainToAgent} from './breakpoint-prompt.js';
import {CommandLanguage, type PromptEnd} from './command-language.js';
import {Conversation} from './conversation.js';
import {holdAnswer, holdState} from './hold-answer.js';
import {PromptMemory} from './prompt-memory.js';

const main = parentPort as MessagePort;

type HoldMessage = Extract<MainToAgent, {type: 'hold'}>;
type DistributiveOmit<T, K extends string> = T extends unknown ? Omit<T, K> : never;

/** False where the main thread does not wait any more. */
function answerHold({answer}: HoldMessage, state: number): boolean {
  const was = Atomics.compareExchange(answer, holdAnswer.state, holdState.open, state);
  Atomics.notify(answer, holdAnswer.state);
  return was === holdState.open;
}

const memory = new PromptMemory();
const breakpoints = new BreakpointList();

/** Timeout, in ms, for a root to end after its terminal is gone. */
const goneMs = 1_000;

/** The agent's part of one prompt. */
class AgentPrompt {
  readonly #program: StoppedDebuggee;
  readonly #debuggee: BreakpointDebuggee;
  readonly #label: string;
  readonly #language: CommandLanguage;
  readonly #conversation: Conversation;
  readonly #over: Int32Array;
  readonly #id: number;
  #connected = false;
  /** Set where the main thread is held in a statement. */
  readonly #held: HoldMessage | undefined;

  constructor(message: Extract<MainToAgent, {type: 'arm'}> | HoldMessage) {
    const {terminal, label, evaluateMs, over} = message;
    const inCall = message.type === 'arm' && message.inCall;
    this.#held = message.type === 'hold' ? message : undefined;
    const program = new StoppedDebuggee(evaluateMs, breakpoints);
    const debuggee = new BreakpointDebuggee(program, inCall);
    this.#program = program;
    this.#debuggee = debuggee;
    program.stepper.onResumed = () => this.#conversation.leave(['another debugger has resumed the program']);
    this.#label = label;
    this.#id = message.id;
    this.#over = over;
    this.#language = new CommandLanguage(debuggee, memory);
    this.#conversation = new Conversation(
      terminal,
      label,
      this.#language,
      {
        opened: look => void (this.#held ? this.#holdStatement(this.#held, look) : this.#hold(look)),
        refused: why => (this.#held ? answerHold(this.#held, holdState.refused) : this.#tell({type: 'refused', why})),
        interrupt: () => debuggee.interrupt(),
        calm: () => program.stepper.calm(),
        lost: () => void this.#lost(),
      },
      this.#held?.claim,
    );
  }

  /** The process ends. Node keeps a process waiting for a session that is still connected. */
  abandon(): void {
    if (this.#connected) this.#program.stepper.disconnect();
    this.#conversation.abandon();
  }

  async #hold(look: TerminalLook): Promise<void> {
    this.#language.colours = look.colours;
    await this.#program.stepper.connect();
    await this.#program.breakpoints.connect();
    this.#connected = true;
    const stopped = this.#debuggee.stopped();
    this.#tell({type: 'armed', look});
    await this.#release((await stopped) === 'gone' ? this.#unawaited() : await this.#talk());
  }

  /** The main thread waits for the answer, and then for this session, in the middle of its statement. */
  async #holdStatement(held: HoldMessage, look: TerminalLook): Promise<void> {
    this.#language.colours = look.colours;
    Atomics.store(held.answer, holdAnswer.columns, look.columns);
    Atomics.store(held.answer, holdAnswer.colours, look.colours ? 1 : 0);
    // The main thread has not waited that long: the terminal is given back.
    if (!answerHold(held, holdState.held)) return this.#conversation.close();
    const {stepper, breakpoints, thread, values} = this.#program;
    const stopped = stepper.stopped();
    await stepper.connect();
    this.#connected = true;
    if (held.breakpoint !== undefined) breakpoints.stoppedAt(held.breakpoint);
    await breakpoints.connect();
    await thread.post('Runtime.runIfWaitingForDebugger');
    const outcome = await stopped;
    await values.ask(`${agentGlobal}.statement.stopped()`).catch(() => {});
    const end = outcome === 'gone' ? 'gone' : await this.#talk();
    await this.#conversation.close();
    // Before the program runs: the code after the statement may not wait for anything, and may stop again.
    await values.ask(`${agentGlobal}.statement.left('${end}')`).catch(() => {});
    await this.#release(end);
  }

  async #talk(): Promise<PromptEnd> {
    const end = await this.#conversation.talk();
    await this.#debuggee.leave(end);
    return end;
  }

  #unawaited(): PromptEnd {
    const why = 'no code of yours awaits this breakpoint, so there is no place to stop at';
    this.#conversation.print([`${this.#label}: ${why}`]);
    return 'gone';
  }

  /**
   * Closes the terminal first, so that the program prints nothing on one that is not restored. Then lets the program
   * go.
   */
  async #release(how: PromptEnd): Promise<void> {
    await this.#conversation.close();
    // Before the program runs, so that the message is there in the first turn of its event loop.
    this.#tell({type: 'released', how});
    Atomics.store(this.#over, 0, 1);
    this.#program.stepper.disconnect();
    this.#connected = false;
  }

  #tell(message: DistributiveOmit<AgentToMain, 'id'>): void {
    main.postMessage({...message, id: this.#id} as AgentToMain);
  }

  /** The terminal is gone, with or without the root. A main thread that stands still could not even end by itself. */
  async #lost(): Promise<void> {
    if (!this.#connected) {
      if (this.#held) return void answerHold(this.#held, holdState.refused);
      return this.#tell({type: 'refused', why: 'the terminal cannot be reached'});
    }
    const {root} = this.#conversation;
    if (root !== undefined && (await isGone(root))) process.kill(process.pid, 'SIGKILL');
    this.#program.stepper.disconnect();
  }
}

/** Whether a process has ended, or ends within the timeout: its sockets are closed a little before it ends. */
async function isGone(pid: number): Promise<boolean> {
  for (const until = plainClock.now() + goneMs; plainClock.now() < until; ) {
    if (!isAlive(pid)) return true;
    await plainClock.pause(goneMs / 50);
  }
  return false;
}

/** Whether a process runs. A process that has ended, and whose parent has not collected it yet, does not. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    if (process.platform !== 'linux') return true;
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}

let prompt: AgentPrompt | undefined;

main.on('message', (message: MainToAgent) => {
  if (message.type !== 'abandon') prompt = new AgentPrompt(message);
  else {
    prompt?.abandon();
    confirmExit(message.done);
  }
});
