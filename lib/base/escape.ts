/**
 * Makes text from elsewhere safe to print: it cannot move the cursor, change the title of the terminal or the reading order.
 * Floor 0: a pure function over strings; used for everything that other processes and users have named.
 */

/** Control characters, characters that format without being seen (reading order, zero width, tags), and separators of lines. */
const unprintable = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Writes `\x1b` for an escape character, `\u202e` for a change of the reading order. Line feeds and tabs stay. */
export function escapeText(text: string): string {
  return text.replace(unprintable, escapeCharacter);
}

/** The same for a text within one line: a name that holds a line feed cannot forge a line of somebody else. */
export function escapeLine(text: string): string {
  return escapeText(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
}
