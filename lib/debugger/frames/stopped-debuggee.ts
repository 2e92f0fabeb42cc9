/**
 * The main thread of this process as a debuggee that stands still: it can be stepped, and its frames and values can be
 * asked for.
 * Floor 7: below `breakpoint-debuggee` and `prompt/agent-worker`, above `stepper` and `frame-values`.
 */
import type {Debuggee, Evaluation, FrameScope, StackFrame, StepKind, StepOutcome} from './debuggee.js';
import {FrameValues} from './frame-values.js';
import {MainThread} from './main-thread.js';
import {Stepper} from './stepper.js';

export class StoppedDebuggee implements Debuggee {
  readonly steps = true;
  readonly thread = new MainThread();
  readonly stepper = new Stepper(this.thread);
  readonly values: FrameValues;

  /** @param evaluateMs timeout for an expression, in ms */
  constructor(evaluateMs: number) {
    this.values = new FrameValues(this.thread, this.stepper, evaluateMs);
  }

  get frames(): readonly StackFrame[] {
    return this.stepper.frames;
  }

  async source(frame: number): Promise<readonly string[] | undefined> {
    const callFrame = this.stepper.callFrames[frame];
    return callFrame && this.thread.sourceAt(callFrame);
  }

  scopes(frame: number): Promise<readonly FrameScope[]> {
    return this.values.scopes(frame);
  }

  evaluate(frame: number, expression: string): Promise<Evaluation> {
    return this.values.evaluate(frame, expression);
  }

  names(frame: number, of: string | undefined): Promise<readonly string[]> {
    return this.values.names(frame, of);
  }

  returned(): Promise<string | undefined> {
    return this.values.returned();
  }

  step(step: StepKind): Promise<StepOutcome> {
    return this.stepper.step(step);
  }

  async devtools(): Promise<Evaluation> {
    const opened = await this.values.devtools();
    if (!opened.failed) this.stepper.isShared = true;
    return opened;
  }
}
