/**
 * How a line at a prompt is read: as a command, or as an expression.
 * Floor 7: below `command-language`, above `commands`; pure.
 */
import {type Command, commandOf, commands, entryOf, misuse} from './commands.js';
import {elsewhere} from './elsewhere.js';

export type Line =
  | {readonly command: Command; readonly argument: string}
  | {readonly command?: undefined; readonly expression: string};

/** `n` is a command, while `n = 1` and `n.length` are expressions; `p x` is a command, and `p = x` an expression. */
export function readLine(text: string): Line {
  const {word, gap, rest} = partsOf(text);
  const command = commandOf(word);
  if (command === undefined) return {expression: text};
  if (rest === '') return {command, argument: ''};
  const {fits} = commands[command] as {fits?: (text: string) => boolean};
  return gap !== '' && fits?.(rest) ? {command, argument: rest} : {expression: text};
}

/**
 * Says what there is instead, when a line that was no expression looks like a command: like one of another debugger, or
 * like one of this prompt with something that cannot follow it.
 *
 * @param failure what the expression has thrown
 */
export function commandMeant(text: string, failure: string): string | undefined {
  const {word, gap, rest} = partsOf(text);
  const isUnknown = failure.startsWith(`ReferenceError: ${word} is not defined`);
  const isNotCode = failure.startsWith('SyntaxError: ') && (rest === '' || gap !== '');
  if (!isUnknown && !isNotCode) return undefined;
  const entry = isNotCode ? entryOf(word) : undefined;
  if (entry) return misuse(word, entry);
  return Object.hasOwn(elsewhere, word) ? `${word} is a command elsewhere. Here: ${elsewhere[word]}` : undefined;
}

function partsOf(text: string): {readonly word: string; readonly gap: string; readonly rest: string} {
  const [, word = '', gap = '', rest = ''] = /^(\?|[\p{L}_$][\p{L}\p{N}_$]*)(\s*)(.*)$/su.exec(text) ?? [];
  return {word, gap, rest};
}

/** The name that a line declares, if it is a declaration. */
export function declaredBy(expression: string): string | undefined {
  return declaration.exec(expression)?.[1];
}

const declaration = /^(?:let|const|var|class|(?:async\s+)?function(?:\s*\*)?)\s+([\p{L}_$][\p{L}\p{N}_$]*)/u;

/** The name to which a line assigns, if it is one simple assignment: `name = …`, `name += …`, `name++`. */
export function assignedBy(expression: string): string | undefined {
  const [, before, after] = assignment.exec(expression) ?? [];
  return before ?? after;
}

const assignment =
  /^(?:([\p{L}_$][\p{L}\p{N}_$]*)\s*(?:=(?![=>])|(?:\*\*|<<|>>>?|&&|\|\||\?\?|[-+*/%&|^])=|\+\+|--)|(?:\+\+|--)\s*([\p{L}_$][\p{L}\p{N}_$]*)\s*$)/u;
