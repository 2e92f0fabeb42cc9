// Where n, s and f lead: across awaits, to those who await, and past the code of others.
import type {ExecutionContext} from 'ava';
import {isAsyncFunctionAt} from '../../../lib/debugger/frames/async-function.js';
import {UserCode} from '../../../lib/debugger/frames/user-code.js';
import {FakeTerminal} from '../../kit/fake-terminal.js';
import {startProgram} from '../../kit/program.js';
import {spawning} from '../../kit/spawning.js';

const test = spawning({takesLong: true});

/** The statement that a prompt marks. */
const at = (printed: string): string => /^> *\d+ +(.*)$/m.exec(printed)?.[1] ?? printed;

async function stopped(t: ExecutionContext, name: string, ...args: string[]) {
  const terminal = new FakeTerminal(t);
  const program = startProgram(t, name, {args: [terminal.path, ...args]});
  await terminal.opened(t);
  const goes = async (line: string): Promise<string> => at(await terminal.type(line));
  /** The places up to one that is looked for. */
  const goesTo = async (line: string, there: RegExp): Promise<string[]> => {
    const seen = [await goes(line)];
    while (seen.length < 40 && !there.test(seen.at(-1) ?? '')) seen.push(await goes(line));
    return [...new Set(seen)];
  };
  const ends = async (result: unknown): Promise<void> => {
    await terminal.release(t, 'c');
    t.deepEqual(await program.next(), result);
  };
  return {terminal, goes, goesTo, ends};
}

test('n crosses awaits within its function, whatever else runs; off its end it leads to who awaits it', async t => {
  const {terminal, goes, goesTo, ends} = await stopped(t, 'steps');
  const seen = await goesTo('n', /^return 1/);
  t.deepEqual(seen, [
    'for (const ms of [1, 2, 3]) await wait(ms);',
    "if (fails) throw new RangeError('failed');",
    'return 1;',
  ]);
  t.regex(await terminal.type('n'), /^inner [\s\S]*returns Promise \{ 1 \}$/, 'its end');
  t.is(await goes('n'), 'return await inner(fails);');
  await ends(1);
});

test('f runs an async function to its end, over all its awaits, and stops in who awaits it', async t => {
  const {terminal, goes, ends} = await stopped(t, 'steps');
  t.regex(await terminal.type('f'), /^outer [\s\S]*^> *\d+ +return await inner/m);
  t.is(await goes('f'), "console.log(JSON.stringify(await outer(process.argv[3] === 'fails')));");
  await ends(1);
});

test('f out of an async function that fails stops where that is caught', async t => {
  const {goes, ends} = await stopped(t, 'steps', 'fails');
  t.is(await goes('f'), 'return 7;');
  await ends(7);
});

test('s enters an async function that is called with await; f leads back', async t => {
  const {terminal, goes, goesTo, ends} = await stopped(t, 'piped');
  t.regex(await terminal.type('s'), /^add [\s\S]*^> *\d+ +const half/m);
  t.is(await goes('n'), 'return half * 2;');
  await goesTo('f', /^const doubled/);
  t.is(await terminal.type('start'), '1');
  await ends([5, 7]);
});

test('steps pass over the insides of installed packages: from one function of a pipe to the next', async t => {
  const {terminal, goesTo, ends} = await stopped(t, 'piped');
  await goesTo('n', /^const all =/);
  await goesTo('s', /^return 2/);
  t.is(await terminal.type('p n'), '1');
  t.deepEqual(await goesTo('n', /^console/), [
    'return 2 * n;',
    'return n + sum(2);',
    'console.log(JSON.stringify(all));',
  ]);
  t.notRegex(await terminal.type('bt'), /node_modules|rxjs/);
  await ends([5, 7]);
});

test('f out of a function that a package has called leads to the next of the user’s', async t => {
  const {goes, goesTo, ends} = await stopped(t, 'piped');
  await goesTo('n', /^const all =/);
  await goesTo('s', /^return 2/);
  t.is(await goes('f'), 'return n + sum(2);');
  t.regex(await goes('s'), /^const sum/);
  t.is(await goes('f'), 'return n + sum(2);');
  await ends([5, 7]);
});

const begins = test.macro({
  exec(t, line: string, isAsync: boolean) {
    t.is(isAsyncFunctionAt(line.replace('|', ''), line.indexOf('|')), isAsync);
  },
  title: (_, line, isAsync) => `${line} is ${isAsync ? '' : 'not '}async`,
});

for (const line of [
  'async function f|(a) {}',
  'async function|() {}',
  'const f = |async a => {}',
  'const f = |async (a) => {}',
  'class C { async m|() {} }',
  'class C { static async #p|() {} }',
  'class C { async *g|() {} }',
  "class C { async ['x y']|() {} }",
  'async function* g|() {}',
  'async function *g|() {}',
])
  test(begins, line, true);
for (const line of [
  'function f|() {}',
  'const f = |(async, b) => {}',
  'const f = |async => async',
  'class C { m|() {} }',
])
  test(begins, line, false);

test('code is the user’s, or a library’s that may call it, or neither', t => {
  const code = new UserCode();
  const kinds = (url: string): boolean[] => [code.isUsers(url), code.isLibrary(url)];
  t.deepEqual(kinds('file:///app/main.js'), [true, false]);
  t.deepEqual(kinds('file:///app/node_modules/rxjs/index.js'), [false, true]);
  for (const url of ['', 'node:fs', new URL('../../../lib/index.js', import.meta.url).href])
    t.deepEqual(kinds(url), [false, false]);
});

test('an installed package that awaits a breakpoint is the user’s; what this library needs itself never is', t => {
  const code = new UserCode();
  code.awaits('file:///lib/node_modules/rxjs/index.js');
  t.false(code.isUsers('file:///lib/node_modules/rxjs/index.js'));
  code.awaits('file:///lib/node_modules/@them/tool/cli.js');
  t.true(code.isUsers('file:///lib/node_modules/@them/tool/other.js'));
  t.false(code.isUsers('file:///lib/node_modules/@them/tool/node_modules/dep/index.js'));
  t.false(code.isUsers('file:///lib/node_modules/@them/else/index.js'));
});
