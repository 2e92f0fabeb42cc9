/**
 * The one global object of the main thread that the agent uses from its own thread: values that Node's `inspect` shows
 * there, Node's own inspector, and the call of the breakpoint.
 * Floor 7: `breakpoint-prompt` defines it in the main thread; `stopped-debuggee` and `breakpoint-debuggee` use it by an
 * expression.
 */
import {open, url} from 'node:inspector';
import {lendBuiltins} from './builtins.js';
import {keepBreakpoints} from './capture.js';
import {type ShownDetail, showValue} from './show-value.js';

const key = 'rxtractor/debugger/agent';
/** The expression that gives the object in the main thread. */
export const agentGlobal = `globalThis[Symbol.for('${key}')]`;

const keySymbol = Symbol.for(key);

/** Whether an expression runs that was typed at a prompt where this thread stands still. It has the async context of the program. */
export const runsTyped = (): boolean =>
  (globalThis as Record<symbol, AgentGlobal | undefined>)[keySymbol]?.isTyped === true;

/** How the terminal of the prompt looks. */
export interface TerminalLook {
  /** Its width, in characters. */
  readonly columns: number;
  readonly colours: boolean;
}

/** Both are called in the async context of the statement. */
export interface StatementListener {
  stopped(): void;
  /** @param how the answer of the person */
  left(how: string): void;
}

interface AgentGlobal {
  /** The value that `show` shows next. The agent puts it there. */
  value: unknown;
  show(detail: ShownDetail): string;
  /** Lends Node's modules to the text that is evaluated next, until the next call. */
  lend(text: string): void;
  /** Whether an expression runs that was typed at the prompt. */
  isTyped: boolean;
  /** Opens Node's own inspector for other debuggers, and gives its address. */
  devtools(): string | undefined;
  /** Keeps the breakpoints of the prompt that ends: a list of `KeptBreakpoint` as JSON. */
  keepBreakpoints(list: string): void;
  /** The prompt at a statement, told when it has stopped the thread, and before the thread runs on. */
  readonly statement: StatementListener | undefined;
  /** The object that the agent asks while the thread stands in the call of a breakpoint. */
  readonly breakpointCall: object | undefined;
}

/** Defines the object before this thread is stopped. It keeps no value alive that has been shown. */
export function defineAgentGlobal(
  {columns, colours}: TerminalLook,
  breakpointCall?: object,
  statement?: StatementListener,
): void {
  let takeBack = (): void => {};
  const agent: AgentGlobal = {
    value: undefined,
    isTyped: false,
    breakpointCall,
    statement,
    keepBreakpoints: list => keepBreakpoints(JSON.parse(list)),
    show(detail) {
      const {value} = agent;
      agent.value = undefined;
      return showValue(value, {detail, columns, colours});
    },
    lend(text) {
      takeBack();
      takeBack = lendBuiltins(text);
    },
    devtools() {
      // A free port of this host, which other hosts cannot reach.
      if (url() === undefined) open(0, '127.0.0.1');
      return url();
    },
  };
  Object.defineProperty(globalThis, keySymbol, {value: agent, configurable: true, enumerable: false});
}
