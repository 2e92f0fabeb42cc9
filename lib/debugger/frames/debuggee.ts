/**
 * The program that is debugged, as the command language sees it. Lines and columns count from 1 here.
 * Floor 7: below `prompt/command-language`. Three files implement it: `stopped-debuggee` for a thread that stands
 * still, `captured-debuggee` for frames whose thread runs on, `breakpoint-debuggee` for a breakpoint, which is the
 * second and then the first.
 */
export interface StackFrame {
  readonly name: string;
  /** A path where the code lies in a file, else its URL. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface FrameScope {
  /** `local`, `block`, `closure`, `module`, …, in V8's words. */
  readonly kind: string;
  readonly variables: readonly Variable[];
}

export interface Variable {
  readonly name: string;
  readonly text: string;
}

/** The end of an expression. */
export interface Evaluation {
  readonly failed: boolean;
  /** The value, or what was thrown, as it is shown. */
  readonly text: string;
}

/** Maximum length of what a failed expression says, in characters. */
const maxMessage = 2_000;

/** A failure without its stack: a person who wants the stack prints the error. */
export function failedWith(said: string): Evaluation {
  const stack = said.search(/\n {4}at /);
  return {failed: true, text: (stack < 0 ? said : said.slice(0, stack)).slice(0, maxMessage)};
}

/** How much of a value is shown. */
export type Detail = 'full' | 'deep';

/** A breakpoint that a person has set at the prompt. */
export interface Breakpoint {
  /** Names it at the prompt. */
  readonly number: number;
  /** The file that the author wrote: a path, or a URL. */
  readonly file: string;
  readonly line: number;
  /** The program stops only where it is true. */
  readonly condition: string | undefined;
  /** Whether it is gone after its first stop. */
  readonly isOnce: boolean;
}

export interface BreakpointRequest extends Pick<Breakpoint, 'line' | 'condition' | 'isOnce'> {
  /** The selected frame, whose file is meant where `file` is undefined. */
  readonly frame: number;
  /** The end of a path. */
  readonly file: string | undefined;
}

export interface Breakpoints {
  readonly all: readonly Breakpoint[];
  /** The numbers of those at which the program has just stopped. */
  readonly hit: readonly number[];
  /** Sets one at the line, or at the next line that has code. Resolves with why there is none, as a text. */
  set(request: BreakpointRequest): Promise<Breakpoint | string>;
  remove(number: number): Promise<void>;
}

export type StepKind = 'over' | 'into' | 'out';

/**
 * How a step ended. `stopped`: the program stands at another line. `interrupted`: the person did not wait for the end.
 * `gone`: no code of the user's runs any more.
 */
export type StepOutcome = 'stopped' | 'interrupted' | 'gone';

export interface Debuggee {
  /** Whether the program can be stepped. Frames of the past cannot. */
  readonly steps: boolean;
  /**
   * The user's own frames, the innermost first. They change with every step. The list is empty after an interrupt where
   * no code of the user's was on the stack.
   */
  readonly frames: readonly StackFrame[];
  /** The lines of the frame's file; undefined when the file cannot be found. */
  source(frame: number): Promise<readonly string[] | undefined>;
  /** From the innermost outwards, without the global one. */
  scopes(frame: number): Promise<readonly FrameScope[]>;
  /** @param detail default: `full` */
  evaluate(frame: number, expression: string, detail?: Detail): Promise<Evaluation>;
  /** The names of the function's parameters. */
  parameters(frame: number): Promise<readonly string[]>;
  /**
   * The names that may stand behind the dot of the expression `of`, or alone where `of` is undefined. It has no effect
   * on the program; the list is empty where it would have one.
   */
  names(frame: number, of: string | undefined): Promise<readonly string[]>;
  /** The value that the innermost function is about to return; undefined while the function is not at its end. */
  returned(): Promise<string | undefined>;
  /** Only where `steps` is true. */
  step(step: StepKind): Promise<StepOutcome>;
  /** Absent where the program cannot be stopped. */
  readonly breakpoints?: Breakpoints | undefined;
  /**
   * The address at which other debuggers reach this program from now on. Absent where the program does not stand still.
   */
  devtools?(): Promise<Evaluation>;
}
