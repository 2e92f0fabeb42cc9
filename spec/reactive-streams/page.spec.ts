// Holds docs/reference/reactive-streams.md to the suite: every rule once, its specs, and counts that nobody wrote.
import test from 'ava';

interface Rule {
  readonly rule: string;
  readonly mark: 'yes' | 'partly' | 'no';
  readonly why: string;
}

// The cast gives the script its types: it stays plain JavaScript, because it is run by hand.
const {fill, readPage, readRules, readTitles} = (await import(
  new URL('../../../.ci/reactive-streams.mjs', import.meta.url).href
)) as {
  fill: (markdown: string, titles: ReadonlyMap<string, readonly string[]>) => string;
  readPage: () => string;
  readRules: (markdown: string) => Rule[];
  readTitles: () => Map<string, string[]>;
};

/** How many rules each part of Reactive Streams 1.0 has. */
const parts = [11, 13, 17, 2];

test('the page has every rule of Reactive Streams once, in order', t => {
  const all = parts.flatMap((count, part) => Array.from({length: count}, (_, i) => `${part + 1}.${i + 1}`));
  t.deepEqual(
    readRules(readPage()).map(({rule}) => rule),
    all,
  );
});

test('a rule has specs when the page says that it is checked, and reasons when it is not, or in part', t => {
  const titles = readTitles();
  for (const {rule, mark, why} of readRules(readPage())) {
    t.is(titles.has(rule), mark !== 'no', `rule ${rule} is marked ${mark}`);
    t.is(/^: \w/.test(why), mark !== 'yes', `rule ${rule}: a reason belongs to ${mark}`);
  }
});

test('the specs and the counts in the page are those of the suite (or else: node .ci/reactive-streams.mjs)', t => {
  t.is(readPage(), fill(readPage(), readTitles()));
});

const page =
  '<!-- counts -->\nold\n<!-- end -->\n| 1.1 | a | yes | old |\n| 1.2 | b | no: why | |\n| 1.3 | c | partly: so | |\n';
test('fill writes titles and counts, whatever stood there', t => {
  const titles = new Map([
    ['1.1', ['one', 'two']],
    ['1.3', ['three']],
  ]);
  const filled = fill(page, titles);
  t.is(
    filled,
    '<!-- counts -->\nOf 3 rules 1 are checked, 1 are checked in part, and 1 mean nothing here; 3 specs do it.\n<!-- end -->\n' +
      '| 1.1 | a | yes | one<br>two |\n| 1.2 | b | no: why |  |\n| 1.3 | c | partly: so | three |\n',
  );
  t.is(fill(filled, titles), filled);
});
