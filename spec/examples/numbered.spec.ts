// The numbered examples do what their headers say, stay short, and use what a user can use.
// Beside scan.spec.ts; the header of each is read from its source.
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {importsOf} from '../imports.js';
import {spawning} from '../kit/spawning.js';
import {readHeader} from './header.js';
import {run} from './program.js';

const test = spawning({always: 8});

// One tree of processes at a time: some have seven.
const root = fileURLToPath(new URL('../../..', import.meta.url));
const names = readdirSync(join(root, 'examples'), {withFileTypes: true})
  .filter(entry => entry.isFile())
  .map(entry => entry.name)
  .sort();
const sourceOf = (name: string): string => readFileSync(join(root, 'examples', name), 'utf8');

/** The first ones run always, the others in CI. */
const runs = (name: string): boolean => process.env.RXTRACTOR_CI !== undefined || name < '06';

for (const name of names) {
  const reason = runs(name) ? '' : ' (takes long: set RXTRACTOR_CI=1 to run)';
  const testRun = runs(name) ? test : test.skip;
  testRun(`${name} prints what its header says, ends as it says, and leaves nothing running${reason}`, async t => {
    const expected = readHeader(sourceOf(name));
    const file = join(root, 'dist', 'examples', name.replace(/\.ts$/, '.js'));
    const outcome = await run([], {file});
    t.is(outcome.stdout, expected.stdout, outcome.stderr);
    t.is(outcome.code, expected.exitCode, outcome.stderr);
    if (expected.exitCode === 0) t.is(outcome.stderr, '');
    t.deepEqual(outcome.left, []);
  });

  test(`${name} has at most 60 lines, draws the tree from its root, and imports what a user can`, t => {
    const source = sourceOf(name);
    t.true(source.trimEnd().split('\n').length <= 60);
    t.regex(readHeader(source).tree, /^root\b/);
    t.deepEqual(
      importsOf(source)
        .map(({specifier}) => specifier)
        .filter(specifier => !/^(rxtractor(\/testing)?|rxjs|zod|node:\w+)$/.test(specifier)),
      [],
    );
  });
}

test('the examples are numbered from 01 without a gap', t => {
  t.true(names.length >= 12);
  t.deepEqual(
    names.map(name => /^(\d\d)-[a-z]+(?:-[a-z]+)*\.ts$/.exec(name)?.[1]),
    names.map((_, index) => String(index + 1).padStart(2, '0')),
  );
});

test('the page of examples lists each with the sentence of its header, in order', t => {
  const page = readFileSync(join(root, 'docs', 'start', 'examples.md'), 'utf8');
  t.deepEqual(
    [...page.matchAll(/^\| \[[^\]]*\]\(..\/..\/examples\/\d.*$/gm)].map(([row]) => row),
    names.map(name => `| [${name}](../../examples/${name}) | ${readHeader(sourceOf(name)).shows} |`),
  );
});

test('readHeader reads a sentence, a tree, the output and the exit code, and refuses anything else', t => {
  const lines = ['One.', '', '  root', '  └── a', '', 'It prints (b):', '', '  c', '    d'];
  const source = (more: readonly string[]): string =>
    ['/**', ...[...lines, ...more].map(line => ` * ${line}`.trimEnd()), ' */', ''].join('\n');
  const header = {shows: 'One.', tree: 'root\n└── a\n', terminal: '', stdout: 'c\n  d\n', exitCode: 0};
  t.deepEqual(readHeader(source([])), header);
  t.deepEqual(readHeader(source(['', 'Its exit code is 3.'])), {...header, exitCode: 3});
  const onTerminal = source([]).replace(' * It prints', ' * On a terminal: `a>`.\n *\n * It prints');
  t.deepEqual(readHeader(onTerminal), {...header, terminal: '`a>`.\n'});
  t.throws(() => readHeader(source(['', 'It ends.'])), {message: /exit code/});
  t.throws(() => readHeader('import a from "a";\n'), {message: /comment/});
  t.throws(() => readHeader('/**\n * Prints:\n */\n'), {message: /sentence/});
});
