// Holds docs/reference/api.md to the doc comments of the public names, and the doc comments to completeness.
// Above .ci/api.mjs, which makes the page from the declarations in dist.
import test from 'ava';

interface ApiPage {
  readonly markdown: string;
  readonly problems: readonly string[];
  readonly undocumented: readonly string[];
  readonly withoutExample: readonly string[];
}

// The cast gives the script its types: it stays plain JavaScript, as the rest of .ci.
const {makePage, readPage} = (await import(new URL('../../.ci/api.mjs', import.meta.url).href)) as {
  makePage(): ApiPage;
  readPage(): string;
};

let made: ApiPage;

test.before('make the page', t => {
  t.timeout(120_000);
  made = makePage();
});

test('docs/reference/api.md says what the doc comments say (after a change of one: npm run api)', t => {
  t.is(readPage(), made.markdown);
});

test('API Extractor reads every doc comment as it was meant, and every public name of every entry stands in a group', t => {
  t.deepEqual(made.problems, []);
});

test('every public name and member has a doc comment', t => {
  t.deepEqual(made.undocumented, []);
});

test('every function and class that a user calls has an example', t => {
  t.deepEqual(made.withoutExample, []);
});
