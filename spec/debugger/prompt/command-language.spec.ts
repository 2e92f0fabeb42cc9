// The command language over a made-up program: text in, lines out.
import test, {type ExecutionContext} from 'ava';
import type {
  Debuggee,
  Evaluation,
  FrameScope,
  StackFrame,
  StepKind,
  StepOutcome,
} from '../../../lib/debugger/frames/debuggee.js';
import {CommandLanguage} from '../../../lib/debugger/prompt/command-language.js';

const text = Array.from({length: 30}, (_, at) => `line ${at + 1}`);

/** Two frames in one file; notes what it is asked for. */
class Fake implements Debuggee {
  steps = true;
  frames: readonly StackFrame[] = [
    {name: 'inner', file: '/app/a.ts', line: 10, column: 3},
    {name: '', file: '/app/a.ts', line: 20, column: 1},
  ];
  readonly asked: string[] = [];
  answers: Record<string, Evaluation> = {};
  stepped: StepOutcome = 'stopped';
  value: string | undefined;
  found: readonly string[] | undefined = text;
  variables: readonly FrameScope[] = [];
  known: Record<string, readonly string[]> = {};

  async source(): Promise<readonly string[] | undefined> {
    return this.found;
  }

  async scopes(frame: number): Promise<readonly FrameScope[]> {
    this.asked.push(`scopes ${frame}`);
    return this.variables;
  }

  async evaluate(frame: number, expression: string): Promise<Evaluation> {
    this.asked.push(`${frame}: ${expression}`);
    return this.answers[expression] ?? {failed: false, text: expression};
  }

  async names(_: number, of = ''): Promise<readonly string[]> {
    this.asked.push(`names of ${of}`);
    return this.known[of] ?? [];
  }

  async returned(): Promise<string | undefined> {
    return this.value;
  }

  async step(step: StepKind): Promise<StepOutcome> {
    this.asked.push(step);
    if (this.stepped !== 'stopped') this.frames = [];
    else this.frames = this.frames.map(frame => ({...frame, line: frame.line + 1}));
    return this.stepped;
  }
}

async function says(
  t: ExecutionContext,
  prompt: CommandLanguage,
  line: string,
  lines: readonly string[],
): Promise<void> {
  t.deepEqual(await prompt.run(line), {lines}, line);
}

test('on arrival the place is shown, and the source around it with the current line marked', async t => {
  t.deepEqual(await new CommandLanguage(new Fake()).arrive(), [
    'inner (a.ts:10)',
    '   8  line 8',
    '   9  line 9',
    '> 10  line 10',
    '  11  line 11',
    '  12  line 12',
  ]);
});

test('at the beginning of a file only what is there is shown, and control characters of the source as text', async t => {
  const fake = new Fake();
  fake.frames = [{name: 'f', file: '/a.js', line: 1, column: 1}];
  fake.found = ['\x1b[2Jone', 'two'];
  t.deepEqual(await new CommandLanguage(fake).arrive(), ['f (a.js:1)', '> 1  \\x1b[2Jone', '  2  two']);
});

test('at the end of a function, what it returns is shown', async t => {
  const fake = new Fake();
  fake.value = '[\n  1\n]';
  t.deepEqual((await new CommandLanguage(fake).arrive()).slice(-3), ['returns [', '  1', ']']);
});

test('a source that cannot be read is said to be so', async t => {
  const fake = new Fake();
  fake.found = undefined;
  t.deepEqual(await new CommandLanguage(fake).arrive(), ['inner (a.ts:10)', '(its source cannot be read)']);
});

const runs = test.macro({
  async exec(t, line: string, asked: readonly string[]) {
    const fake = new Fake();
    await new CommandLanguage(fake).run(line);
    t.deepEqual(fake.asked, asked);
  },
  title: (_, line) => `\`${line}\` asks for what it says`,
});

