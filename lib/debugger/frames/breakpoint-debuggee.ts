/**
 * The debuggee of a breakpoint's prompt. At first it is the call of the breakpoint, whose frames have been captured.
 * From the first step on it is the program itself: with this step the thread goes from within the call to the user's
 * statement after the call.
 * Floor 7: below `prompt/agent-worker`, above `stopped-debuggee`. It runs in the agent's thread, and talks to
 * `breakpoint-call`, which lives in the main thread.
 *
 *   IN THE CALL ── n, s, f ──▶ LANDED: as `stopped-debuggee` is
 *     └── await EXPR: the thread runs until the promise has settled ──▶ IN THE CALL
 */
import {agentGlobal} from './agent-global.js';
import {mayAwait} from './await-expression.js';
import type {CallSite} from './captured-frame.js';
import type {
  Breakpoints,
  Debuggee,
  Detail,
  Evaluation,
  FrameScope,
  StackFrame,
  StepKind,
  StepOutcome,
} from './debuggee.js';
import type {StoppedDebuggee} from './stopped-debuggee.js';

const breakpointCall = `${agentGlobal}.breakpointCall`;

export class BreakpointDebuggee implements Debuggee {
  readonly steps = true;
  readonly #program: StoppedDebuggee;
  /** Whether the thread still stands in the call. */
  #inCall: boolean;
  #sites: readonly CallSite[] = [];
  #frames: readonly StackFrame[] = [];
  #awaiting = false;

  /** @param inCall whether the main thread has captured the frames of the call */
  constructor(program: StoppedDebuggee, inCall: boolean) {
    this.#program = program;
    this.#inCall = inCall;
    program.breakpoints.fileOf = frame => this.frames[frame]?.file;
  }

  get breakpoints(): Breakpoints {
    return this.#program.breakpoints;
  }

  get frames(): readonly StackFrame[] {
    return this.#inCall ? this.#frames : this.#program.frames;
  }

  /** Resolves at the first stop. */
  async stopped(): Promise<StepOutcome> {
    const {stepper, thread} = this.#program;
    if (!this.#inCall) return stepper.stopped();
    const stopped = await stepper.stoppedAnywhere();
    if (stopped === 'gone') return stopped;
    this.#sites = await this.#ask<readonly CallSite[]>('sites');
    this.#frames = this.#sites.map(site => thread.frameAt(site));
    return stopped;
  }

  /** The prompt is over. The program gets the values that were assigned to variables of the call, and the breakpoints. */
  async leave(how: 'continue' | 'quit' | 'quit all' | 'gone'): Promise<void> {
    await this.#handBreakpointsOver();
    if (!this.#inCall) return;
    try {
      const changes = how === 'continue' ? await this.#changes() : [];
      if (changes.some(names => names.length > 0)) await this.#land(changes);
      else await this.#program.values.ask(`${breakpointCall}.released = true`);
    } catch {
      // The terminal was lost, and the program runs already.
    }
  }

  /** From now on the thread of the program heeds them itself, because no session may hold it without the terminal. */
  async #handBreakpointsOver(): Promise<void> {
    const {breakpoints, values} = this.#program;
    const list = JSON.stringify(JSON.stringify(breakpoints.kept));
    // Nothing to hand over to where the terminal was lost, and the program runs already.
    if (breakpoints.wereSet) await values.ask(`${agentGlobal}.keepBreakpoints(${list})`).catch(() => {});
  }

  /** Ends the step that is being made, or the wait for a promise. */
  interrupt(): void {
    if (this.#awaiting) this.#program.values.tell(call('giveUp'));
    else this.#program.stepper.interrupt();
  }

  async source(frame: number): Promise<readonly string[] | undefined> {
    if (!this.#inCall) return this.#program.source(frame);
    const site = this.#sites[frame];
    return site && this.#program.thread.sourceAt(site);
  }

  async scopes(frame: number): Promise<readonly FrameScope[]> {
    return this.#inCall ? this.#ask('scopes', frame) : this.#program.scopes(frame);
  }

  async names(frame: number, of: string | undefined): Promise<readonly string[]> {
    if (!this.#inCall) return this.#program.names(frame, of);
    return of === undefined ? this.#ask('names', frame) : this.#ask('names', frame, of);
  }

  devtools(): Promise<Evaluation> {
    return this.#program.devtools();
  }

  async returned(): Promise<string | undefined> {
    return this.#inCall ? undefined : this.#program.returned();
  }

  parameters(frame: number): Promise<readonly string[]> {
    return this.#inCall ? this.#program.parametersAt(this.#sites[frame]) : this.#program.parameters(frame);
  }

  async evaluate(frame: number, expression: string, detail: Detail = 'full'): Promise<Evaluation> {
    if (this.#inCall)
      return mayAwait(expression)
        ? this.#await(frame, expression, detail)
        : this.#ask('evaluate', frame, expression, detail);
    const evaluation = await this.#program.evaluate(frame, expression, detail);
    if (!evaluation.failed || !evaluation.text.startsWith('SyntaxError') || !mayAwait(expression)) return evaluation;
    return {
      failed: true,
      text: 'nothing can be awaited here, where the program stands still: await works before the first step, and after a crash',
    };
  }

  async step(step: StepKind): Promise<StepOutcome> {
    if (!this.#inCall) return this.#program.step(step);
    const landed = await this.#land(await this.#changes());
    return landed === 'stopped' && step === 'out' ? this.#program.step(step) : landed;
  }

  /** Lets the thread run until the expression has settled, or until the person does not wait any longer. */
  async #await(frame: number, expression: string, detail: Detail): Promise<Evaluation> {
    const {stepper, values} = this.#program;
    await values.ask(call('want', frame, expression, detail));
    this.#awaiting = true;
    try {
      for (;;) {
        if ((await stepper.runOn()) === 'gone') return {failed: true, text: 'the program is gone'};
        // Without an answer, this stop is a `debugger` statement of the program, which is passed over.
        const answer = await values.ask(call('answer'));
        if (answer !== 'undefined') return JSON.parse(answer) as Evaluation;
      }
    } finally {
      this.#awaiting = false;
    }
  }

  /** Goes to the user's statement after the call, and assigns there what was assigned in the call. */
  async #land(changes: readonly (readonly string[])[]): Promise<StepOutcome> {
    this.#inCall = false;
    const {stepper} = this.#program;
    const landed = await stepper.land();
    const site: CallSite | undefined = stepper.callFrames[0];
    const frame = site && landed === 'stopped' ? this.#sites.findIndex(one => isSameFunction(one, site)) : -1;
    for (const name of changes[frame] ?? []) {
      await this.#program.evaluate(0, `${name} = ${call('value', frame, name)}`);
    }
    return landed;
  }

  /** The names of the variables that were assigned to, by frame. */
  #changes(): Promise<readonly (readonly string[])[]> {
    return Promise.all(this.#sites.map((_, frame) => this.#ask<readonly string[]>('changed', frame)));
  }

  async #ask<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    return JSON.parse(await this.#program.values.ask(call(method, ...args))) as T;
  }
}

const call = (method: string, ...args: readonly unknown[]): string =>
  `${breakpointCall}.${method}(${args.map(arg => JSON.stringify(arg)).join(', ')})`;

/** Whether both are the same function. The line differs where the function has gone on since. */
function isSameFunction({functionLocation: a}: CallSite, {functionLocation: b}: CallSite): boolean {
  return (
    a !== undefined &&
    b !== undefined &&
    a.scriptId === b.scriptId &&
    a.lineNumber === b.lineNumber &&
    a.columnNumber === b.columnNumber
  );
}
