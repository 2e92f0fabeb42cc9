/**
 * The command language of a prompt: a line of text in, lines of text out. It knows neither a terminal nor the
 * inspector.
 * Floor 7: below `conversation`, above `commands` and `frames/debuggee`.
 */
import type {Debuggee, Detail, Evaluation, StepKind, StepOutcome, Variable} from '../frames/debuggee.js';
import {withoutColours} from '../terminal/colours.js';
import {clearBreakpoints, hitLines, setBreakpoint} from './breakpoint-commands.js';
import {type Command, type CommandEntry, commands, commandWords, entryOf, help, helpOn} from './commands.js';
import {PromptMemory} from './prompt-memory.js';
import {assignedBy, commandMeant, declaredBy, readLine} from './read-line.js';
import {describe, listSource, nobody} from './source-listing.js';
import {isUnfinished} from './unfinished.js';

/**
 * How a prompt ends. `continue`: the program runs on. `quit`: the person wants the task to end. `quit all`: the person
 * wants the whole tree to end. `gone`: no code of the user's is left in which the program could stop.
 */
export type PromptEnd = 'continue' | 'quit' | 'quit all' | 'gone';

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

const steps = {next: 'over', step: 'into', finish: 'out'} as const satisfies Partial<Record<Command, StepKind>>;

export class CommandLanguage {
  /** Whether lines may have colours. */
  colours = false;
  readonly #debuggee: Debuggee;
  readonly #memory: PromptMemory;
  /** The index of the frame that is looked at: 0 is the innermost. */
  #frame = 0;
  /** The index of the line with which the next `l` begins. */
  #listed: number | undefined;
  /** The command that an empty line repeats. */
  #last: Command | undefined;

  constructor(debuggee: Debuggee, memory = new PromptMemory()) {
    this.#debuggee = debuggee;
    this.#memory = memory;
  }

