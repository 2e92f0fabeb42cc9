/**
 * Brings the main thread from one stop to the next: steps, interrupts, and the way through code that is not the user's.
 * Floor 7: below `frame-values` and `stopped-debuggee`, above `main-thread`. It runs in the agent's thread.
 */
import type {Debugger} from 'node:inspector';
import {plainClock, type Stop} from '../../base/clock.js';
import {type Deferred, deferred} from '../../base/deferred.js';
import {isAsyncFunctionAt} from './async-function.js';
import type {StackFrame, StepKind, StepOutcome} from './debuggee.js';
import {type CallFrame, functionKey, isThrow} from './inspector-protocol.js';
import type {MainThread} from './main-thread.js';

/** Maximum number of stops in code that is not the user's, because a step must come to an end. */
const maxHops = 2_000;
/**
 * After this number of stops the stepper goes out of a library instead of into what it calls, because a library may run
 * for very long. What the library calls then is passed over.
 */
const maxInside = 1_000;
/**
 * Timeout, in ms, for a stop after the user's last frame was left: the code that awaited this frame runs at once or
 * never.
 */
const leftMs = 300;
/** Milliseconds after which a program that was told to stop and did not counts as idle. */
const idleMs = 100;

const methods = {over: 'Debugger.stepOver', into: 'Debugger.stepInto', out: 'Debugger.stepOut'} as const;

export class Stepper {
  /** The user's frames at this stop, the innermost first. Empty while the program runs. */
  frames: readonly StackFrame[] = [];
  /** The call frames that belong to `frames`. */
  callFrames: readonly CallFrame[] = [];
  /** The innermost call frame at this stop. It may not be the user's. */
  top: CallFrame | undefined;
  /** Called with the inspector's names of the breakpoints at which a step has ended. */
  onStop: (breakpoints: readonly string[]) => void = () => {};
  /** Called when another debugger has resumed the program. */
  onResumed: () => void = () => {};
  readonly #thread: MainThread;
  /** The stop that is awaited. */
  #landing: Deferred<StepOutcome> | undefined;
  /** Whether the stop that is awaited may be in any code. */
  #anywhere = false;
  #hops = 0;
  /** Whether the program stands at a breakpoint. */
  #isHit = false;
  /** The function in which the last step began. */
  #stepped: string | undefined;
  #running = true;
  #leaving = false;
  /** Whether the program is on its way from the call of a breakpoint to the code that awaits it. */
  #arriving = false;
  /** Whether the person has pressed Ctrl-C since the last question. */
  #wanted = false;
  /** Whether the program has been told to stop. */
  #interrupted = false;
  #stopLeftTimer: Stop | undefined;

  constructor(thread: MainThread) {
    this.#thread = thread;
  }

