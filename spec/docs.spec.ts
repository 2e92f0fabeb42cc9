// Holds the documents to the truth: their programs run and print what they say, their links lead somewhere, every
// error has its heading, no page names a call that does not exist, and every rule is written down and has a spec.
// Above docs.ts, which reads the pages and is itself tested at the end.
import {execFile} from 'node:child_process';
import {existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, join, relative} from 'node:path';
import {fileURLToPath} from 'node:url';
import test, {type ExecutionContext} from 'ava';
import * as rxjs from 'rxjs';
import * as core from '../lib/index.js';
import * as telemetry from '../lib/otel/index.js';
import * as testing from '../lib/testing/index.js';
import * as observing from '../lib/window/index.js';
import {
  anchors,
  definedRules,
  headings,
  isAsPrinted,
  namedCalls,
  namedRules,
  type Page,
  readPage,
  relativeLinks,
  saidIn,
  type Typed,
  undefinedRules,
  unlinkedRules,
} from './docs.js';
import {PtyProgram} from './kit/screen.js';

/** Every name that the package exports. */
const rxtractor = {...core, ...telemetry, ...testing, ...observing};

const root = fileURLToPath(new URL('../..', import.meta.url));
const longTimes = new URL('kit/long-times.js', import.meta.url).href;
/** Programs are put below the package's own root, where its name and RxJS resolve as they do for a user. */
const scratch = join(root, 'dist', 'docs');

const pages = new Map<string, Page>(
  ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CODE_OF_CONDUCT.md', ...markdownBelow('docs')].map(path => [
    path,
    readPage(readFileSync(join(root, path), 'utf8')),
  ]),
);

function markdownBelow(folder: string): string[] {
  return readdirSync(join(root, folder), {recursive: true, encoding: 'utf8'})
    .filter(path => path.endsWith('.md'))
    .map(path => join(folder, path))
    .sort();
}

const directoryOf = (path: string): string => join(scratch, path.replace(/\.md$/, '').replaceAll('/', '-'));

test.before('put the programs into files', () => {
  rmSync(scratch, {recursive: true, force: true});
  for (const [path, {files}] of pages) {
    for (const {name, text} of files) {
      const file = join(directoryOf(path), name);
      if (existsSync(file)) throw new Error(`${path} has two programs named ${name}`);
      mkdirSync(dirname(file), {recursive: true});
      writeFileSync(file, text);
    }
  }
});

/** The first pages that a reader sees run always, the others in CI. */
const runsAlways = (path: string): boolean => path === 'README.md' || path.startsWith('docs/start/');

for (const [path, {runs}] of pages) {
  const isRun = process.env.RXTRACTOR_CI !== undefined || runsAlways(path);
  const reason = isRun ? '' : ' (takes long: set RXTRACTOR_CI=1 to run)';
  const testRun = isRun ? test.serial : test.serial.skip;
  for (const {command, output, line, typed} of runs) {
    // spec/cli/guide.spec.ts runs it, beside the program that it looks at.
    if (command.startsWith('rxtractor ')) continue;
    testRun(`${path}:${line} \`${command}\` prints what the page says${reason}`, async t => {
      const folder = directoryOf(path);
      const actual = typed.length > 0 ? await session(t, command, folder, typed) : await shell(command, folder);
      t.true(isAsPrinted(actual, output), `the page says:\n${output}\nit printed:\n${actual}`);
    });
  }
}

test('the TypeScript programs of the pages are well typed, and what they call by its receiver is there', async t => {
  t.timeout(120_000);
  const receivers = {
    nursery: 'Nursery',
    portal: 'Portal',
    context: 'Context<unknown, unknown, unknown, unknown>',
    ctx: 'CalleeContext<unknown, unknown, unknown>',
    wire: 'MsgStream<unknown, unknown>',
  };
  const methods = [...pages.values()]
    .flatMap(({prose}) => namedCalls(prose))
    .filter(({receiver}) => receiver !== undefined && receiver in receivers)
    .map(({receiver, name}) => `void ${receiver}.${name};`);
  const declared = Object.entries(receivers).map(([name, type]) => `declare const ${name}: ${type};`);
  const imports = "import type {CalleeContext, Context, MsgStream, Nursery, Portal} from 'rxtractor';";
  writeFileSync(join(scratch, 'methods.ts'), [imports, ...declared, ...new Set(methods)].join('\n'));
  const options = {
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2023', 'esnext.disposable'],
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    skipLibCheck: true,
  };
  writeFileSync(join(scratch, 'tsconfig.json'), JSON.stringify({compilerOptions: options, include: ['**/*.ts']}));
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  t.is(await shell(`"${process.execPath}" "${tsc}" -p tsconfig.json`, scratch), '');
});

test('README has at most 180 lines', t => {
  t.true(readFileSync(join(root, 'README.md'), 'utf8').trimEnd().split('\n').length <= 180);
});

