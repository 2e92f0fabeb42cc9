/**
 * The command language of a prompt: a line of text in, lines of text out. It knows neither a terminal nor the
 * inspector.
 * Floor 7: below `conversation`, above `commands` and `frames/debuggee`.
 */
import {basename} from 'node:path';
import {escapeText} from '../../base/escape.js';
import type {Debuggee, Evaluation, StackFrame, StepKind, Variable} from '../frames/debuggee.js';
import {type Command, commandOf, commands, declaredBy, expressionOf, help, repeated} from './commands.js';

/**
 * How a prompt ends. `continue`: the program runs on. `quit`: the person wants the task to end. `gone`: no code of the
 * user's is left in which the program could stop.
 */
export type PromptEnd = 'continue' | 'quit' | 'gone';

export interface CommandResult {
  readonly lines: readonly string[];
  /** Something that the conversation shows instead of lines, because this file knows only the one program. */
  readonly wants?: 'actors';
  /** Set when the prompt is over. */
  readonly end?: PromptEnd;
}

/** Number of lines that are shown before and after the current one: on arrival, and for `l`. */
const arrivalContext = 2;
const listContext = 5;
/** Maximum number of names that complete a word, because a person reads them. */
const maxNames = 200;

const steps: Partial<Record<Command, StepKind>> = {next: 'over', step: 'into', finish: 'out'};

export class CommandLanguage {
  readonly #debuggee: Debuggee;
  /** The index of the frame that is looked at: 0 is the innermost. */
  #frame = 0;
  /** The index of the line with which the next `l` begins. */
  #listed: number | undefined;
  /** The command that an empty line repeats. */
  #last: Command | undefined;

  constructor(debuggee: Debuggee) {
    this.#debuggee = debuggee;
  }

  /** The lines that are shown before the first command, and after every step. */
  async arrive(): Promise<string[]> {
    this.#go(0);
    const lines = await this.#show();
    const returned = await this.#debuggee.returned();
    return returned === undefined ? lines : [...lines, ...`returns ${returned}`.split('\n')];
  }

