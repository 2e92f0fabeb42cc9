/**
 * Colours of a prompt: which sequences of characters they are, and that nothing but colours reaches the terminal.
 * Floor 7: below `screen`, and below `prompt/source-listing`, which paints; pure.
 */
import {escapeText} from '../../base/escape.js';

const styles = {bold: [1, 22]} as const;

/** The text in a style, where there are colours. */
export function paint(style: keyof typeof styles, text: string, colours: boolean): string {
  const [on, off] = styles[style];
  return colours ? `\x1b[${on}m${text}\x1b[${off}m` : text;
}

/**
 * The sequences of Node's `inspect`, and of this file: colours of the text, bold, italic, underlined. Others could hide a
 * text.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is made of them
const colour = /\x1b\[(?:[1-4]|2[2-4]|3[1-7]|39|9[0-7])m/g;

/** Makes a text safe to print, as `escapeText` does, and lets its colours through. */
export function escapeButColours(text: string): string {
  const colours = text.match(colour) ?? [];
  const parts = text.split(colour).map((part, at) => escapeText(part) + (colours[at] ?? ''));
  // A text that was cut may end in a colour.
  return parts.join('') + (colours.length > 0 ? '\x1b[0m' : '');
}

export const withoutColours = (text: string): string => text.replace(colour, '');