  /** From now on the program stops at its next `debugger` statement. */
  connect(): Promise<void> {
    return this.#thread.connect({
      paused: event => {
        if (isThrow(event) && !this.#interrupted) void this.#passThrow(event);
        else this.#paused(event);
      },
      resumed: () => this.#resumed(),
    });
  }

  /** The program runs on. */
  disconnect(): void {
    this.#stopLeftTimer?.();
    this.#leaving = true;
    // Otherwise the program would stay stopped for another debugger, and Node would take a later wait for this pause.
    if (!this.#running) this.#thread.post('Debugger.resume').catch(() => {});
    this.#thread.disconnect();
    this.#land('gone');
  }

  /** Resolves at the first stop in the user's code. */
  stopped(): Promise<StepOutcome> {
    this.#arriving = true;
    return this.#await();
  }

  /** Resolves at the next stop in any code. */
  stoppedAnywhere(): Promise<StepOutcome> {
    const stopped = this.#await();
    this.#anywhere = true;
    return stopped;
  }

  /** Lets the program run to its next stop in any code. */
  async runOn(): Promise<StepOutcome> {
    const stopped = this.stoppedAnywhere();
    await this.#thread.post('Debugger.resume');
    return stopped;
  }

  /** Steps out of code that is not the user's. */
  land(): Promise<StepOutcome> {
    this.#arriving = true;
    const landed = this.#await();
    this.#hop([]);
    return landed;
  }

  async step(kind: StepKind): Promise<StepOutcome> {
    return kind === 'out' && (await this.#isAsync(this.callFrames[0])) ? this.#finish() : this.#step(kind);
  }

  /** Ends the step that is being made, or that is about to be made. */
  interrupt(): void {
    this.#wanted = true;
    if (this.#landing && this.#running) this.#interrupt();
  }

  /** The person is asked again, so that nothing is left to interrupt. */
  calm(): void {
    this.#wanted = false;
  }

  async #step(kind: StepKind): Promise<StepOutcome> {
    const landed = this.#await();
    this.#stepped = functionKey(this.callFrames[0]);
    await this.#thread.post(methods[kind]);
    return landed;
  }

  /**
   * Steps to the end of an async function, and to the code that awaits it. V8 steps out of such a function by a stop at
   * whatever runs after its next await. When V8 steps over, it stays with this very call.
   */
  async #finish(): Promise<StepOutcome> {
    const own = functionKey(this.callFrames[0]);
    for (;;) {
      const returns = this.callFrames[0]?.returnValue !== undefined;
      const stepped = await this.#step('over');
      if (returns || this.#isHit || stepped !== 'stopped' || functionKey(this.callFrames[0]) !== own) return stepped;
    }
  }

  /**
   * Asks the source, because the inspector does not say it. The code of a module counts as async, since it may await.
   */
  async #isAsync(frame: CallFrame | undefined): Promise<boolean> {
    const at = frame?.functionLocation;
    if (!at) return false;
    if (at.lineNumber === 0 && !at.columnNumber) return true;
    const source = await this.#thread.scriptSource(at.scriptId);
    return isAsyncFunctionAt(source.split('\n')[at.lineNumber] ?? '', at.columnNumber ?? 0);
  }

  /**
   * Stops the program wherever it is. A program that waits runs nothing that could stop, so it is given something to
   * run. A busy program must not be given that.
   */
  #interrupt(): void {
    this.#interrupted = true;
    this.#thread.post('Debugger.pause').catch(() => {});
    plainClock.timer(idleMs, () => {
      if (this.#landing && this.#interrupted)
        this.#thread.post('Runtime.evaluate', {expression: '0', silent: true}).catch(() => {});
    });
  }

  #await(): Promise<StepOutcome> {
    this.#hops = 0;
    this.#anywhere = false;
    this.#interrupted = false;
    this.#landing = deferred<StepOutcome>();
    return this.#landing.promise;
  }

  #land(outcome: StepOutcome): void {
    this.#arriving = false;
    this.#landing?.resolve(outcome);
    this.#landing = undefined;
  }

  /** An interrupt that came while the program still counted as stopped was not passed on: it is passed on now. */
  #resumed(): void {
    this.#running = true;
    if (!this.#landing && !this.#leaving) this.onResumed();
    if (this.#wanted && this.#landing) this.#interrupt();
    this.callFrames = [];
    this.top = undefined;
    this.frames = [];
  }

  /**
   * Goes on from a throw, which is not a place to stop. This does not end a step, with one exception: a throw that
   * leaves the async function in which the step began. V8 does not look for the code that awaits this function then.
   * That code is what runs next, so the stepper steps into it.
   */
  async #passThrow({callFrames, reason}: Debugger.PausedEventDataType): Promise<void> {
    this.#running = false;
    const left = reason === 'promiseRejection' ? await this.#innermostAsync(callFrames) : undefined;
    const isLost = left !== undefined && functionKey(left) === this.#stepped;
    await this.#thread.post(isLost ? methods.into : 'Debugger.resume').catch(() => {});
  }

  async #innermostAsync(callFrames: readonly CallFrame[]): Promise<CallFrame | undefined> {
    for (const frame of callFrames) if (await this.#isAsync(frame)) return frame;
    return undefined;
  }

  #paused({callFrames, hitBreakpoints = []}: Debugger.PausedEventDataType): void {
    this.#stopLeftTimer?.();
    this.#running = false;
    const top = callFrames[0];
    if (top && this.#arriving) this.#thread.awaits(top);
    const isUsers = top !== undefined && this.#thread.isUsers(top);
    if (!isUsers && !this.#anywhere && !this.#interrupted && this.#hops < maxHops) return this.#hop(callFrames);
    this.top = top;
    this.callFrames = callFrames.filter(frame => this.#thread.isUsers(frame));
    this.frames = this.callFrames.map(frame => this.#thread.frameAt(frame));
    this.#isHit = hitBreakpoints.length > 0;
    if (!this.#anywhere) this.onStop(hitBreakpoints);
    if (this.#interrupted) this.#land('interrupted');
    else this.#land(isUsers || this.#anywhere ? 'stopped' : 'gone');
  }

  /**
   * Goes on from code that is not the user's: out of Node and of this library, and into what other libraries call,
   * because that may be the user's. Where no frame of the user's is on the stack, some code may still await the frame
   * that was left.
   */
  #hop(callFrames: readonly CallFrame[]): void {
    this.#hops++;
    const inside = this.#hops < maxInside && this.#thread.isLibrary(callFrames[0]);
    if (!callFrames.some(frame => this.#thread.isUsers(frame))) {
      this.#stopLeftTimer = plainClock.timer(leftMs, () => this.#land('gone'));
    }
    this.#thread.post(methods[inside ? 'into' : 'out']).catch(() => this.#land('gone'));
  }
}
