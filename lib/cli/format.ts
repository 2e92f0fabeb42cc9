/**
 * Times, sizes, shares and tables as people read them.
 * Floor 10: below the commands; pure.
 */
import {escapeText} from '../base/escape.js';

/** Text of another process, safe to print, on one line. */
export const shown = (text: string): string => escapeText(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t');

const units = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
] as const;

/** `3 d`, `12 s`, `250 ms`. */
export function duration(ms: number): string {
  const [size, unit] = units.find(([size]) => ms >= size) ?? [1, 'ms'];
  return `${Math.floor(Math.max(0, ms) / size)} ${unit}`;
}

/** `48 MB`. Absent: nothing is known. */
export function memory(bytes: number | undefined): string {
  if (bytes === undefined) return '';
  return bytes < 1_073_741_824 ? `${Math.round(bytes / 1_048_576)} MB` : `${(bytes / 1_073_741_824).toFixed(1)} GB`;
}

/** `12 %`. Absent: nothing is known. */
export const percent = (share: number | undefined): string =>
  share === undefined ? '' : `${Math.round(share * 100)} %`;

const graphemes = new Intl.Segmenter();
const wide =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;

/** How many columns a character takes in a terminal. */
const columnsOf = (character: string): number => (wide.test(character) ? 2 : 1);

/** How many columns a text takes in a terminal. */
export function widthOfText(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it asks whether there is anything else
  if (/^[\x00-\x7f]*$/.test(text)) return text.length;
  return [...graphemes.segment(text)].reduce((sum, {segment}) => sum + columnsOf(segment), 0);
}

/** The text in so many columns at most, with `…` where it was cut. */
export function cut(text: string, width: number): string {
  if (widthOfText(text) <= width) return text;
  let kept = '';
  let left = width - 1;
  for (const {segment} of graphemes.segment(text)) {
    left -= columnsOf(segment);
    if (left < 0) break;
    kept += segment;
  }
  return width > 0 ? `${kept}…` : '';
}

export function pad(text: string, width: number, right = false): string {
  const space = ' '.repeat(Math.max(0, width - widthOfText(text)));
  return right ? space + text : text + space;
}

export interface Column {
  readonly title: string;
  readonly right?: boolean;
}

/** Lines whose cells stand under one another, each cut to the width. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): string[] {
  const all = [columns.map(({title}) => title), ...rows];
  const widths = columns.map((_, at) => Math.max(...all.map(row => widthOfText(row[at] ?? ''))));
  const lineOf = (row: readonly string[]): string =>
    columns
      .map(({right}, at) => pad(row[at] ?? '', widths[at] as number, right))
      .join('  ')
      .trimEnd();
  return all.map(row => cut(lineOf(row), width));
}
