/**
 * The call of a breakpoint, held in the main thread: what the agent asks of it by name while the thread stands still, and
 * what it lets the thread do for it. Answers are JSON, since they go through the inspector as one string.
 * Floor 7: below `agent`, which puts it into the slot; `arrival` talks to it.
 */
import {plainClock} from '../../base/clock.js';
import type {CapturedFrame} from './capture.js';
import {Captured} from './captured.js';
import type {Evaluated} from './debuggee.js';

export class Held {
  /** Set by the agent: the prompt was left here, so its end is to be waited for. */
  released = false;
  readonly #frames: readonly CapturedFrame[];
  #captured: Captured;
  #wanted: {readonly frame: number; readonly text: string} | undefined;
  #answer: Evaluated | undefined;
  /** The values of variables before the first expression, by frame. */
  readonly #before = new Map<number, Map<string, unknown>>();

  constructor(frames: readonly CapturedFrame[]) {
    this.#frames = frames;
    this.#captured = new Captured(frames);
  }

  shownIn(columns: number, evaluateMs: number): void {
    this.#captured = new Captured(this.#frames, {columns, evaluateMs});
  }

  places(): string {
    return JSON.stringify(this.#frames.map(({place}) => place));
  }

  scopes(frame: number): string {
    return JSON.stringify(this.#captured.scopesNow(frame));
  }

  names(frame: number, of?: string): string {
    return JSON.stringify(this.#captured.namesNow(frame, of));
  }

  evaluate(frame: number, text: string): string {
    this.#note(frame);
    return JSON.stringify(this.#captured.evaluateNow(frame, text));
  }

  /** What is to be awaited when the thread runs on. */
  want(frame: number, text: string): void {
    this.#note(frame);
    this.#wanted = {frame, text};
  }

  /** Undefined while it has not been awaited to its end. */
  answer(): string | undefined {
    return this.#answer && JSON.stringify(this.#answer);
  }

  /** In a turn of the loop: what the inspector runs in an idle thread may be followed by no promise's callback. */
  giveUp(): void {
    plainClock.soon(() => this.#captured.interrupt());
  }

  /** The variables that expressions have given another value. Those that live on the stack have it in our copy only. */
  changed(frame: number): string {
    const before = [...(this.#before.get(frame) ?? [])];
    return JSON.stringify(
      before.filter(([name, was]) => !Object.is(was, this.value(frame, name))).map(([name]) => name),
    );
  }

  value(frame: number, name: string): unknown {
    return this.#frames[frame]?.evaluate(name);
  }

  /** Whether something is to be awaited. */
  get wants(): boolean {
    return this.#wanted !== undefined;
  }

  async settle(): Promise<void> {
    if (!this.#wanted) return;
    const {frame, text} = this.#wanted;
    this.#wanted = undefined;
    this.#answer = undefined;
    this.#answer = await this.#captured.evaluate(frame, text);
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
          // Not set yet.
        }
      }
    }
    this.#before.set(frame, values);
  }
}
