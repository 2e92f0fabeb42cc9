/**
 * The words of the command language, and how a line at a prompt is read: as a command, or as an expression.
 * Floor 7: below `command-language`; pure.
 */

export const commands = {
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

export type Command = (typeof commands)[keyof typeof commands];

/** The commands that an empty line repeats. */
export const repeated: ReadonlySet<Command> = new Set(['next', 'step', 'up', 'down', 'list']);

export const help = [
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

/** The command of a line, if the whole line is one: `n = 1` and `c.d` are expressions. */
export function commandOf(text: string): Command | undefined {
  return Object.hasOwn(commands, text) ? commands[text as keyof typeof commands] : undefined;
}

/** The expression of a line: `p x` prints x, while `p = x` and `p.x` mean a variable with the name p. */
export function expressionOf(text: string): string {
  const [, printed] = /^p(?:$|\s+(?!=[^=>]|=>|[.?,;)]|[-+*/%&|^<>]=|[*/%&|<>])(.*)$)/s.exec(text) ?? [text, text];
  return text === 'p' ? '' : (printed ?? text);
}

/** The name that a line declares, if it is a declaration. */
export function declaredBy(expression: string): string | undefined {
  return declaration.exec(expression)?.[1];
}

const declaration = /^(?:let|const|var|class|(?:async\s+)?function(?:\s*\*)?)\s+([\p{L}_$][\p{L}\p{N}_$]*)/u;
