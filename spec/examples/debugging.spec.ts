// The examples of the debugger where there is no terminal: they warn, and run to the end that their headers say.
// Beside numbered.spec.ts; debugger/examples.spec.ts drives them at one.
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {importsOf} from '../imports.js';
import {spawning} from '../kit/spawning.js';
import {readHeader} from './header.js';
import {run} from './program.js';

const test = spawning({takesLong: true});

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = join(root, 'examples', 'debugging');
const names = readdirSync(folder).sort();
const sourceOf = (name: string): string => readFileSync(join(folder, name), 'utf8');
const warning =
  /^rxtractor \d+ warn: a breakpoint was passed over, as all will be: there is no terminal \(\/dev\/tty\)$/;

for (const name of names) {
  test(`debugging/${name} runs to its end without a terminal: each actor that would stop warns once`, async t => {
    const expected = readHeader(sourceOf(name));
    const file = join(root, 'dist', 'examples', 'debugging', name.replace(/\.ts$/, '.js'));
    const outcome = await run([], {file, withoutTerminal: true});
    t.is(outcome.stdout, expected.stdout, outcome.stderr);
    t.is(outcome.code, expected.exitCode, outcome.stderr);
    const warnings = outcome.stderr.split('\n').filter(line => warning.test(line));
    t.deepEqual(warnings, [...new Set(warnings)], 'one for each process');
    if (/\b(?:breakpoint|postMortem)\(/.test(sourceOf(name))) t.not(warnings.length, 0);
    if (expected.exitCode === 0) t.is(outcome.stderr, warnings.map(line => `${line}\n`).join(''));
    t.deepEqual(outcome.left, []);
  });

  test(`debugging/${name} has at most 40 lines, says what to try at the prompt, and imports what a user can`, t => {
    const source = sourceOf(name);
    t.true(source.trimEnd().split('\n').length <= 40);
    const {tree, terminal} = readHeader(source);
    t.regex(tree, /^root\b/);
    t.regex(terminal, /^`[\w-]+>`.*(?:Try|`c`)/s);
    t.deepEqual(
      importsOf(source)
        .map(({specifier}) => specifier)
        .filter(specifier => !/^(rxtractor|rxjs)$/.test(specifier)),
      [],
    );
  });
}

test('the examples of the debugger are numbered from 01 without a gap', t => {
  t.true(names.length >= 8);
  t.deepEqual(
    names.map(name => /^(\d\d)-[a-z]+(?:-[a-z]+)*\.ts$/.exec(name)?.[1]),
    names.map((_, index) => String(index + 1).padStart(2, '0')),
  );
});

test('the page of examples lists those of the debugger with the sentences of their headers, in order', t => {
  const page = readFileSync(join(root, 'docs', 'start', 'examples.md'), 'utf8');
  t.deepEqual(
    [...page.matchAll(/^\| \[.*examples\/debugging\/.*$/gm)].map(([row]) => row),
    names.map(name => `| [${name}](../../examples/debugging/${name}) | ${readHeader(sourceOf(name)).shows} |`),
  );
});
