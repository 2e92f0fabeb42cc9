// Which case shows what each row of the catalogue of faults, guards and limits says: a row without a case, or without a reason, is a fault.
// Above catalogue-of-faults.ts, catalogue-of-guards.ts; catalogue.spec.ts checks it, pages.ts prints it.
import {readFileSync} from 'node:fs';
import {cases} from './matrix.js';

export interface Row {
  readonly id: string;
  /** The fault, the guard or the limit. */
  readonly what: string;
  /** The promise for this case. */
  readonly promise: string;
  /**
   * Where it is shown: `nursery/death: the beginning of a title`, as the source of the spec has it, or `matrix: SIGKILL × idle`
   * for cases of the matrix, where `*` stands for every phase.
   */
  readonly cases: readonly string[];
  /** Why there is no case. */
  readonly reason?: string;
}

/** The mistakes of a row; empty when it is right. */
export function faultsOf({id, cases: shown, reason}: Row): string[] {
  if (shown.length === 0 && reason === undefined) return [`${id} has neither a case nor a reason`];
  return shown.filter(one => !exists(one)).map(one => `${id} names a case that is not there: ${one}`);
}

function exists(shown: string): boolean {
  const [file = '', title = ''] = cut(shown);
  return file === 'matrix' ? isInMatrix(title) : sourceOf(file).includes(title);
}

function isInMatrix(title: string): boolean {
  const [fault, phase] = title.split(' × ');
  return cases.some(one => one.fault.name === fault && (phase === '*' || one.phase.name === phase));
}

/** The file, and the title behind the first colon. */
function cut(shown: string): [file: string, title: string] {
  const at = shown.indexOf(': ');
  return [shown.slice(0, at), shown.slice(at + 2)];
}

const sources = new Map<string, string>();
function sourceOf(file: string): string {
  let source = sources.get(file);
  if (source === undefined) {
    source = readFileSync(new URL(`../../../spec/${file}.spec.ts`, import.meta.url), 'utf8');
    sources.set(file, source);
  }
  return source;
}

/** The rows as a table of Markdown. Specs are named and not linked, because the pages are in the package, and the specs are not. */
export function tableOf(rows: readonly Row[], [first, second, third]: readonly string[]): string {
  const line = ({id, what, promise, cases: shown, reason}: Row): string =>
    `| ${id} | ${cell(what)} | ${cell(promise)} | ${shown.length > 0 ? specsIn(shown) : `none: ${cell(reason ?? '')}`} |`;
  return [`| | ${first} | ${second} | ${third} |`, '|---|---|---|---|', ...rows.map(line)].join('\n');
}

/** Each once. */
function specsIn(shown: readonly string[]): string {
  const files = new Set(shown.map(one => (cut(one)[0] === 'matrix' ? 'faults/matrix' : cut(one)[0])));
  return [...files].map(file => `\`spec/${file}.spec.ts\``).join(', ');
}

const cell = (text: string): string => text.replaceAll('|', '\\|');
