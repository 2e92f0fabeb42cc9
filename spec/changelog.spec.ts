// Change fragments keep their form, so that a release is one command and not an editing session.
// Above .ci/changelog.mjs, which assembles them; its pure half is tested here.
import {readdirSync} from 'node:fs';
import test from 'ava';

interface Fragment {
  readonly name: string;
  readonly kind: string;
  readonly body: string;
}

// The cast gives the script its types: it stays plain JavaScript, because a release must not need a build.
const {assemble, parseFragment, readFragments} = (await import(
  new URL('../../.ci/changelog.mjs', import.meta.url).href
)) as {
  assemble(changelog: string, version: string, fragments: readonly Fragment[], date?: string): string;
  parseFragment(name: string, text: string): Fragment;
  readFragments(): Fragment[];
};

const folder = new URL('../../docs/changes/', import.meta.url);

test('every fragment in docs/changes has the form that the changelog needs', t => {
  t.notThrows(readFragments);
  t.is(readFragments().length, readdirSync(folder).length - 1, 'all but README.md');
});

test('no two fragments have the same number', t => {
  const numbers = readFragments().map(({name}) => name.slice(0, 3));
  t.deepEqual(numbers, [...new Set(numbers)]);
});

test('a fragment is a kind, an empty line and a text', t => {
  t.deepEqual(parseFragment('012-a-b2.md', 'kind: fixed\n\nIt works.\n'), {
    name: '012-a-b2.md',
    kind: 'fixed',
    body: 'It works.',
  });
});

const refuses = test.macro({
  exec(t, name: string, text: string, message: RegExp) {
    t.throws(() => parseFragment(name, text), {message});
  },
  title: providedTitle => `a fragment ${providedTitle} is refused`,
});

test('without a number', refuses, 'a.md', 'kind: fixed\n\nx\n', /NNN-slug/);
test('with capitals in its name', refuses, '001-A.md', 'kind: fixed\n\nx\n', /NNN-slug/);
test('of an unknown kind', refuses, '001-a.md', 'kind: nice\n\nx\n', /kind: /);
test('without a kind', refuses, '001-a.md', 'x\n', /kind: /);
test('without an empty line', refuses, '001-a.md', 'kind: fixed\nx\n', /kind: /);
test('without a text', refuses, '001-a.md', 'kind: fixed\n\n \n', /needs a text/);
test('with a heading', refuses, '001-a.md', 'kind: fixed\n\n# x\n', /headings/);

test('a release puts its section above the older ones, grouped by kind', t => {
  const fragments = [
    {name: '001-a.md', kind: 'fixed', body: 'One.'},
    {name: '002-b.md', kind: 'added', body: 'Two\nlines.'},
    {name: '003-c.md', kind: 'fixed', body: 'Three.'},
  ];
  t.is(
    assemble('# Changelog\n\nText.\n\n## 1.0.0\n\nOld.\n', '1.1.0', fragments),
    '# Changelog\n\nText.\n\n## 1.1.0\n\n### Added\n\n- Two\n  lines.\n\n### Fixed\n\n- One.\n- Three.\n\n## 1.0.0\n\nOld.\n',
  );
});

test('the first release goes beneath the introduction', t => {
  t.is(
    assemble('# Changelog\n\nText.\n', '1.0.0', [{name: '001-a.md', kind: 'added', body: 'One.'}]),
    '# Changelog\n\nText.\n\n## 1.0.0\n\n### Added\n\n- One.\n',
  );
});

test('the date of a release stands beneath its heading', t => {
  t.is(
    assemble('# Changelog\n\nText.\n', '1.0.0', [{name: '001-a.md', kind: 'added', body: 'One.'}], '2026-01-31'),
    '# Changelog\n\nText.\n\n## 1.0.0\n\n2026-01-31\n\n### Added\n\n- One.\n',
  );
});

test('a version is released once, and not without a change', t => {
  const fragment = {name: '001-a.md', kind: 'added', body: 'One.'};
  t.throws(() => assemble('## 1.0.0\n', '1.0.0', [fragment]), {message: /raise the version/});
  t.throws(() => assemble('', '1.0.0', []), {message: /nothing to release/});
});
