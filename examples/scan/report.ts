/**
 * The output of the program: the table, the JSON object, a JSON line per file.
 * Pure text from `survey`'s figures; `main` decides where it goes.
 */
import type {Finding} from './inspect.js';
import {textOf} from './path.js';
import type {Summary} from './survey.js';

/** The figures for people. `isPartial`: the scan was interrupted. */
export function tableOf(summary: Summary, isPartial: boolean): string {
  const {files, bytes, lines, unreadable, duplicates, imports, actors, seconds} = summary;
  const parts = [
    columns([
      ['files', grouped(files)],
      ['bytes', `${grouped(bytes)}  (${sized(bytes)})`],
      ['lines', grouped(lines)],
      ['unreadable', grouped(unreadable)],
      [
        'duplicates',
        duplicates ? `${grouped(duplicates.files)}  (${sized(duplicates.bytes)} could be saved)` : 'not looked for',
      ],
      ['seconds', seconds.toFixed(2)],
    ]),
    columns([['package', 'files'], ...imports.map(({name, files}) => [printable(name), grouped(files)])]),
    columns([
      ['actor', 'files', 'files/s'],
      ...actors.map(actor => [
        actor.host === undefined ? actor.name : `${actor.name} on ${printable(actor.host)}`,
        grouped(actor.files),
        grouped(Math.round(actor.files / Math.max(seconds, 0.001))),
      ]),
    ]),
  ];
  if (imports.length === 0) parts.splice(1, 1);
  if (isPartial) parts.unshift('Interrupted: the figures so far.\n');
  return parts.join('\n');
}

/** A consumer of the object must not take the figures of an interrupted scan for the whole: only those carry `partial`. */
export function jsonOf(summary: Summary, isPartial: boolean): string {
  return `${JSON.stringify(isPartial ? {...summary, partial: true} : summary)}\n`;
}

export function lineOf({path, bytes, lines, sha256}: Finding): string {
  return `${JSON.stringify({path: textOf(path), bytes, lines, sha256: hexOf(sha256)})}\n`;
}

/** Names come from the file system: control characters would reach the terminal. */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    character => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

// The first column to the left, figures to the right, except where words follow them.
function columns(rows: readonly (readonly string[])[]): string {
  const width = (column: number): number => Math.max(...rows.map(row => figureOf(row[column] ?? '').length));
  const widths = (rows[0] ?? []).map((_, column) => width(column));
  return rows
    .map(row => `${row.map((cell, column) => aligned(cell, column, widths[column] ?? 0)).join('   ')}\n`)
    .join('');
}

function aligned(cell: string, column: number, width: number): string {
  if (column === 0) return cell.padEnd(width);
  const figure = figureOf(cell);
  return figure.padStart(width) + cell.slice(figure.length);
}

const figureOf = (cell: string): string => cell.split('  ')[0] ?? cell;
const grouped = (count: number): string => count.toLocaleString('en');

function sized(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