for (const line of ['n', 'next', ' n ']) test(runs, line, ['over']);
for (const line of ['s', 'step']) test(runs, line, ['into']);
for (const line of ['f', 'finish']) test(runs, line, ['out']);
test(runs, 'p x', ['0: x']);
test(runs, 'p  (n)', ['0: (n)']);
test(runs, 'p -1', ['0: -1']);
test(runs, 'p n', ['0: n']);
for (const line of ['n = 1', 'c.d', 'p = 3', 'p.x', 'p += 1', 'p => 1', 'print', 'x', 'await', 'l + 1', 'toString'])
  test(runs, line, [`0: ${line}`]);
test(runs, 'p', []);
test(runs, '', []);
test(runs, 'locals', ['scopes 0']);

const ends = test.macro({
  async exec(t, line: string, end: string) {
    t.deepEqual(await new CommandLanguage(new Fake()).run(line), {lines: [], end: end as 'quit'});
  },
  title: (_, line, end) => `\`${line}\` ends the session: ${end}`,
});

for (const line of ['c', 'cont', 'continue']) test(ends, line, 'continue');
for (const line of ['q', 'quit']) test(ends, line, 'quit');

test('a step shows the new place; an empty line repeats it', async t => {
  const fake = new Fake();
  const prompt = new CommandLanguage(fake);
  t.is((await prompt.run('n')).lines[0], 'inner (a.ts:11)');
  t.is((await prompt.run('')).lines[0], 'inner (a.ts:12)');
  await prompt.run('x');
  t.deepEqual(await prompt.run(''), {lines: []});
  t.deepEqual(fake.asked, ['over', 'over', '0: x']);
});

test('a step that leads nowhere ends the session, and says so', async t => {
  const fake = new Fake();
  fake.stepped = 'gone';
  const {lines, end} = await new CommandLanguage(fake).run('n');
  t.is(end, 'gone');
  t.regex(lines.join(), /runs on/);
});

test('a step that was interrupted in nobody’s code leaves a prompt for expressions', async t => {
  const fake = new Fake();
  fake.stepped = 'interrupted';
  const prompt = new CommandLanguage(fake);
  t.deepEqual(await prompt.run('f'), {lines: ['interrupted', 'no frame of your code is on the stack']});
  for (const line of ['w', 'l', 'll']) await says(t, prompt, line, ['no frame of your code is on the stack']);
  await says(t, prompt, '1 + 1', ['1 + 1']);
});

test('u and d move among the frames, and expressions follow; w marks where one is', async t => {
  const fake = new Fake();
  const prompt = new CommandLanguage(fake);
  await says(t, prompt, 'w', ['> inner (a.ts:10)', '  (anonymous) (a.ts:20)']);
  t.is((await prompt.run('u')).lines[0], '(anonymous) (a.ts:20)');
  await prompt.run('x');
  await says(t, prompt, 'bt', ['  inner (a.ts:10)', '> (anonymous) (a.ts:20)']);
  await says(t, prompt, 'u', ['this is the outermost frame']);
  t.is((await prompt.run('d')).lines[0], 'inner (a.ts:10)');
  await says(t, prompt, 'd', ['this is the innermost frame']);
  t.deepEqual(fake.asked, ['1: x']);
});

test('after a step one is in the innermost frame again', async t => {
  const prompt = new CommandLanguage(new Fake());
  await prompt.run('u');
  t.is((await prompt.run('n')).lines[0], 'inner (a.ts:11)');
  t.is((await prompt.run('w')).lines[0], '> inner (a.ts:11)');
});

test('l goes on where the last l ended, up to the end of the file; ll shows all of it', async t => {
  const prompt = new CommandLanguage(new Fake());
  const first = (await prompt.run('l')).lines;
  t.deepEqual([first[0], first[5], first.at(-1)], ['   5  line 5', '> 10  line 10', '  15  line 15']);
  const second = (await prompt.run('l')).lines;
  t.deepEqual([second[0], second.at(-1)], ['  16  line 16', '  26  line 26']);
  t.is((await prompt.run('')).lines.at(-1), '  30  line 30');
  await says(t, prompt, '', ['the file ends here']);
  t.is((await prompt.run('ll')).lines.length, 30);
});

