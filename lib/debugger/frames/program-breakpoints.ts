/**
 * The breakpoints of one program: which lines a person has named, and where V8 stops for them.
 * Floor 7: below `stopped-debuggee`, above `main-thread` and `stepper`. It runs in the agent's thread.
 */
import {Script} from 'node:vm';
import {thrownText} from '../../base/foreign.js';
import type {Breakpoint, BreakpointRequest, Breakpoints} from './debuggee.js';
import type {KeptBreakpoint} from './kept-breakpoints.js';
import type {MainThread, SourceFile} from './main-thread.js';
import type {Stepper} from './stepper.js';

/** The breakpoints of a thread, from one prompt to the next. */
export class BreakpointList {
  readonly #set = new Map<number, Breakpoint & KeptBreakpoint>();
  #next = 1;

  get wereSet(): boolean {
    return this.#next > 1;
  }

  get all(): readonly (Breakpoint & KeptBreakpoint)[] {
    return [...this.#set.values()];
  }

  add(breakpoint: Omit<Breakpoint & KeptBreakpoint, 'number'>): Breakpoint & KeptBreakpoint {
    const added = {...breakpoint, number: this.#next++};
    this.#set.set(added.number, added);
    return added;
  }

  remove(number: number): void {
    this.#set.delete(number);
  }
}

export class ProgramBreakpoints implements Breakpoints {
  hit: readonly number[] = [];
  /** The file of a frame. */
  fileOf: (frame: number) => string | undefined = () => undefined;
  readonly #thread: MainThread;
  readonly #list: BreakpointList;
  /** The inspector's names of the breakpoints, by number. */
  readonly #ids = new Map<number, string>();

  constructor(thread: MainThread, stepper: Stepper, list: BreakpointList) {
    this.#thread = thread;
    this.#list = list;
    stepper.onStop = ids => this.#stopped(ids);
  }

  get all(): readonly Breakpoint[] {
    return this.#list.all;
  }

  /** Whether this thread has ever had a breakpoint. */
  get wereSet(): boolean {
    return this.#list.wereSet;
  }

  /** The same, for the time in which no prompt is open. */
  get kept(): readonly KeptBreakpoint[] {
    return this.#list.all.map(({number, location, condition, isOnce}) => ({number, location, condition, isOnce}));
  }

  /** A prompt opens: the inspector's session is a new one, which knows no breakpoint. */
  async connect(): Promise<void> {
    for (const breakpoint of this.#list.all) await this.#set(breakpoint);
  }

  async set({frame, file, line, condition, isOnce}: BreakpointRequest): Promise<Breakpoint | string> {
    const fault = condition === undefined ? undefined : faultOf(condition);
    if (fault !== undefined) return fault;
    const wanted = file ?? this.fileOf(frame);
    if (wanted === undefined) return 'no file is known here: FILE:LINE says which one is meant';
    const found = this.#thread.filesAt(wanted);
    const names = [...new Set(found.map(({path}) => path))];
    if (names.length === 0) return `no code of the file ${wanted} has run in this process`;
    if (names.length > 1) return `${wanted} could be one of several files: ${names.slice(0, 5).join(', ')}`;
    const place = await this.#placeIn(found, line);
    if (!place) return `${names[0]} has no code from line ${line} on`;
    const {location} = place;
    const added = this.#list.add({file: names[0] as string, line: place.line, condition, isOnce, location});
    try {
      await this.#set(added);
      return added;
    } catch (error) {
      this.#list.remove(added.number);
      return thrownText(error);
    }
  }

  async remove(number: number): Promise<void> {
    this.#list.remove(number);
    const id = this.#ids.get(number);
    this.#ids.delete(number);
    if (id !== undefined) await this.#thread.post('Debugger.removeBreakpoint', {breakpointId: id});
  }

  /** The program has stopped at a breakpoint of an earlier prompt, before this prompt has opened. */
  stoppedAt(number: number): void {
    this.hit = [number];
    if (this.#list.all.some(one => one.number === number && one.isOnce)) this.#list.remove(number);
  }

  /** The program has stopped where V8 says that these breakpoints are. */
  #stopped(ids: readonly string[]): void {
    this.hit = [...this.#ids].flatMap(([number, id]) => (ids.includes(id) ? [number] : []));
    for (const breakpoint of this.#list.all)
      if (breakpoint.isOnce && this.hit.includes(breakpoint.number)) this.remove(breakpoint.number).catch(() => {});
  }

  async #set({number, location, condition}: KeptBreakpoint): Promise<void> {
    const {breakpointId} = await this.#thread.post('Debugger.setBreakpoint', {
      location,
      ...(condition !== undefined && {condition}),
    });
    this.#ids.set(number, breakpointId);
  }

  /** The first place at the line, or at the next line that has code. A file may have become several scripts. */
  async #placeIn(
    files: readonly SourceFile[],
    line: number,
  ): Promise<{readonly line: number; readonly location: KeptBreakpoint['location']} | undefined> {
    let best: {readonly line: number; readonly location: KeptBreakpoint['location']} | undefined;
    for (const {scriptId, url} of files) {
      const {locations} = await this.#thread.post('Debugger.getPossibleBreakpoints', {
        start: {scriptId, lineNumber: 0, columnNumber: 0},
      });
      for (const {lineNumber, columnNumber = 0} of locations) {
        const origin = this.#thread.originOf(scriptId, lineNumber, columnNumber);
        const at = origin.line + 1;
        if (origin.url !== url || at < line || (best && at >= best.line)) continue;
        best = {line: at, location: {scriptId, lineNumber, columnNumber}};
      }
    }
    return best;
  }
}

function faultOf(condition: string): string | undefined {
  try {
    new Script(`(${condition}\n)`);
    return undefined;
  } catch (error) {
    return `the condition is not an expression: ${thrownText(error)}`;
  }
}
