/**
 * The call of a breakpoint in the main thread. The agent asks it by name while the thread stands still, and lets the
 * thread do something for it. Answers are JSON, because they pass through the inspector as one string.
 * Floor 7: `prompt/breakpoint-prompt` makes it and puts it into `agent-global`; `breakpoint-debuggee` talks to it.
 */
import {plainClock} from '../../base/clock.js';
import type {TerminalLook} from './agent-global.js';
import {CapturedDebuggee} from './captured-debuggee.js';
import type {CapturedFrame} from './captured-frame.js';
import type {Detail, Evaluation} from './debuggee.js';

export class BreakpointCall {
  /** Whether the person has left the prompt without a step, so that its end is to be waited for. The agent sets it. */
  released = false;
  readonly #frames: readonly CapturedFrame[];
  #debuggee: CapturedDebuggee;
  #wanted: {readonly frame: number; readonly text: string; readonly detail: Detail} | undefined;
  #answer: Evaluation | undefined;
  /** The values of variables before the first expression, by frame. */
  readonly #before = new Map<number, Map<string, unknown>>();

  constructor(frames: readonly CapturedFrame[]) {
    this.#frames = frames;
    this.#debuggee = new CapturedDebuggee(frames);
  }

  shownIn(look: TerminalLook, evaluateMs: number): void {
    this.#debuggee = new CapturedDebuggee(this.#frames, {...look, evaluateMs});
  }

  sites(): string {
    return JSON.stringify(this.#frames.map(({site}) => site));
  }

  scopes(frame: number): string {
    return JSON.stringify(this.#debuggee.scopesNow(frame));
  }

  names(frame: number, of?: string): string {
    return JSON.stringify(this.#debuggee.namesNow(frame, of));
  }

  evaluate(frame: number, text: string, detail: Detail): string {
    this.#note(frame);
    return JSON.stringify(this.#debuggee.evaluateNow(frame, text, detail));
  }

  /** Notes an expression that is to be awaited when the thread runs on. */
  want(frame: number, text: string, detail: Detail): void {
    this.#note(frame);
    this.#wanted = {frame, text, detail};
  }

  /** The value of the expression that was awaited; undefined while it has not settled. */
  answer(): string | undefined {
    return this.#answer && JSON.stringify(this.#answer);
  }

  /**
   * Ends the wait. It does so in a turn of the event loop, because no callback of a promise may follow what the
   * inspector runs in an idle thread.
   */
  giveUp(): void {
    plainClock.soon(() => this.#debuggee.interrupt());
  }

  /**
   * The names of the variables to which expressions have given another value. For a variable that lives on the stack,
   * only the captured copy has the new value.
   */
  changed(frame: number): string {
    const before = [...(this.#before.get(frame) ?? [])];
    return JSON.stringify(
      before.filter(([name, was]) => !Object.is(was, this.value(frame, name))).map(([name]) => name),
    );
  }

  value(frame: number, name: string): unknown {
    return this.#frames[frame]?.evaluate(name);
  }

  /** Whether an expression is to be awaited. */
  get wants(): boolean {
    return this.#wanted !== undefined;
  }

  /** Awaits the expression that `want` has noted. */
  async settle(): Promise<void> {
    if (!this.#wanted) return;
    const {frame, text, detail} = this.#wanted;
    this.#wanted = undefined;
    this.#answer = undefined;
    this.#answer = await this.#debuggee.evaluate(frame, text, detail);
  }

  #note(frame: number): void {
    if (this.#before.has(frame)) return;
    const values = new Map<string, unknown>();
    for (const {kind, names} of this.#frames[frame]?.scopes ?? []) {
      if (kind === 'module' || kind === 'closure') continue;
      for (const name of names) {
        try {
          if (!values.has(name)) values.set(name, this.value(frame, name));
        } catch {
          // The variable is not set yet.
        }
      }
    }
    this.#before.set(frame, values);
  }
}
