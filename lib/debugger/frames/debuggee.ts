/**
 * A stopped program, as the command language sees it. Lines and columns count from 1 here.
 * Floor 7: below `prompt`; `inspected` is one that stands still, `captured` one that runs on.
 */
export interface Frame {
  readonly name: string;
  /** A path where it is a file, else its URL. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface Scope {
  /** `local`, `block`, `closure`, `module`, …, in V8's words. */
  readonly kind: string;
  readonly variables: readonly Variable[];
}

export interface Variable {
  readonly name: string;
  readonly text: string;
}

/** How an expression ended; `text` is its value or what it threw, ready to be shown. */
export interface Evaluated {
  readonly failed: boolean;
  readonly text: string;
}

const maxMessage = 2_000;

/** What was thrown, without its stack: whoever wants that prints the error. */
export function failedWith(said: string): Evaluated {
  const stack = said.search(/\n {4}at /);
  return {failed: true, text: (stack < 0 ? said : said.slice(0, stack)).slice(0, maxMessage)};
}

export type Step = 'over' | 'into' | 'out';

/** `stopped`: at another place; `interrupted`: the user could not wait; `gone`: nothing of the user's runs any more. */
export type Stepped = 'stopped' | 'interrupted' | 'gone';

export interface Debuggee {
  /** Whether it can be stepped: what only remembers frames cannot. */
  readonly steps: boolean;
  /** The user's own frames, the one that runs first. Changes with every step; empty after an interrupt in nobody's code. */
  readonly frames: readonly Frame[];
  /** Undefined when it cannot be found. */
  source(frame: number): Promise<readonly string[] | undefined>;
  /** From the innermost outwards, without the global one. */
  scopes(frame: number): Promise<readonly Scope[]>;
  evaluate(frame: number, expression: string): Promise<Evaluated>;
  /** What may stand after the dot of an expression, or alone. Has no effect on the program; empty when it would have. */
  names(frame: number, of: string | undefined): Promise<readonly string[]>;
  /** What the innermost function is about to return; undefined while it is not at its end. */
  returned(): Promise<string | undefined>;
  /** Only where it `steps`. */
  step(step: Step): Promise<Stepped>;
  /** The address at which other debuggers reach this program from now on. Absent where that makes no sense. */
  devtools?(): Promise<Evaluated>;
}