  /** The lines that are shown before the first command, and after every step. */
  async arrive(): Promise<string[]> {
    this.#go(0);
    const lines = [...hitLines(this.#debuggee), ...(await this.#show())];
    const returned = await this.#debuggee.returned();
    if (returned !== undefined) lines.push(...`returns ${returned}`.split('\n'));
    return [...lines, ...(await this.#displayed())];
  }

  /** Whether the next line belongs to this one. */
  isUnfinished(text: string): boolean {
    const line = readLine(text.trim());
    if (line.command === undefined) return isUnfinished(line.expression);
    return takesExpression.has(line.command) && isUnfinished(line.argument);
  }

  /** The lines of a text that came in one piece and has a command in each line. Otherwise the text is one. */
  split(text: string): readonly string[] {
    const lines = text.split('\n').filter(line => line.trim() !== '');
    const areCommands = lines.length > 1 && lines.every(line => readLine(line.trim()).command !== undefined);
    return areCommands ? lines : [text];
  }

  async run(text: string): Promise<CommandResult> {
    const line = readLine(text.trim());
    if (line.command !== undefined) return this.#obey(line.command, line.argument);
    const repeated = line.expression === '' ? this.#last : undefined;
    if (repeated) return this.#obey(repeated, '');
    this.#last = undefined;
    return {lines: line.expression === '' ? [] : await this.#print(line.expression)};
  }

  /** The names that complete the last word of a line, and this word. */
  async complete(line: string): Promise<[names: readonly string[], typed: string]> {
    const [, chain = '', typed = ''] = /((?:[\p{L}\p{N}_$]+\??\.)*)([\p{L}\p{N}_$]*)$/u.exec(line) ?? [];
    const before = line.slice(0, line.length - chain.length - typed.length);
    // Behind a call or a bracket the program would have to run what stands before the dot.
    if (chain === '' && /[.)\]]\s*\??\.?$/.test(before)) return [[], typed];
    const names = await this.#debuggee.names(this.#frame, chain === '' ? undefined : chain.replace(/\??\.$/, ''));
    const isFirst = chain === '' && ['', 'help'].includes(before.trim());
    const fitting = [...new Set([...(isFirst ? commandWords : []), ...names])].filter(
      name => name.startsWith(typed) && isName(name),
    );
    return [fitting.sort().slice(0, maxNames), typed];
  }

  async #obey(command: Command, argument: string): Promise<CommandResult> {
    this.#last = (commands[command] as CommandEntry).isRepeated ? command : undefined;
    switch (command) {
      case 'next':
      case 'step':
      case 'finish':
        return this.#step(steps[command]);
      case 'until':
        return this.#until(argument === '' ? undefined : Number(argument));
      case 'continue':
        return {lines: [], end: 'continue'};
      case 'quit':
        return {lines: [], end: argument === 'all' ? 'quit all' : 'quit'};
      case 'actors':
        return {lines: [], wants: 'actors'};
      default:
        return {lines: await this.#answer(command, argument)};
    }
  }

  /** The lines of a command after which the program stands where it stood. */
  #answer(command: ShowingCommand, argument: string): Promise<readonly string[]> | readonly string[] {
    switch (command) {
      case 'where':
        return this.#where();
      case 'up':
        return this.#move(1);
      case 'down':
        return this.#move(-1);
      case 'list':
        return this.#list();
      case 'longlist':
        return this.#source(0, Number.POSITIVE_INFINITY);
      case 'args':
        return this.#args();
      case 'locals':
        return this.#locals();
      case 'print':
        return argument === '' ? ['p needs an expression'] : this.#print(argument);
      case 'pretty':
        return argument === '' ? ['pp needs an expression'] : this.#print(argument, 'deep');
      case 'display':
        return this.#display(argument);
      case 'undisplay':
        return this.#undisplay(argument);
      case 'breakpoint':
        return setBreakpoint(this.#debuggee, this.#frame, argument, false);
      case 'once':
        return setBreakpoint(this.#debuggee, this.#frame, argument, true);
      case 'clear':
        return clearBreakpoints(this.#debuggee, argument);
      case 'devtools':
        return this.#devtools();
      case 'help':
        return argument === '' ? help : helpOn(entryOf(argument) as CommandEntry);
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
    return this.#debuggee.steps ? this.#arriveAfter(await this.#debuggee.step(step)) : past;
  }

  /** Steps in this function until it comes to a line from `line` on, which is below this one where it is not given. */
  async #until(line: number | undefined): Promise<CommandResult> {
    const [start] = this.#debuggee.frames;
    if (!this.#debuggee.steps || !start) return past;
    for (;;) {
      const stepped = await this.#debuggee.step('over');
      const [at] = this.#debuggee.frames;
      const isWithin = at && at.name === start.name && at.file === start.file;
      const isHit = (this.#debuggee.breakpoints?.hit.length ?? 0) > 0;
      if (stepped !== 'stopped' || !isWithin || isHit || at.line >= (line ?? start.line + 1))
        return this.#arriveAfter(stepped);
    }
  }

  async #arriveAfter(stepped: StepOutcome): Promise<CommandResult> {
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

  #source(from: number, to: number): Promise<string[]> {
    return listSource(this.#debuggee, this.#frame, [from, to], this.colours);
  }

  async #args(): Promise<string[]> {
    const names = await this.#debuggee.parameters(this.#frame);
    const scopes = await this.#debuggee.scopes(this.#frame);
    const variables = scopes.find(({kind}) => kind === 'local')?.variables ?? [];
    const found = names.flatMap(name => variables.filter(variable => variable.name === name));
    return found.length === 0 ? ['no arguments'] : found.flatMap(linesOf);
  }

  async #locals(): Promise<string[]> {
    const scopes = await this.#debuggee.scopes(this.#frame);
    const shown = scopes.filter(({variables}) => variables.length > 0);
    if (shown.length === 0) return ['no variables'];
    return shown.flatMap(({kind, variables}) => [`${kind}:`, ...variables.flatMap(linesOf).map(line => `  ${line}`)]);
  }

  /** @param expression empty: shows all that are displayed */
  async #display(expression: string): Promise<string[]> {
    if (expression === '') {
      const lines = await this.#displayed();
      return lines.length > 0 ? lines : ['nothing is displayed'];
    }
    return this.#displayedLine(this.#memory.display(expression), expression);
  }

  #undisplay(argument: string): string[] {
    if (argument === '') this.#memory.undisplayAll();
    else if (!this.#memory.undisplay(Number(argument))) return [`! nothing is displayed as ${argument}`];
    return [];
  }

  async #displayed(): Promise<string[]> {
    const lines: string[] = [];
    for (const [number, expression] of this.#memory.displayed)
      lines.push(...(await this.#displayedLine(number, expression)));
    return lines;
  }

  async #displayedLine(number: number, expression: string): Promise<string[]> {
    const {failed, text} = await this.#evaluate(expression);
    return `${number}: ${expression} = ${failed ? '! ' : ''}${text}`.split('\n');
  }

  /** Evaluates a line. `{a: 1}` means an object wherever it can be one. */
  async #evaluate(expression: string, detail?: Detail): Promise<Evaluation> {
    if (expression.startsWith('{')) {
      const object = await this.#debuggee.evaluate(this.#frame, `(${expression}\n)`, detail);
      if (!object.failed || !object.text.startsWith('SyntaxError: ')) return object;
    }
    return this.#debuggee.evaluate(this.#frame, expression, detail);
  }

  async #print(expression: string, detail?: Detail): Promise<string[]> {
    const assigned = assignedBy(expression);
    const wasGlobal = assigned !== undefined && (await this.#isGlobal(assigned));
    const {failed, text} = await this.#evaluate(expression, detail);
    const declared = declaredBy(expression);
    // V8 evaluates each line in a scope of its own, so that the declared name is gone after the line.
    if (
      declared &&
      !expression.includes(';') &&
      (withoutColours(text) === 'undefined' || text.startsWith('EvalError: '))
    )
      return [`${declared} is not kept beyond this line: globalThis.${declared} = … is`];
    if (failed) return this.#failure(expression, text, assigned);
    const lines = text.split('\n');
    if (assigned !== undefined && !wasGlobal && (await this.#isGlobal(assigned))) {
      this.#memory.globals.add(assigned);
      return [...lines, `(${assigned} is a new global: nothing of that name was there)`];
    }
    const isMade = this.#memory.globals.has(expression) && (await this.#isGlobal(expression));
    return isMade ? [...lines, `(${expression} is a global, made by an assignment at this prompt)`] : lines;
  }

  #failure(expression: string, text: string, assigned: string | undefined): string[] {
    const meant = commandMeant(expression, text);
    if (meant !== undefined) return [`! ${meant}`];
    const lines = `! ${text}`.split('\n');
    // The code of a module is strict: an assignment makes no variable there.
    return assigned !== undefined && text === `ReferenceError: ${assigned} is not defined`
      ? [...lines, `(globalThis.${assigned} = … makes it)`]
      : lines;
  }

  /** Whether a name is a property of the global object, and no variable of the frame hides it. */
  async #isGlobal(name: string): Promise<boolean> {
    const expression = `Object.hasOwn(globalThis, '${name}') && Object.is(globalThis.${name}, ${name})`;
    const {failed, text} = await this.#debuggee.evaluate(this.#frame, expression);
    return !failed && withoutColours(text) === 'true';
  }
}

type ShowingCommand = Exclude<Command, 'next' | 'step' | 'finish' | 'until' | 'continue' | 'quit' | 'actors'>;

const takesExpression: ReadonlySet<Command> = new Set(['print', 'pretty', 'display']);

const past: CommandResult = {lines: ['these frames are of the past: there is nothing to step in']};

const linesOf = ({name, text}: Variable): string[] => `${name} = ${text}`.split('\n');

const isName = (name: string): boolean => /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name);
