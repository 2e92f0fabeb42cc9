// The command language over a made-up program: text in, lines out.
import {readFileSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import type {
  Breakpoint,
  BreakpointRequest,
  Breakpoints,
  Debuggee,
  Detail,
  Evaluation,
  FrameScope,
  StackFrame,
  StepKind,
  StepOutcome,
} from '../../../lib/debugger/frames/debuggee.js';
import {CommandLanguage} from '../../../lib/debugger/prompt/command-language.js';
import {type CommandEntry, commands, commandWords} from '../../../lib/debugger/prompt/commands.js';
import {PromptMemory} from '../../../lib/debugger/prompt/prompt-memory.js';

const text = Array.from({length: 30}, (_, at) => `line ${at + 1}`);

class FakeBreakpoints implements Breakpoints {
  all: readonly Breakpoint[] = [];
  hit: readonly number[] = [];
  readonly asked: BreakpointRequest[] = [];

  async set(request: BreakpointRequest): Promise<Breakpoint | string> {
    this.asked.push(request);
    const {line, condition, isOnce} = request;
    if (line > 30) return 'no code';
    const set = {number: this.all.length + 1, file: '/app/a.ts', line, condition, isOnce};
    this.all = [...this.all, set];
    return set;
  }

  async remove(number: number): Promise<void> {
    this.all = this.all.filter(one => one.number !== number);
  }
}

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
  declared: readonly string[] = [];
  readonly globals = new Set<string>();
  /** The name of a global that an expression makes. */
  made: string | undefined;
  breakpoints: FakeBreakpoints | undefined;
  known: Record<string, readonly string[]> = {};

  async source(): Promise<readonly string[] | undefined> {
    return this.found;
  }

  async scopes(frame: number): Promise<readonly FrameScope[]> {
    this.asked.push(`scopes ${frame}`);
    return this.variables;
  }

  async evaluate(frame: number, expression: string, detail?: Detail): Promise<Evaluation> {
    const isGlobal = /^Object\.hasOwn\(globalThis, '(.*?)'\)/.exec(expression);
    if (isGlobal) return {failed: false, text: String(this.globals.has(isGlobal[1] as string))};
    if (this.made && expression.startsWith(this.made)) this.globals.add(this.made);
    this.asked.push(`${frame}: ${expression}${detail ? ` (${detail})` : ''}`);
    const answer = Object.hasOwn(this.answers, expression) ? this.answers[expression] : undefined;
    return answer ?? {failed: false, text: expression};
  }

  async parameters(): Promise<readonly string[]> {
    return this.declared;
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
test(runs, 'pp x', ['0: x (deep)']);
test(runs, 'display x', ['0: x']);
test(runs, 'p  (n)', ['0: (n)']);
test(runs, 'p -1', ['0: -1']);
test(runs, 'p n', ['0: n']);
for (const line of [
  'n = 1',
  'c.d',
  'p = 3',
  'p.x',
  'p += 1',
  'p => 1',
  'print',
  'x',
  'await',
  'l + 1',
  'toString',
  'pp(x)',
  'until + 1',
  'display.x',
  'args[0]',
  'b - 1',
  'clear()',
])
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
for (const line of ['q all', 'quit all']) test(ends, line, 'quit all');

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

test('a step to a breakpoint says its number', async t => {
  const fake = new Fake();
  fake.breakpoints = new FakeBreakpoints();
  fake.breakpoints.hit = [2];
  t.deepEqual((await new CommandLanguage(fake).run('n')).lines.slice(0, 2), ['breakpoint 2', 'inner (a.ts:11)']);
});

test('until goes on to a line below, or to the line that is given, and stops where the function is left', async t => {
  const fake = new Fake();
  const prompt = new CommandLanguage(fake);
  t.is((await prompt.run('until')).lines[0], 'inner (a.ts:11)');
  t.is((await prompt.run('until 15')).lines[0], 'inner (a.ts:15)');
  t.deepEqual(fake.asked, ['over', 'over', 'over', 'over', 'over']);
  fake.step = async () => {
    fake.frames = [{name: 'outer', file: '/app/a.ts', line: 3, column: 1}];
    return 'stopped';
  };
  t.is((await prompt.run('until 25')).lines[0], 'outer (a.ts:3)');
});

test('until stops at a breakpoint on the way, and where Ctrl-C or the end of the program ends it', async t => {
  const fake = new Fake();
  fake.breakpoints = new FakeBreakpoints();
  fake.breakpoints.hit = [1];
  t.is((await new CommandLanguage(fake).run('until 25')).lines[1], 'inner (a.ts:11)');
  const other = new Fake();
  other.stepped = 'interrupted';
  t.is((await new CommandLanguage(other).run('until')).lines[0], 'interrupted');
  other.steps = false;
  t.regex((await new CommandLanguage(other).run('until')).lines[0] as string, /nothing to step in/);
});

test('b, tbreak and clear set, list and remove breakpoints', async t => {
  const fake = new Fake();
  const prompt = new CommandLanguage(fake);
  const {lines} = await prompt.run('b 3');
  t.regex(lines[0] as string, /not after a crash/);
  const breakpoints = new FakeBreakpoints();
  fake.breakpoints = breakpoints;
  await says(t, prompt, 'b', ['no breakpoints']);
  await says(t, prompt, 'b 12', ['breakpoint 1 at a.ts:12']);
  await says(t, prompt, 'break shop/a.ts:13, price > 3', ['breakpoint 2 at a.ts:13, if price > 3']);
  await prompt.run('u');
  await says(t, prompt, 'tbreak 14', ['breakpoint 3 at a.ts:14, once']);
  await says(t, prompt, 'b 99', ['! no code']);
  t.deepEqual(breakpoints.asked, [
    {frame: 0, file: undefined, line: 12, condition: undefined, isOnce: false},
    {frame: 0, file: 'shop/a.ts', line: 13, condition: 'price > 3', isOnce: false},
    {frame: 1, file: undefined, line: 14, condition: undefined, isOnce: true},
    {frame: 1, file: undefined, line: 99, condition: undefined, isOnce: false},
  ]);
  await says(t, prompt, 'clear 7', ['! there is no breakpoint 7: b lists them']);
  await says(t, prompt, 'clear 2', ['breakpoint 1 at a.ts:12', 'breakpoint 3 at a.ts:14, once']);
  await says(t, prompt, 'clear', ['no breakpoints']);
});

test('display shows its expressions at each stop, until they are undisplayed, also at the next prompt', async t => {
  const fake = new Fake();
  const memory = new PromptMemory();
  const prompt = new CommandLanguage(fake, memory);
  await says(t, prompt, 'display', ['nothing is displayed']);
  fake.answers = {x: {failed: false, text: '[\n  1\n]'}, y: {failed: true, text: 'Error: no'}};
  await says(t, prompt, 'display x', ['1: x = [', '  1', ']']);
  await says(t, prompt, 'display y', ['2: y = ! Error: no']);
  t.deepEqual((await prompt.run('n')).lines.slice(-4), ['1: x = [', '  1', ']', '2: y = ! Error: no']);
  await says(t, prompt, 'undisplay 1', []);
  await says(t, prompt, 'undisplay 1', ['! nothing is displayed as 1']);
  const next = new CommandLanguage(fake, memory);
  t.is((await next.arrive()).at(-1), '2: y = ! Error: no');
  await says(t, next, 'undisplay', []);
  await says(t, next, 'display', ['nothing is displayed']);
});

test('args shows the parameters of the function, in their order', async t => {
  const fake = new Fake();
  const prompt = new CommandLanguage(fake);
  await says(t, prompt, 'args', ['no arguments']);
  fake.declared = ['b', 'Item', 'a'];
  const variables = ['a', 'b', 'c'].map((name, at) => ({name, text: String(at)}));
  fake.variables = [
    {kind: 'block', variables: [{name: 'a', text: '9'}]},
    {kind: 'local', variables},
  ];
  await says(t, prompt, 'args', ['b = 1', 'a = 0']);
});

test('a word that is a command elsewhere, or is followed by something wrong, says what there is instead', async t => {
  const fake = new Fake();
  const prompt = new CommandLanguage(fake);
  const unknown = (name: string) => ({failed: true, text: `ReferenceError: ${name} is not defined`});
  const wrong = {failed: true, text: 'SyntaxError: Unexpected number'};
  fake.answers = {jump: unknown('jump'), 'jump 35': wrong, 'watch(x)': unknown('watch'), 'step 3': wrong};
  await says(t, prompt, 'jump', [
    '! jump is a command elsewhere. Here: nothing: a program cannot jump. until LINE goes on to a line',
  ]);
  t.regex((await prompt.run('jump 35')).lines.join(), /^! jump is a command elsewhere/);
  t.regex((await prompt.run('watch(x)')).lines.join(), /^! watch is a command elsewhere\. Here: display EXPR/);
  await says(t, prompt, 'step 3', ['! nothing follows step; an empty line repeats it']);
  fake.answers = {'b x': wrong, 'c 5': wrong, 'run x': {failed: true, text: 'Error: own'}, other: unknown('other')};
  await says(t, prompt, 'b x', ['! b is followed by [[FILE:]LINE[, CONDITION]]: help b says more']);
  await says(t, prompt, 'c 5', ['! nothing follows c']);
  await says(t, prompt, 'run x', ['! Error: own']);
  await says(t, prompt, 'other', ['! ReferenceError: other is not defined']);
});

test('a variable that has the name of a command elsewhere is a variable', async t => {
  const fake = new Fake();
  fake.answers = {watch: {failed: false, text: '3'}};
  await says(t, new CommandLanguage(fake), 'watch', ['3']);
});

test('an assignment that makes a global says so, then and when the global is shown', async t => {
  const fake = new Fake();
  const prompt = new CommandLanguage(fake);
  fake.made = 'more';
  await says(t, prompt, 'more = 1', ['more = 1', '(more is a new global: nothing of that name was there)']);
  await says(t, prompt, 'more = 2', ['more = 2']);
  await says(t, prompt, 'more', ['more', '(more is a global, made by an assignment at this prompt)']);
  await says(t, prompt, 'other = 1', ['other = 1']);
  fake.answers = {'strict = 1': {failed: true, text: 'ReferenceError: strict is not defined'}};
  await says(t, prompt, 'strict = 1', ['! ReferenceError: strict is not defined', '(globalThis.strict = … makes it)']);
});

test('the current line is bold where the terminal has colours', async t => {
  const prompt = new CommandLanguage(new Fake());
  prompt.colours = true;
  t.is((await prompt.arrive())[3], '\x1b[1m> 10  line 10\x1b[22m');
});

test('code that is not whole goes on; commands and what nothing can complete do not', t => {
  const prompt = new CommandLanguage(new Fake());
  const goesOn = [
    'f(',
    'f(1',
    'f(g(1',
    '{',
    '[1,',
    'x => {',
    'for (const a of b)',
    'a +',
    '`text',
    '`${a',
    'p {a: 1,',
    'pp [',
    '/* a',
    'try {}',
    'await f(',
  ];
  for (const text of goesOn) t.true(prompt.isUnfinished(text), text);
  const whole = [
    '',
    'n',
    'b 3',
    'b 3, (',
    'f(1)',
    'f(1 2',
    'f)',
    "'text",
    '1 2',
    'jump 3',
    'await f()',
    'p',
    '/* a */',
    'f(1) f(2',
    '{a: 1}',
    'help n',
  ];
  for (const text of whole) t.false(prompt.isUnfinished(text), text);
});

test('help says more of one command', async t => {
  const prompt = new CommandLanguage(new Fake());
  await says(t, prompt, 'help n', ['n next', 'goes to the next line of this function', 'An empty line repeats it.']);
  t.is((await prompt.run('help quit')).lines[0], 'q quit [all]');
  const help = (await prompt.run('help')).lines.join('\n');
  for (const word of commandWords) t.true(help.split(/\s+/).includes(word), word);
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

test('the guide has a table of all commands, with the words that the prompt knows', t => {
  const guide = readFileSync(new URL('../../../../docs/guide/debugging.md', import.meta.url), 'utf8');
  const rows = [...guide.matchAll(/^\| (`.*?) \| /gm)].map(([, cell = '']) => cell);
  const named = new Set(rows.flatMap(cell => cell.match(/(?<=`)[a-z?]+(?=[` ])/g) ?? []));
  for (const word of commandWords) t.true(named.has(word), word);
  for (const {words, after} of Object.values<CommandEntry>(commands)) {
    if (after === undefined || words[0] === 'q') continue;
    t.true(
      rows.some(cell => words.some(word => cell.includes(`\`${word}`)) && cell.includes(after)),
      after,
    );
  }
});
