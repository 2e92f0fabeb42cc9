/**
 * Frames that were on the stack once, as the command language sees them, while the loop of their thread runs: what is
 * awaited settles, and nothing can be stepped.
 * Floor 7: below `prompt` and who opens one; above `capture`.
 */
import {fileURLToPath} from 'node:url';
import {inspect, types} from 'node:util';
import {Script} from 'node:vm';
import type {CapturedFrame} from './capture.js';
import {
  type Debuggee,
  type Evaluated,
  type Frame,
  failedWith,
  type Scope,
  type Stepped,
  type Variable,
} from './debuggee.js';
import {showValue} from './slot.js';

export interface CapturedOptions {
  /** How long code may run before it waits for something, in ms. Default: 5000. */
  readonly evaluateMs?: number | undefined;
  /** How wide values are shown. Default: 80. */
  readonly columns?: number | undefined;
}

const completeMs = 500;
/** Where no frame was kept, there are globals: under any name but its own, `eval` sees those only. */
// biome-ignore lint/security/noGlobalEval: what a prompt is for
export const evaluateGlobally: CapturedFrame['evaluate'] = eval;

export class Captured implements Debuggee {
  readonly steps = false;
  readonly frames: readonly Frame[];
  /** How wide values are shown. */
  columns: number;
  readonly #captured: readonly CapturedFrame[];
  readonly #evaluateMs: number;
  #giveUp: (() => void) | undefined;

  constructor(captured: readonly CapturedFrame[], {evaluateMs = 5_000, columns = 80}: CapturedOptions = {}) {
    this.#captured = captured;
    this.#evaluateMs = evaluateMs;
    this.columns = columns;
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

  async scopes(frame: number): Promise<readonly Scope[]> {
    return this.scopesNow(frame);
  }

  scopesNow(frame: number): readonly Scope[] {
    const captured = this.#captured[frame];
    if (!captured) return [];
    // What is hidden by a name further in cannot be asked for.
    const seen = new Set<string>();
    return captured.scopes.map(({kind, names}) => {
      const variables: Variable[] = [];
      for (const name of names) {
        if (seen.has(name)) continue;
        seen.add(name);
        const {failed, text} = this.#shown(() => captured.evaluate(name), true);
        variables.push({name, text: failed ? '(not set yet)' : text});
      }
      return {kind, variables};
    });
  }

  /** With `await` in it, what it comes to is waited for. */
  async evaluate(frame: number, expression: string): Promise<Evaluated> {
    const captured = this.#captured[frame] ?? {evaluate: evaluateGlobally};
    if (!mayAwait(expression)) return this.evaluateNow(frame, expression);
    let waiting: unknown;
    const started = this.#guarded(this.#evaluateMs, () => {
      waiting = captured.evaluate(asAsync(expression));
    });
    if (started) return started;
    return this.#settled(waiting as Promise<unknown>);
  }

  /** What it waits for is not waited for. */
  evaluateNow(frame: number, expression: string): Evaluated {
    const captured = this.#captured[frame] ?? {evaluate: evaluateGlobally};
    return this.#shown(() => captured.evaluate(expression));
  }

  /** Ctrl-C: what is awaited is not waited for any longer. */
  interrupt(): void {
    this.#giveUp?.();
  }

  async names(frame: number, of: string | undefined): Promise<readonly string[]> {
    return this.namesNow(frame, of);
  }

  namesNow(frame: number, of: string | undefined): readonly string[] {
    const captured = this.#captured[frame];
    let found: readonly string[] = [];
    this.#guarded(completeMs, () => {
      found = of === undefined ? inScope(captured) : namesOf(valueAt(captured, of));
    });
    return found;
  }

  async returned(): Promise<undefined> {
    return undefined;
  }

  async step(): Promise<Stepped> {
    return 'gone';
  }

  #settled(waiting: Promise<unknown>): Promise<Evaluated> {
    return new Promise(resolve => {
      const end = (evaluated: Evaluated): void => {
        this.#giveUp = undefined;
        resolve(evaluated);
      };
      this.#giveUp = () => end({failed: true, text: 'interrupted: it is not waited for any longer, and goes on'});
      waiting.then(
        value => end(this.#shown(() => value)),
        error => end(failure(error)),
      );
    });
  }

  #shown(make: () => unknown, brief = false): Evaluated {
    let text = '';
    const failed = this.#guarded(this.#evaluateMs, () => {
      text = showValue(make(), {brief, columns: this.columns});
    });
    return failed ?? {failed: false, text};
  }

  /** Runs it, for a time; how it failed, or undefined. */
  #guarded(timeout: number, run: () => void): Evaluated | undefined {
    const key = Symbol.for(runSlot);
    Object.defineProperty(globalThis, key, {value: run, configurable: true, enumerable: false});
    try {
      runner.runInThisContext({timeout, displayErrors: false});
      return undefined;
    } catch (error) {
      return failure(error);
    } finally {
      delete (globalThis as unknown as Record<symbol, unknown>)[key];
    }
  }
}

/** Only a script can be given a time. */
const runSlot = 'rxtractor/debugger/run';
const runner = new Script(`globalThis[Symbol.for('${runSlot}')]()`);

/** Whether an `await` of it is its own. In a static block the word has no other meaning, and does not compile. */
export const mayAwait = (text: string): boolean =>
  /\bawait\b/.test(text) && !compiles(`(class { static {\n${text}\n} })`);

/** An expression where it is one, so that its value is there; else statements. */
function asAsync(text: string): string {
  const expression = `(async () => (\n${text}\n))()`;
  return compiles(expression) ? expression : `(async () => {\n${text}\n})()`;
}

function compiles(code: string): boolean {
  try {
    new Script(code);
    return true;
  } catch {
    return false;
  }
}

function failure(error: unknown): Evaluated {
  let said: string;
  try {
    said = types.isNativeError(error) ? String(error.stack ?? error) : inspect(error);
  } catch {
    said = 'something that cannot be shown';
  }
  return failedWith(said);
}

function inScope(captured: CapturedFrame | undefined): string[] {
  return [...(captured?.scopes.flatMap(({names}) => names) ?? []), ...namesOf(globalThis)];
}

/** The value of `a.b.c`, as long as to get it is to read: no getter runs, and no proxy is asked. */
function valueAt(captured: CapturedFrame | undefined, chain: string): unknown {
  const [first = '', ...rest] = chain.split(/\??\./);
  let value = root(captured, first);
  for (const key of rest) value = read(value, key);
  return value;
}

function root(captured: CapturedFrame | undefined, name: string): unknown {
  if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name)) return undefined;
  const declared = name === 'this' || captured?.scopes.some(({names}) => names.includes(name));
  return declared ? captured?.evaluate(name) : read(globalThis, name);
}

function read(value: unknown, key: string): unknown {
  for (const at of chainOf(value)) {
    const property = Object.getOwnPropertyDescriptor(at, key);
    if (property) return property.value;
  }
  return undefined;
}

const namesOf = (value: unknown): string[] => chainOf(value).flatMap(at => Object.getOwnPropertyNames(at));

/** An object and its prototypes; nothing of it where one of them is a proxy. */
function chainOf(value: unknown): object[] {
  if (value === undefined || value === null) return [];
  const chain: object[] = [];
  for (let at: unknown = Object(value); at !== null; at = Object.getPrototypeOf(at)) {
    if (types.isProxy(at)) return [];
    chain.push(at as object);
  }
  return chain;
}
