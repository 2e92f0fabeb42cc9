/**
 * The command language: a line of text in, lines of text out. Knows neither a terminal nor the inspector.
 * Floor 7: above `debuggee`; `agent-worker` runs it.
 */
import {basename} from 'node:path';
import {escapeText} from '../../base/escape.js';
import type {Debuggee, Evaluated, Frame, Step, Variable} from '../frames/debuggee.js';

export interface Answer {
  readonly lines: readonly string[];
  /** What the terminal is asked for, and shows instead: this knows of nothing but the one program. */
  readonly wants?: 'actors';
  /** The session is over: the program runs on, the task is quit, or there is nothing left to stop in. */
  readonly end?: 'continue' | 'quit' | 'gone';
}

/** Lines before and after the current one: on arrival, and for `l`. */
const arrivalContext = 2;
const listContext = 5;
const maxNames = 200;

const commands = {
  n: 'next',
  next: 'next',
  s: 'step',
  step: 'step',
  f: 'finish',
  finish: 'finish',
  c: 'continue',
  cont: 'continue',
  continue: 'continue',
  q: 'quit',
  quit: 'quit',
  w: 'where',
  bt: 'where',
  where: 'where',
  u: 'up',
  up: 'up',
  d: 'down',
  down: 'down',
  l: 'list',
  list: 'list',
  ll: 'longlist',
  locals: 'locals',
  help: 'help',
  '?': 'help',
  actors: 'actors',
  devtools: 'devtools',
} as const;

type Command = (typeof commands)[keyof typeof commands];

const steps: Partial<Record<Command, Step>> = {next: 'over', step: 'into', finish: 'out'};

/** What an empty line does again. */
const repeated: ReadonlySet<Command> = new Set(['next', 'step', 'up', 'down', 'list']);

const help = [
  'n  next line           s  step into            f  finish this function',
  'c  continue            q  quit this task',
  'w  where (also bt)     u  up, to the caller    d  down',
  'l  list the source     ll the whole file       locals  all variables',
  'p EXPR  print          EXPR  any expression; name = value assigns',
  'actors  the tree: who has this terminal (>), and who waits for it',
  'devtools  lets Chrome or VS Code attach to this process',
  'An empty line repeats n, s, u, d and l. Ctrl-C interrupts, Ctrl-D continues.',
  'A variable that is called like a command: p n, or (n).',
];

export class Prompt {
  readonly #debuggee: Debuggee;
  #frame = 0;
  /** The first line, from 0, that the next `l` shows. */
  #listed: number | undefined;
  #last: Command | undefined;

  constructor(debuggee: Debuggee) {
    this.#debuggee = debuggee;
  }

  /** What is shown before the first command, and after every step. */
  async arrive(): Promise<string[]> {
    this.#go(0);
    const lines = await this.#show();
    const returned = await this.#debuggee.returned();
    return returned === undefined ? lines : [...lines, ...`returns ${returned}`.split('\n')];
  }

  async run(line: string): Promise<Answer> {
    const text = line.trim();
    const command = text === '' ? this.#last : commandOf(text);
    this.#last = command !== undefined && repeated.has(command) ? command : undefined;
    if (command !== undefined) return this.#obey(command);
    return {lines: text === '' ? [] : await this.#print(expressionOf(text))};
  }

  /** What may stand in the place of the last word: [names, that word]. */
  async complete(line: string): Promise<[names: readonly string[], typed: string]> {
    const [, chain = '', typed = ''] = /((?:[\p{L}\p{N}_$]+\??\.)*)([\p{L}\p{N}_$]*)$/u.exec(line) ?? [];
    const before = line.slice(0, line.length - chain.length - typed.length);
    // After a call or a bracket, what stands before the dot would have to be run.
    if (chain === '' && /[.)\]]\s*\??\.?$/.test(before)) return [[], typed];
    const names = await this.#debuggee.names(this.#frame, chain === '' ? undefined : chain.replace(/\??\.$/, ''));
    const words = chain === '' && before.trim() === '' ? Object.keys(commands) : [];
    const fitting = [...new Set([...words, ...names])].filter(name => name.startsWith(typed) && isName(name));
    return [fitting.sort().slice(0, maxNames), typed];
  }

  async #obey(command: Command): Promise<Answer> {
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

  async #step(step: Step): Promise<Answer> {
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

  /** Lines of the current frame's file, from 0, the last one excluded. */
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

  /** `{a: 1}` is meant for an object, where it can be one. */
  async #evaluate(expression: string): Promise<Evaluated> {
    if (expression.startsWith('{')) {
      const object = await this.#debuggee.evaluate(this.#frame, `(${expression}\n)`);
      if (!object.failed || !object.text.startsWith('SyntaxError: ')) return object;
    }
    return this.#debuggee.evaluate(this.#frame, expression);
  }

  async #print(expression: string): Promise<string[]> {
    if (expression === '') return ['p needs an expression'];
    const {failed, text} = await this.#evaluate(expression);
    const [, declared] = declaration.exec(expression) ?? [];
    // What it runs in is V8's, of this line alone.
    if (declared && !expression.includes(';') && (text === 'undefined' || text.startsWith('EvalError: ')))
      return [`${declared} is not kept beyond this line: globalThis.${declared} = … is`];
    return `${failed ? '! ' : ''}${text}`.split('\n');
  }
}

const declaration = /^(?:let|const|var|class|(?:async\s+)?function(?:\s*\*)?)\s+([\p{L}_$][\p{L}\p{N}_$]*)/u;

const nobody = 'no frame of your code is on the stack';

const linesOf = ({name, text}: Variable): string[] => `${name} = ${text}`.split('\n').map(part => `  ${part}`);

const describe = ({name, file, line: at}: Frame): string =>
  escapeText(`${name === '' ? '(anonymous)' : name} (${basename(file)}:${at})`);

/** A command is a whole line: `n = 1` and `c.d` are expressions. */
function commandOf(text: string): Command | undefined {
  return Object.hasOwn(commands, text) ? commands[text as keyof typeof commands] : undefined;
}

/** `p x` prints x; `p = x` and `p.x` mean a variable that is called p. */
function expressionOf(text: string): string {
  const [, printed] = /^p(?:$|\s+(?!=[^=>]|=>|[.?,;)]|[-+*/%&|^<>]=|[*/%&|<>])(.*)$)/s.exec(text) ?? [text, text];
  return text === 'p' ? '' : (printed ?? text);
}

const isName = (name: string): boolean => /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name);