test('docs/README.md lists every page of docs', t => {
  const listed = relativeLinks(pages.get('docs/README.md')?.prose ?? '').map(link => join('docs', link));
  // A fragment of a change is text for the changelog, and becomes a part of it.
  const isPage = (path: string): boolean => path.startsWith('docs/') && !/^docs\/changes\/\d/.test(path);
  const missing = [...pages.keys()].filter(path => isPage(path) && !listed.includes(path));
  t.deepEqual(missing, ['docs/README.md'], 'all but itself');
});

test('every error code has a heading in the reference, and every heading a code', t => {
  const codes = Object.entries(rxtractor).flatMap(([name, value]) =>
    typeof value === 'function' && 'code' in value ? [`${String(value.code)}: ${name}`] : [],
  );
  const page = pages.get('docs/reference/errors.md');
  t.deepEqual(
    headings(page?.prose ?? '').filter(heading => /^[A-Z]+_/.test(heading)),
    codes.sort(),
  );
});

test('every relative link leads to a file, and to a heading in it', t => {
  const broken: string[] = [];
  for (const [path, {prose}] of pages) {
    for (const link of relativeLinks(prose)) {
      const [target = '', anchor] = link.split('#');
      const file = target === '' ? path : relative(root, join(root, dirname(path), target));
      if (!existsSync(join(root, file))) broken.push(`${path}: ${link}`);
      else if (anchor !== undefined && !anchors(pages.get(file)?.prose ?? '').includes(anchor))
        broken.push(`${path}: ${link} (no such heading)`);
    }
  }
  t.deepEqual(broken, []);
});

test('no page names a function that neither the package, RxJS nor the platform has', t => {
  const own = new Set(declaredInPrograms());
  const isKnown = (name: string): boolean =>
    name in rxtractor || name in rxjs || name in globalThis || own.has(name) || methods.has(name);
  const unknown = [...pages].flatMap(([path, {prose}]) =>
    namedCalls(withoutOtherLibraries(path, prose))
      .filter(({receiver, name}) => receiver === undefined && !isKnown(name))
      .map(({name}) => `${path}: ${name}()`),
  );
  t.deepEqual(unknown, []);
});

/** The first column of the tables in `coming-from` holds calls of other libraries. */
function withoutOtherLibraries(path: string, prose: string): string {
  return path === 'docs/guide/coming-from.md' ? prose.replaceAll(/^\|[^|]*\|/gm, '|') : prose;
}

