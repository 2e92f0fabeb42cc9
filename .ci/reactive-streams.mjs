// Fills docs/reference/reactive-streams.md from the suite: which specs check a rule, and how many rules are checked.
// Run by hand after a change of titles or marks; spec/reactive-streams/page.spec.ts fails while the page is behind.
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import process from 'node:process';
import {fileURLToPath} from 'node:url';

const root = new URL('../', import.meta.url);
const page = new URL('docs/reference/reactive-streams.md', root);
const suite = new URL('spec/reactive-streams/', root);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(page, fill(readFileSync(page, 'utf8'), readTitles()));
}

export const readPage = () => readFileSync(page, 'utf8');

/** The titles of the suite, by the number of their rule. A title is a literal, so that it can be read here. */
export function readTitles() {
  const titles = new Map();
  for (const file of readdirSync(suite)
    .filter(name => name.endsWith('.spec.ts'))
    .sort()) {
    for (const [, rule, title] of readFileSync(new URL(file, suite), 'utf8').matchAll(/'RS (\d+\.\d+): ([^'\\]+)'/g)) {
      titles.set(rule, [...(titles.get(rule) ?? []), title]);
    }
  }

  return titles;
}

/** Rows of the page: `| rule | in short | mark, and why | specs |`. */
export function readRules(markdown) {
  return [...markdown.matchAll(/^\| (\d+\.\d+) \| ([^|]+) \| (yes|partly|no)\b([^|]*) \|[^|\n]*\|$/gm)].map(
    ([, rule, short, mark, why]) => ({rule, short, mark, why}),
  );
}

/** The page with its last column and its counts as the suite has them. */
export function fill(markdown, titles) {
  const rules = readRules(markdown);
  const count = mark => rules.filter(rule => rule.mark === mark).length;
  const specs = [...titles.values()].flat().length;
  const counts = `Of ${rules.length} rules ${count('yes')} are checked, ${count('partly')} are checked in part, and ${count('no')} mean nothing here; ${specs} specs do it.`;
  return markdown
    .replace(/(<!-- counts -->\n)[\s\S]*?(<!-- end -->)/, `$1${counts}\n$2`)
    .replaceAll(
      /^(\| (\d+\.\d+) \| [^|]+ \| (?:yes|partly|no)\b[^|]* \|)[^|\n]*\|$/gm,
      (_, row, rule) => `${row} ${(titles.get(rule) ?? []).join('<br>')} |`,
    );
}