test('locals shows every scope that has variables', async t => {
  const fake = new Fake();
  fake.variables = [
    {kind: 'local', variables: [{name: 'x', text: '{\n  a: 1\n}'}]},
    {kind: 'block', variables: []},
    {kind: 'closure', variables: [{name: 'y', text: '2'}]},
  ];
  await says(t, new CommandLanguage(fake), 'locals', ['local:', '  x = {', '    a: 1', '  }', 'closure:', '  y = 2']);
});

test('what an expression throws is marked', async t => {
  const fake = new Fake();
  fake.answers = {boom: {failed: true, text: 'Error: no'}};
  await says(t, new CommandLanguage(fake), 'boom', ['! Error: no']);
});

test('a declaration that is lost with its line says so, and what to write instead', async t => {
  const fake = new Fake();
  fake.answers = {
    'let x = 1': {failed: false, text: 'undefined'},
    'var z = 1': {failed: true, text: 'EvalError: no'},
    'const y = 1; y': {failed: false, text: '1'},
  };
  await says(t, new CommandLanguage(fake), 'let x = 1', ['x is not kept beyond this line: globalThis.x = … is']);
  await says(t, new CommandLanguage(fake), 'var z = 1', ['z is not kept beyond this line: globalThis.z = … is']);
  await says(t, new CommandLanguage(fake), 'const y = 1; y', ['1']);
});

test('braces are an object where they can be one, and a block where not', async t => {
  const fake = new Fake();
  fake.answers = {
    '({a: 1}\n)': {failed: false, text: 'object'},
    '({ n++; }\n)': {failed: true, text: 'SyntaxError: no'},
    '({a: b}\n)': {failed: true, text: 'ReferenceError: b'},
  };
  await says(t, new CommandLanguage(fake), '{a: 1}', ['object']);
  await says(t, new CommandLanguage(fake), '{ n++; }', ['{ n++; }']);
  await says(t, new CommandLanguage(fake), '{a: b}', ['! ReferenceError: b']);
});

test('help names every command; `actors` is what the terminal is asked for', async t => {
  const prompt = new CommandLanguage(new Fake());
  t.true((await prompt.run('help')).lines.length > 4);
  t.deepEqual(await prompt.run('actors'), {lines: [], wants: 'actors'});
});

test('devtools says where and how others attach; a program that cannot be attached to says so', async t => {
  const fake: Fake & Pick<Debuggee, 'devtools'> = new Fake();
  await says(t, new CommandLanguage(fake), 'devtools', ['devtools: only for a program that stands still']);
  fake.devtools = async () => ({failed: false, text: 'ws://127.0.0.1:4711/some-id'});
  const {lines} = await new CommandLanguage(fake).run('devtools');
  t.regex(lines.join('\n'), /ws:\/\/127\.0\.0\.1:4711\/some-id\n.*&ws=127\.0\.0\.1:4711\/some-id\n.*port 4711\n/);
  fake.devtools = async () => ({failed: true, text: 'no'});
  await says(t, new CommandLanguage(fake), 'devtools', ['! no']);
});

const completes = test.macro({
  async exec(t, line: string, names: readonly string[], typed: string, asked: readonly string[]) {
    const fake = new Fake();
    fake.known = {'': ['total', 'totem', 'no-name', 'listing'], 'a.b': ['c', 'cd', '0'], a: ['b']};
    t.deepEqual(await new CommandLanguage(fake).complete(line), [names, typed]);
    t.deepEqual(fake.asked, asked);
  },
  title: (_, line) => `the names that fit \`${line}\``,
});

test(completes, 'to', ['total', 'totem'], 'to', ['names of ']);
test(completes, 'p to', ['total', 'totem'], 'to', ['names of ']);
test(completes, '1 + tot', ['total', 'totem'], 'tot', ['names of ']);
test(completes, 'li', ['list', 'listing'], 'li', ['names of ']);
test(completes, '(li', ['listing'], 'li', ['names of ']);
test(completes, 'a.b.c', ['c', 'cd'], 'c', ['names of a.b']);
test(completes, 'f(a?.', ['b'], '', ['names of a']);
test(completes, 'f().b', [], 'b', []);
test(completes, 'x[0].', [], '', []);
