// Turns the fragments of docs/changes into the section of CHANGELOG.md for the version in package.json.
// Run by `npm version`, so the version number is the only thing a release asks for; spec/changelog.spec.ts uses the pure half.
import {readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import process from 'node:process';
import {fileURLToPath} from 'node:url';

export const kinds = ['added', 'changed', 'deprecated', 'removed', 'fixed', 'security'];

const root = new URL('../', import.meta.url);
const folder = new URL('docs/changes/', root);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  release();
}

function release() {
  const {version} = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
  const changelog = new URL('CHANGELOG.md', root);
  const fragments = readFragments();
  const today = new Date().toISOString().slice(0, 10);
  writeFileSync(changelog, assemble(readFileSync(changelog, 'utf8'), version, fragments, today));
  // A fragment that stayed would be told again with the next version.
  for (const {name} of fragments) {
    rmSync(new URL(name, folder));
  }
}

export function readFragments() {
  return readdirSync(folder)
    .filter(name => name !== 'README.md')
    .sort()
    .map(name => parseFragment(name, readFileSync(new URL(name, folder), 'utf8')));
}

/** One fragment: `kind: added`, an empty line, then what a user notices. Throws on any other form. */
export function parseFragment(name, text) {
  if (!/^\d{3}-[a-z0-9]+(-[a-z0-9]+)*\.md$/.test(name)) {
    throw new Error(`docs/changes/${name}: the name must be NNN-slug.md`);
  }

  const [, kind, body] = /^kind: (\S+)\n\n([\s\S]+)$/.exec(text) ?? [];
  if (!kinds.includes(kind)) {
    throw new Error(
      `docs/changes/${name}: the first line must be "kind: ", one of ${kinds.join(', ')}, then an empty line`,
    );
  }

  if (body.trim() === '' || /^#/m.test(body)) {
    throw new Error(`docs/changes/${name}: needs a text, without headings (the kind becomes the heading)`);
  }

  return {name, kind, body: body.trim()};
}

/**
 * The changelog with one more section on top. Throws when that version was released or nothing changed.
 * The date (YYYY-MM-DD) has a line of its own, because the heading is compared with the version.
 */
export function assemble(changelog, version, fragments, date) {
  if (changelog.split('\n').includes(`## ${version}`)) {
    throw new Error(`CHANGELOG.md has a section ${version} already: raise the version in package.json first`);
  }

  if (fragments.length === 0) {
    throw new Error('docs/changes holds no fragment: nothing to release');
  }

  const groups = kinds
    .map(kind => ({kind, items: fragments.filter(fragment => fragment.kind === kind)}))
    .filter(({items}) => items.length > 0)
    .map(({kind, items}) => `### ${kind[0].toUpperCase()}${kind.slice(1)}\n\n${items.map(listItem).join('\n')}\n`);
  const section = `## ${version}\n\n${date === undefined ? '' : `${date}\n\n`}${groups.join('\n')}`;
  const top = changelog.search(/^## /m);
  return top === -1
    ? `${changelog.trimEnd()}\n\n${section}`
    : `${changelog.slice(0, top)}${section}\n${changelog.slice(top)}`;
}

function listItem({body}) {
  return `- ${body.replaceAll(/\n(?=.)/g, '\n  ')}`;
}
