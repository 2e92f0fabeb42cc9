/**
 * Frames that were on the stack once, as a debuggee. The event loop of their thread runs on, so a promise can be
 * awaited at the prompt, and nothing can be stepped.
 * Floor 7: below `breakpoint-call` and `prompt/post-mortem-prompt`, above `captured-frame`. It runs in the thread of
 * the frames.
 */
import {fileURLToPath} from 'node:url';
import {asAsync, mayAwait} from './await-expression.js';
import {lendBuiltins} from './builtins.js';
import type {CapturedFrame} from './captured-frame.js';
import {completionNames} from './completion-names.js';
import type {Debuggee, Detail, Evaluation, FrameScope, StackFrame, StepOutcome, Variable} from './debuggee.js';
import {lendPrivateNames, refusesPrivateName} from './private-names.js';
import {type ShownDetail, showValue} from './show-value.js';
import {failureOfThrown, timedRun} from './timed-run.js';
import {lendImport} from './typed-import.js';

export interface CapturedDebuggeeOptions {
  /** Timeout for code that runs without waiting for anything, in ms. Default: 5000. */
  readonly evaluateMs?: number | undefined;
  /** Width of the terminal, in characters. Default: 80. */
  readonly columns?: number | undefined;
  /** Whether the terminal has colours. Default: false. */
  readonly colours?: boolean | undefined;
}

/** Timeout for the names of a completion, in ms, because the person goes on typing. */
const completeMs = 500;

/** Evaluates where no frame was kept. Under any name but its own, `eval` sees globals only. */
// biome-ignore lint/security/noGlobalEval: a prompt evaluates what the person types
export const evaluateGlobally: CapturedFrame['evaluate'] = eval;

export class CapturedDebuggee implements Debuggee {
  readonly steps = false;
  readonly frames: readonly StackFrame[];
  /** Width of the terminal, in characters. */
  columns: number;
  colours: boolean;
  readonly #captured: readonly CapturedFrame[];
  readonly #evaluateMs: number;
  /** Ends the wait for a promise, while there is one. */
  #giveUp: (() => void) | undefined;

  constructor(
    captured: readonly CapturedFrame[],
    {evaluateMs = 5_000, columns = 80, colours = false}: CapturedDebuggeeOptions = {},
  ) {
    this.#captured = captured;
    this.#evaluateMs = evaluateMs;
    this.columns = columns;
    this.colours = colours;
    this.frames = captured.map(({name, position: {url, line, column}}) => ({
      name,
      file: url.startsWith('file:') ? fileURLToPath(url) : url,
      line: line + 1,
      column: column + 1,
    }));
  }

  async source(frame: number): Promise<readonly string[] | undefined> {
    return this.#captured[frame]?.source();
  }

  async scopes(frame: number): Promise<readonly FrameScope[]> {
    return this.scopesNow(frame);
  }

  scopesNow(frame: number): readonly FrameScope[] {
    const captured = this.#captured[frame];
    if (!captured) return [];
    // An inner variable hides an outer one of the same name, which cannot be asked for then.
    const seen = new Set<string>();
    return captured.scopes.map(({kind, names, imported}) => {
      const variables: Variable[] = [];
      for (const name of names) {
        if (seen.has(name)) continue;
        seen.add(name);
        if (imported?.has(name)) continue;
        const {failed, text} = this.#shown(() => captured.evaluate(name), 'brief');
        variables.push({name, text: failed ? '(not set yet)' : text});
      }
      return {kind, variables};
    });
  }

  /** Where the expression has an `await` of its own, this waits for its value. */
  async evaluate(frame: number, expression: string, detail: Detail = 'full'): Promise<Evaluation> {
    if (!mayAwait(expression)) return this.evaluateNow(frame, expression, detail);
    const {run, takeBack} = this.#prepare(frame, expression, asAsync);
    try {
      let waiting: unknown;
      const failure = timedRun(this.#evaluateMs, () => {
        waiting = run();
      });
      return failure ?? (await this.#settled(waiting as Promise<unknown>, detail));
    } finally {
      takeBack();
    }
  }

  async parameters(frame: number): Promise<readonly string[]> {
    return this.#captured[frame]?.parameters?.() ?? [];
  }

  /** The value of the expression as it is now: a promise is shown as a promise. */
  evaluateNow(frame: number, expression: string, detail: Detail = 'full'): Evaluation {
    const {run, takeBack} = this.#prepare(frame, expression, text => text);
    try {
      return this.#shown(run, detail);
    } finally {
      takeBack();
    }
  }

  /** Lends an expression what it may name, besides the variables of its frame, until `takeBack` is called. */
  #prepare(frame: number, expression: string, wrap: (text: string) => string): {run(): unknown; takeBack(): void} {
    const captured = this.#captured[frame];
    const {text, takeBack} = lendImport(expression, captured?.url);
    const takeBuiltinsBack = lendBuiltins(expression);
    const outside = lendPrivateNames(text);
    const evaluate = captured?.evaluate ?? evaluateGlobally;
    return {
      run() {
        try {
          return evaluate(wrap(text));
        } catch (error) {
          if (!outside || !refusesPrivateName(error)) throw error;
          return evaluate(wrap(outside.text));
        }
      },
      takeBack() {
        takeBack();
        takeBuiltinsBack();
        outside?.takeBack();
      },
    };
  }

  /** Ctrl-C: ends the wait for a promise. */
  interrupt(): void {
    this.#giveUp?.();
  }

  async names(frame: number, of: string | undefined): Promise<readonly string[]> {
    return this.namesNow(frame, of);
  }

  namesNow(frame: number, of: string | undefined): readonly string[] {
    let found: readonly string[] = [];
    timedRun(completeMs, () => {
      found = completionNames(this.#captured[frame], of);
    });
    return found;
  }

  async returned(): Promise<undefined> {
    return undefined;
  }

  async step(): Promise<StepOutcome> {
    return 'gone';
  }

  #settled(waiting: Promise<unknown>, detail: Detail): Promise<Evaluation> {
    return new Promise(resolve => {
      const end = (evaluation: Evaluation): void => {
        this.#giveUp = undefined;
        resolve(evaluation);
      };
      this.#giveUp = () => end({failed: true, text: 'interrupted: it is not waited for any longer, and goes on'});
      waiting.then(
        value => end(this.#shown(() => value, detail)),
        error => end(failureOfThrown(error)),
      );
    });
  }

  #shown(make: () => unknown, detail: ShownDetail): Evaluation {
    let text = '';
    const failure = timedRun(this.#evaluateMs, () => {
      text = showValue(make(), {detail, columns: this.columns, colours: this.colours});
    });
    return failure ?? {failed: false, text};
  }
}
