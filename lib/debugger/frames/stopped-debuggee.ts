/**
 * The main thread of this process as a debuggee that stands still: it can be stepped, and its frames and values can be
 * asked for.
 * Floor 7: below `breakpoint-debuggee` and `prompt/agent-worker`, above `stepper` and `frame-values`.
 */
import type {CallSite} from './captured-frame.js';
import type {Debuggee, Detail, Evaluation, FrameScope, StackFrame, StepKind, StepOutcome} from './debuggee.js';
import {FrameValues} from './frame-values.js';
import {MainThread} from './main-thread.js';
import {BreakpointList, ProgramBreakpoints} from './program-breakpoints.js';
import {Stepper} from './stepper.js';

export class StoppedDebuggee implements Debuggee {
  readonly steps = true;
  readonly thread = new MainThread();
  readonly stepper = new Stepper(this.thread);
  readonly values: FrameValues;
  readonly breakpoints: ProgramBreakpoints;

  /**
   * @param evaluateMs timeout for an expression, in ms
   * @param list the breakpoints of earlier prompts
   */
  constructor(evaluateMs: number, list = new BreakpointList()) {
    this.values = new FrameValues(this.thread, this.stepper, evaluateMs);
    this.breakpoints = new ProgramBreakpoints(this.thread, this.stepper, list);
    this.breakpoints.fileOf = frame => this.frames[frame]?.file;
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

  evaluate(frame: number, expression: string, detail?: Detail): Promise<Evaluation> {
    return this.values.evaluate(frame, expression, detail);
  }

  async parameters(frame: number): Promise<readonly string[]> {
    return this.parametersAt(this.stepper.callFrames[frame]);
  }

  /** The names of the parameters of the function of a call frame. */
  async parametersAt(site: CallSite | undefined): Promise<readonly string[]> {
    const {scriptId, lineNumber, columnNumber = 0} = site?.functionLocation ?? {};
    return scriptId === undefined || lineNumber === undefined
      ? []
      : this.values.parameters(scriptId, lineNumber, columnNumber);
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

  devtools(): Promise<Evaluation> {
    return this.values.devtools();
  }
}
