/**
 * The debuggee of an agent's prompt: first the call of the breakpoint, which has been captured; from the first step on the
 * program itself. Between the two the thread goes from within the call to the user's statement after it.
 * Floor 7: below `agent-worker`, above `inspected`; talks to `held`, which lives in the main thread.
 *
 *   HELD ── n, s, f ──▶ LANDED: as `inspected` is
 *     └── await EXPR: the thread runs until that is settled ──▶ HELD
 */
import type {Place} from './capture.js';
import {mayAwait} from './captured.js';
import type {Debuggee, Evaluated, Frame, Scope, Step, Stepped} from './debuggee.js';
import type {Inspected} from './inspected.js';
import {inspectorSlot} from './slot.js';

const held = `globalThis[Symbol.for('${inspectorSlot}')].held`;

export class Arrival implements Debuggee {
  readonly steps = true;
  readonly #inspected: Inspected;
  #held: boolean;
  #places: readonly Place[] = [];
  #frames: readonly Frame[] = [];
  #awaiting = false;

  /** @param isHeld whether the main thread has captured the call */
  constructor(inspected: Inspected, isHeld: boolean) {
    this.#inspected = inspected;
    this.#held = isHeld;
  }

  get frames(): readonly Frame[] {
    return this.#held ? this.#frames : this.#inspected.frames;
  }

  /** Resolves at the first stop. */
  async stopped(): Promise<Stepped> {
    if (!this.#held) return this.#inspected.stopped();
    const stopped = await this.#inspected.stoppedAnywhere();
    if (stopped === 'gone') return stopped;
    this.#places = await this.#ask<readonly Place[]>('places');
    this.#frames = this.#places.map(place => this.#inspected.frameAt(place));
    return stopped;
  }

  /** The prompt is over. What was assigned to variables of the call is what the program sees. */
  async leave(how: 'continue' | 'quit' | 'gone'): Promise<void> {
    if (!this.#held) return;
    try {
      const changes = how === 'continue' ? await this.#changes() : [];
      if (changes.some(names => names.length > 0)) await this.#land(changes);
      else await this.#inspected.ask(`${held}.released = true`);
    } catch {
      // The terminal was lost, and the program runs already.
    }
  }

  /** Ends the step that is being made, or the wait. */
  interrupt(): void {
    if (this.#awaiting) this.#inspected.tell(`${held}.giveUp()`);
    else this.#inspected.interrupt();
  }

  async source(frame: number): Promise<readonly string[] | undefined> {
    if (!this.#held) return this.#inspected.source(frame);
    const place = this.#places[frame];
    return place && this.#inspected.sourceAt(place);
  }

  async scopes(frame: number): Promise<readonly Scope[]> {
    return this.#held ? this.#ask('scopes', frame) : this.#inspected.scopes(frame);
  }

  async names(frame: number, of: string | undefined): Promise<readonly string[]> {
    if (!this.#held) return this.#inspected.names(frame, of);
    return of === undefined ? this.#ask('names', frame) : this.#ask('names', frame, of);
  }

  devtools(): Promise<Evaluated> {
    return this.#inspected.devtools();
  }

  async returned(): Promise<string | undefined> {
    return this.#held ? undefined : this.#inspected.returned();
  }

  async evaluate(frame: number, expression: string): Promise<Evaluated> {
    if (this.#held)
      return mayAwait(expression) ? this.#await(frame, expression) : this.#ask('evaluate', frame, expression);
    const evaluated = await this.#inspected.evaluate(frame, expression);
    if (!evaluated.failed || !evaluated.text.startsWith('SyntaxError') || !mayAwait(expression)) return evaluated;
    return {
      failed: true,
      text: 'nothing can be awaited here, where the program stands still: await works before the first step, and after a crash',
    };
  }

  async step(step: Step): Promise<Stepped> {
    if (!this.#held) return this.#inspected.step(step);
    const landed = await this.#land(await this.#changes());
    return landed === 'stopped' && step === 'out' ? this.#inspected.step(step) : landed;
  }

  /** Lets the thread run until the expression has settled, or is not waited for any longer. */
  async #await(frame: number, expression: string): Promise<Evaluated> {
    await this.#inspected.ask(call('want', frame, expression));
    this.#awaiting = true;
    try {
      for (;;) {
        if ((await this.#inspected.runOn()) === 'gone') return {failed: true, text: 'the program is gone'};
        // A `debugger` of somebody else is passed over.
        const answer = await this.#inspected.ask(call('answer'));
        if (answer !== 'undefined') return JSON.parse(answer) as Evaluated;
      }
    } finally {
      this.#awaiting = false;
    }
  }

  /** To the user's statement after the call; what was assigned before goes with it. */
  async #land(changes: readonly (readonly string[])[]): Promise<Stepped> {
    this.#held = false;
    const landed = await this.#inspected.land();
    const {place} = this.#inspected;
    const frame = place && landed === 'stopped' ? this.#places.findIndex(one => isSame(one, place)) : -1;
    for (const name of changes[frame] ?? []) {
      await this.#inspected.evaluate(0, `${name} = ${call('value', frame, name)}`);
    }
    return landed;
  }

  /** What was assigned to, by frame. */
  #changes(): Promise<readonly (readonly string[])[]> {
    return Promise.all(this.#places.map((_, frame) => this.#ask<readonly string[]>('changed', frame)));
  }

  async #ask<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    return JSON.parse(await this.#inspected.ask(call(method, ...args))) as T;
  }
}

const call = (method: string, ...args: readonly unknown[]): string =>
  `${held}.${method}(${args.map(arg => JSON.stringify(arg)).join(', ')})`;

/** The same function: it has gone on since. */
function isSame({functionLocation: a}: Place, {functionLocation: b}: Place): boolean {
  return (
    a !== undefined &&
    b !== undefined &&
    a.scriptId === b.scriptId &&
    a.lineNumber === b.lineNumber &&
    a.columnNumber === b.columnNumber
  );
}
