/**
 * The table of the commands of a prompt: their words, what may follow a word, and what `help` says of each.
 * Floor 7: below `read-line` and `command-language`; data. The page docs/guide/debugging.md has the same table, and a
 * spec compares them.
 */

export interface CommandEntry {
  /** The words that mean the command. The first one is its name. */
  readonly words: readonly string[];
  /** The text that may follow the word, as `help` shows it. Absent: nothing may follow. */
  readonly after?: string;
  /** Whether a text can be what follows. The line is an expression otherwise. */
  readonly fits?: (text: string) => boolean;
  /** One line of `help`. */
  readonly does: string;
  /** The lines that `help` adds when it is asked for this command. */
  readonly more?: readonly string[];
  /** Whether an empty line repeats it. */
  readonly isRepeated?: boolean;
}

const place = /^(?:\S.*:)?\d+\s*(?:,.*)?$/s;
const isPlace = (text: string): boolean => place.test(text);
const isNumber = (text: string): boolean => /^\d+$/.test(text);
/** Whether it begins an expression: behind the name of a variable, an operator or a dot would go on with that name. */
const isExpression = (text: string): boolean => !/^(?:=[^=>]|=>|[.?,;)]|[-+*/%&|^<>]=|[*/%&|<>])/.test(text);

export const commands = {
  next: {words: ['n', 'next'], does: 'goes to the next line of this function', isRepeated: true},
  step: {words: ['s', 'step'], does: 'goes into the next function that is called', isRepeated: true},
  finish: {words: ['f', 'finish'], does: 'runs to the end of this function, and stops in its caller'},
  until: {
    words: ['until'],
    after: '[LINE]',
    fits: isNumber,
    does: 'goes on in this function to a line below this one, or to LINE or a line below it',
    more: ['It leaves a loop. It stops, too, when the function is left.'],
  },
  continue: {words: ['c', 'cont', 'continue'], does: 'leaves the prompt; the program runs on (also Ctrl-D)'},
  quit: {
    words: ['q', 'quit'],
    after: '[all]',
    fits: (text: string) => text === 'all',
    does: 'leaves the prompt, and ends the task; `quit all` ends the whole tree',
    more: [
      'The task ends with DebuggerQuit, and the actors above get their prompt when this error reaches them.',
      'After `quit all` no other prompt opens, and the program ends with one line.',
    ],
  },
  where: {words: ['w', 'where', 'bt'], does: 'shows the frames of your code on the stack'},
  up: {words: ['u', 'up'], does: 'selects the frame of the caller', isRepeated: true},
  down: {words: ['d', 'down'], does: 'goes back to the frame below', isRepeated: true},
  list: {
    words: ['l', 'list'],
    does: 'shows the source around the line; repeated, the source that follows',
    isRepeated: true,
  },
  longlist: {words: ['ll', 'longlist'], does: 'shows the whole file'},
  args: {words: ['args'], does: 'shows the arguments of the function'},
  locals: {words: ['locals'], does: 'shows the variables of the frame, and those of the scopes around it'},
  print: {
    words: ['p'],
    after: 'EXPR',
    fits: isExpression,
    does: 'shows the value of an expression; so does EXPR alone, unless it is a command',
  },
  pretty: {words: ['pp'], after: 'EXPR', fits: isExpression, does: 'shows more of a value: all levels, long texts'},
  display: {
    words: ['display'],
    after: '[EXPR]',
    fits: isExpression,
    does: 'shows the value of an expression now and at each stop; without EXPR, all that are shown',
  },
  undisplay: {
    words: ['undisplay'],
    after: '[NUMBER]',
    fits: isNumber,
    does: 'shows it no longer; without NUMBER, none of them',
  },
  breakpoint: {
    words: ['b', 'break'],
    after: '[[FILE:]LINE[, CONDITION]]',
    fits: isPlace,
    does: 'sets a breakpoint in this process; without LINE, lists the breakpoints',
    more: [
      'FILE is the end of a path: `b shop/till.ts:12`. Without it, the file of the selected frame is meant.',
      'The program stops there only where CONDITION is true: `b 12, price > 3`.',
    ],
  },
  once: {
    words: ['tbreak'],
    after: '[FILE:]LINE[, CONDITION]',
    fits: isPlace,
    does: 'sets a breakpoint that is gone after its first stop',
  },
  clear: {
    words: ['clear'],
    after: '[NUMBER]',
    fits: isNumber,
    does: 'removes a breakpoint; without NUMBER, all of them',
  },
  actors: {words: ['actors'], does: 'shows the tree of actors: who has this terminal (>), and who waits for it'},
  devtools: {words: ['devtools'], does: 'lets another debugger attach to the process: Chrome or VS Code'},
  help: {
    words: ['help', '?'],
    after: '[COMMAND]',
    fits: (text: string) => entryOf(text) !== undefined,
    does: 'lists the commands, or says more of one',
  },
} as const satisfies Record<string, CommandEntry>;

export type Command = keyof typeof commands;

const byWord = new Map<string, Command>(
  (Object.keys(commands) as Command[]).flatMap(name => commands[name].words.map(word => [word, name] as const)),
);

/** All words that mean a command. */
export const commandWords: readonly string[] = [...byWord.keys()];

/** The command that a word means. */
export const commandOf = (word: string): Command | undefined => byWord.get(word);

export const entryOf = (word: string): CommandEntry | undefined => {
  const command = commandOf(word);
  return command && commands[command];
};

const usageOf = ({words, after}: CommandEntry): string => words.join(' ') + (after === undefined ? '' : ` ${after}`);

const width = 24;
const lineOf = (entry: CommandEntry): string => {
  const usage = usageOf(entry);
  return usage.length < width ? usage.padEnd(width) + entry.does : `${usage}\n${' '.repeat(width)}${entry.does}`;
};

/** The lines of `help`. */
export const help: readonly string[] = [
  ...Object.values(commands).flatMap(entry => lineOf(entry).split('\n')),
  'EXPR                    any expression; name = value assigns, await EXPR waits',
  'An empty line repeats n, s, u, d and l. Tab completes names. Ctrl-C gives up the line, or ends a step.',
  'A line that is not whole goes on at `...`. A variable that is called like a command: p n, or (n).',
];

/** The lines of `help CMD`. */
export function helpOn(entry: CommandEntry): readonly string[] {
  const {does, more = [], isRepeated} = entry;
  return [usageOf(entry), does, ...more, ...(isRepeated ? ['An empty line repeats it.'] : [])];
}

/** Says what may follow the word of a command, for a line in which something else follows. */
export function misuse(word: string, entry: CommandEntry): string {
  const {after, isRepeated} = entry;
  if (after !== undefined) return `${word} is followed by ${after}: help ${word} says more`;
  return isRepeated ? `nothing follows ${word}; an empty line repeats it` : `nothing follows ${word}`;
}
