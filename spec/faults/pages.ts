// The sections of pages that programs of this folder write: each stands between two comments, and is replaced as a whole.
// Above catalogue.ts; used by report.ts and by the programs that measure.
import {readFileSync, writeFileSync} from 'node:fs';
import {tableOf} from './catalogue.js';
import {faultRows} from './catalogue-of-faults.js';
import {guardRows, limitRows} from './catalogue-of-guards.js';
import {invariantRows, kitRows} from './catalogue-of-invariants.js';

export const reliabilityPage = 'docs/explain/reliability.md';
const securityPage = 'SECURITY.md';

interface Section {
  readonly page: string;
  readonly name: string;
  readonly text: () => string;
}

/** The sections that are made of the catalogue alone. */
export const tables: readonly Section[] = [
  {
    page: reliabilityPage,
    name: 'catalogue',
    text: () => tableOf(faultRows, ['fault', 'what is promised', 'shown by']),
  },
  {
    page: reliabilityPage,
    name: 'invariants',
    text: () => tableOf(invariantRows, ['what must hold', 'what is looked at', 'where']),
  },
  {page: reliabilityPage, name: 'kit', text: () => tableOf(kitRows, ['what the kit must show', 'how', 'where'])},
  {page: securityPage, name: 'guards', text: () => tableOf(guardRows, ['threat', 'guard', 'shown by'])},
  {page: securityPage, name: 'limits', text: () => tableOf(limitRows, ['what', 'limit', 'shown by'])},
];

export function writeTables(): void {
  for (const {page, name, text} of tables) writeSection(page, name, text());
}

/** @throws when the page has no such section */
export function writeSection(page: string, name: string, text: string): void {
  const file = new URL(`../../../${page}`, import.meta.url);
  writeFileSync(file, withSection(readFileSync(file, 'utf8'), name, text));
}

/** The page with another text in one section. @throws when it has no such section */
export function withSection(page: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name}: begin -->\n`, `<!-- ${name}: end -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page has no section ${name}`);
  return `${page.slice(0, from + begin.length)}\n${text}\n\n${page.slice(to)}`;
}