  async run(line: string): Promise<CommandResult> {
    const text = line.trim();
    const command = text === '' ? this.#last : commandOf(text);
    this.#last = command !== undefined && repeated.has(command) ? command : undefined;
    if (command !== undefined) return this.#obey(command);
    return {lines: text === '' ? [] : await this.#print(expressionOf(text))};
  }

  /** The names that complete the last word of a line, and this word. */
  async complete(line: string): Promise<[names: readonly string[], typed: string]> {
    const [, chain = '', typed = ''] = /((?:[\p{L}\p{N}_$]+\??\.)*)([\p{L}\p{N}_$]*)$/u.exec(line) ?? [];
    const before = line.slice(0, line.length - chain.length - typed.length);
    // Behind a call or a bracket the program would have to run what stands before the dot.
    if (chain === '' && /[.)\]]\s*\??\.?$/.test(before)) return [[], typed];
    const names = await this.#debuggee.names(this.#frame, chain === '' ? undefined : chain.replace(/\??\.$/, ''));
    const words = chain === '' && before.trim() === '' ? Object.keys(commands) : [];
    const fitting = [...new Set([...words, ...names])].filter(name => name.startsWith(typed) && isName(name));
    return [fitting.sort().slice(0, maxNames), typed];
  }

  async #obey(command: Command): Promise<CommandResult> {
    const step = steps[command];
    if (step) return this.#step(step);
    switch (command) {
      case 'continue':
      case 'quit':
        return {lines: [], end: command};
      case 'where':
        return {lines: this.#where()};
      case 'up':
        return {lines: await this.#move(1)};
      case 'down':
        return {lines: await this.#move(-1)};
      case 'list':
        return {lines: await this.#list()};
      case 'longlist':
        return {lines: await this.#source(0, Number.POSITIVE_INFINITY)};
      case 'locals':
        return {lines: await this.#locals()};
      case 'actors':
        return {lines: [], wants: 'actors'};
      case 'devtools':
        return {lines: await this.#devtools()};
      default:
        return {lines: help};
    }
  }

  async #devtools(): Promise<string[]> {
    const opened = await this.#debuggee.devtools?.();
    if (!opened) return ['devtools: only for a program that stands still'];
    if (opened.failed) return [`! ${opened.text}`];
    const {host, pathname} = new URL(opened.text);
    return [
      `listening for DevTools, until the program ends: ${opened.text}`,
      `  Chrome: devtools://devtools/bundled/js_app.html?v8only=true&ws=${host}${pathname}`,
      `  or chrome://inspect, with ${host} among its targets; VS Code: attach to port ${host.split(':')[1]}`,
      '  This prompt ends when the program is resumed or stepped there.',
    ];
  }

  async #step(step: StepKind): Promise<CommandResult> {
    if (!this.#debuggee.steps) return {lines: ['these frames are of the past: there is nothing to step in']};
    const stepped = await this.#debuggee.step(step);
    if (stepped === 'gone')
      return {lines: ['nothing of your code is left to step in: the program runs on'], end: 'gone'};
    const lines = await this.arrive();
    return {lines: stepped === 'interrupted' ? ['interrupted', ...lines] : lines};
  }

  async #move(by: number): Promise<string[]> {
    const to = this.#frame + by;
    if (to < 0) return ['this is the innermost frame'];
    if (to >= this.#debuggee.frames.length) return ['this is the outermost frame'];
    this.#go(to);
    return this.#show();
  }

  #go(frame: number): void {
    this.#frame = frame;
    this.#listed = undefined;
  }

  #where(): string[] {
    const {frames} = this.#debuggee;
    if (frames.length === 0) return [nobody];
    return frames.map((frame, at) => `${at === this.#frame ? '>' : ' '} ${describe(frame)}`);
  }

  async #show(): Promise<string[]> {
    const frame = this.#debuggee.frames[this.#frame];
    if (!frame) return [nobody];
    return [describe(frame), ...(await this.#source(frame.line - 1 - arrivalContext, frame.line + arrivalContext))];
  }

  async #list(): Promise<string[]> {
    const frame = this.#debuggee.frames[this.#frame];
    if (!frame) return [nobody];
    const from = this.#listed ?? Math.max(0, frame.line - 1 - listContext);
    this.#listed = from + 2 * listContext + 1;
    const lines = await this.#source(from, this.#listed);
    return lines.length === 0 ? ['the file ends here'] : lines;
  }

  /** Lines of the current frame's file. The first line is 0; the line `to` is excluded. */
  async #source(from: number, to: number): Promise<string[]> {
    const current = this.#debuggee.frames[this.#frame];
    if (!current) return [nobody];
    const lines = await this.#debuggee.source(this.#frame);
    if (!lines) return ['(its source cannot be read)'];
    const start = Math.max(0, from);
    const width = String(Math.min(to, lines.length)).length;
    return lines.slice(start, to).map((line, at) => {
      const number = start + at + 1;
      return `${number === current.line ? '>' : ' '} ${String(number).padStart(width)}  ${escapeText(line)}`.trimEnd();
    });
  }

  async #locals(): Promise<string[]> {
    const scopes = await this.#debuggee.scopes(this.#frame);
    const shown = scopes.filter(({variables}) => variables.length > 0);
    if (shown.length === 0) return ['no variables'];
    return shown.flatMap(({kind, variables}) => [`${kind}:`, ...variables.flatMap(linesOf)]);
  }

  /** Evaluates a line. `{a: 1}` means an object wherever it can be one. */
  async #evaluate(expression: string): Promise<Evaluation> {
    if (expression.startsWith('{')) {
      const object = await this.#debuggee.evaluate(this.#frame, `(${expression}\n)`);
      if (!object.failed || !object.text.startsWith('SyntaxError: ')) return object;
    }
    return this.#debuggee.evaluate(this.#frame, expression);
  }

  async #print(expression: string): Promise<string[]> {
    if (expression === '') return ['p needs an expression'];
    const {failed, text} = await this.#evaluate(expression);
    const declared = declaredBy(expression);
    // V8 evaluates each line in a scope of its own, so that the declared name is gone after the line.
    if (declared && !expression.includes(';') && (text === 'undefined' || text.startsWith('EvalError: ')))
      return [`${declared} is not kept beyond this line: globalThis.${declared} = … is`];
    return `${failed ? '! ' : ''}${text}`.split('\n');
  }
}

const nobody = 'no frame of your code is on the stack';

const linesOf = ({name, text}: Variable): string[] => `${name} = ${text}`.split('\n').map(part => `  ${part}`);

const describe = ({name, file, line: at}: StackFrame): string =>
  escapeText(`${name === '' ? '(anonymous)' : name} (${basename(file)}:${at})`);

const isName = (name: string): boolean => /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name);