/** Names that may stand without their receiver: the methods of what users hold, and those that the language calls. */
const methods = new Set([
  'return',
  // Not a function: `name(pid) ` is how an actor's line begins.
  'name',
  ...[
    'nursery/nursery',
    'actor/portal',
    'context/rx/context',
    'context/rx/msg-stream',
    'context/rx/remote-stream',
    'testing/world',
    'testing/marbles',
  ].flatMap(file => {
    const types = readFileSync(join(root, 'dist', 'lib', `${file}.d.ts`), 'utf8');
    return [...types.matchAll(/^ {4}([a-z]\w*)(?:<.*>)?\(/gm)].map(([, name]) => name ?? '');
  }),
]);

function declaredInPrograms(): string[] {
  const programs = [...pages.values()].flatMap(({blocks}) => blocks.filter(({language}) => /^[jt]s$/.test(language)));
  return programs.flatMap(({text}) =>
    [...text.matchAll(/\b(?:const|function\*?) ([A-Za-z_$][\w$]*)/g)].map(([, name]) => name ?? ''),
  );
}

test('readPage finds programs by their first line and runs by their prompt', t => {
  const page = readPage(
    ['a', '```js', '// x.js', 'f();', '```', '```js', 'g();', '```', '```console', '$ node x.js', '1', '```'].join(
      '\n',
    ),
  );
  t.is(page.prose, 'a');
  t.is(page.blocks.length, 3);
  t.deepEqual(page.files, [{name: 'x.js', text: '// x.js\nf();\n'}]);
  t.deepEqual(page.runs, [{command: 'node x.js', output: '1', line: 9, typed: []}]);
});

test('readPage finds what a person types in a session on a terminal', t => {
  const [run] = readPage(
    ['```console', '$ node x.js', '> 7  f();', 'a-b> n + 1', '2', 'a-b> c', '```'].join('\n'),
  ).runs;
  t.deepEqual(run?.typed, [
    {label: 'a-b', text: 'n + 1'},
    {label: 'a-b', text: 'c'},
  ]);
});

test('isAsPrinted takes process ids and … for anything, and nothing else', t => {
  t.true(isAsPrinted('a (pid 12)\nb\n', 'a (pid 7)\nb'));
  t.true(isAsPrinted('x\n  1\n  2\nend', 'x\n…\nend'));
  t.true(isAsPrinted('took 12 ms', 'took … ms'));
  t.false(isAsPrinted('a\nb', 'a'));
  t.false(isAsPrinted('took 12 ms', 'took .. ms'));
});

test('namedCalls reads inline code only, with receivers', t => {
  t.deepEqual(namedCalls('`main(body)`, `portal.run()` and f(x), `[a.b.c(]`'), [
    {receiver: undefined, name: 'main'},
    {receiver: 'portal', name: 'run'},
  ]);
});

test('relativeLinks and anchors are those of GitHub', t => {
  t.deepEqual(relativeLinks('[a](b.md#c) [d](https://e) `[f](g)`'), ['b.md#c']);
  t.deepEqual(anchors('# A `b`, c: d\n## ERR_X: Y'), ['a-b-c-d', 'err_x-y']);
});

const rules = definedRules(pages.get('docs/reference/semantics.md')?.prose ?? '');

/** The texts of all sources below a folder, by their path; not this file, whose made-up rules are at its end. */
function saidBelow(folder: string): Map<string, string> {
  const paths = readdirSync(join(root, folder), {recursive: true, encoding: 'utf8'}).filter(path =>
    path.endsWith('.ts'),
  );
  const said = paths.map(path => [join(folder, path), saidIn(readFileSync(join(root, folder, path), 'utf8'))] as const);
  return new Map(said.filter(([path]) => path !== 'spec/docs.spec.ts'));
}

test('every rule that lib, a spec or a page names is a heading of docs/reference/semantics.md', t => {
  const prose = new Map([...pages].map(([path, page]) => [path, page.prose]));
  t.deepEqual(undefinedRules(rules, new Map([...saidBelow('lib'), ...saidBelow('spec'), ...prose])), []);
});

test('every rule has a spec that names it', t => {
  const specs = [...saidBelow('spec')].filter(([path]) => path.endsWith('.spec.ts'));
  const named = new Set(specs.flatMap(([, said]) => namedRules(said)));
  t.true(rules.length > 0);
  t.deepEqual(
    rules.filter(rule => !named.has(rule)),
    [],
  );
});

test('a page that names a rule links to it', t => {
  const unlinked = [...pages].flatMap(([path, {prose}]) => unlinkedRules(prose).map(rule => `${path}: ${rule}`));
  t.deepEqual(unlinked, []);
});

test('namedRules finds a rule where one is meant, and nowhere else', t => {
  t.deepEqual(namedRules('T9, E10: it ends (X2), as rules C1 to C6 and rule S4 say; [F1](x.md#f1)'), [
    ...['T9', 'E10', 'X2', 'C1', 'C6', 'S4', 'F1'],
  ]);
  t.deepEqual(namedRules('I1-I4, K56, T14: (rule T15: why) (D1, K88)'), ['T14', 'T15', 'D1']);
  t.deepEqual(namedRules('C1 controls, UTF8: an S3 bucket, (E2E), the key F5 (not T100)'), []);
});

test('saidIn reads comments and strings, and no code', t => {
  const source = ['/** One. */', ' * Two', 'const S1: T2 = `three` + "it\\"s"; // four', "over('five', it);"].join(
    '\n',
  );
  t.deepEqual(saidIn(source).match(/\w+/g), ['One', 'Two', 'three', 'it', 's', 'four', 'five']);
});

test('undefinedRules, definedRules and unlinkedRules find what is wrong', t => {
  const defined = definedRules('# The rules\n\n### T9\n\nText.\n\n### C12\n\n### E2E\n');
  t.deepEqual(defined, ['T9', 'C12']);
  const said = new Map([
    ['lib/a.ts', 'why (rule T9)'],
    ['spec/b.spec.ts', 'T10, C12: it ends'],
  ]);
  t.deepEqual(undefinedRules(defined, said), ['spec/b.spec.ts: T10']);
  t.deepEqual(unlinkedRules('rule [T9](x.md#t9), `rule T9`, rule T10'), ['T10']);
});

/** The screen of a real terminal, on which somebody types what the page says as soon as they are asked. */
async function session(t: ExecutionContext, command: string, cwd: string, typed: readonly Typed[]): Promise<string> {
  const terminal = new PtyProgram(t, '', {
    command: ['sh', '-c', `cd "$1" && exec env -u FORCE_COLOR ${command}`, 'sh', cwd],
    columns: 130,
    env: {NO_COLOR: '1'},
  });
  for (const {label, text} of typed) {
    await terminal.prompt(label);
    terminal.press(`${text}\r`);
  }
  await terminal.exited;
  return terminal.screen();
}

/** The output of a command on stdout and stderr, in the order in which it does; its exit code is no matter here. */
function shell(command: string, cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = {...process.env};
    // A page's reader has none of these.
    for (const name of ['NODE_V8_COVERAGE', 'FORCE_COLOR', 'NODE_DEBUG']) delete env[name];
    env.NO_COLOR = '1';
    env.NODE_OPTIONS = `--import ${longTimes}`;
    execFile('sh', ['-c', `exec 2>&1; ${command}`], {cwd, timeout: 60_000, env}, (error, stdout) => {
      if (error?.killed) reject(new Error(`${command} did not end; it printed:\n${stdout}`));
      else resolve(stdout);
    });
  });
}
