/**
 * Makes text from elsewhere safe to print: nothing in it can move the cursor, retitle the terminal or turn the reading order.
 * Floor 0: a pure function over strings.
 */

/** Control characters, those that format invisibly (reading order, zero width, tags), line and paragraph separators. */
const unprintable = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** `\x1b` for an escape, `\u202e` for a turn of direction; line feeds and tabs stay. */
export function escapeText(text: string): string {
  return text.replace(unprintable, escapeCharacter);
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
}
