// Frames that are kept, as the command language sees them: in this very process, whose loop runs.
import test, {type ExecutionContext} from 'ava';
import {captureHere, startCapture, stopCapture, suspendCapture} from '../../../lib/debugger/frames/capture.js';
import {CapturedDebuggee} from '../../../lib/debugger/frames/captured-debuggee.js';
import {CommandLanguage} from '../../../lib/debugger/prompt/command-language.js';

test.before(startCapture);
test.after.always(stopCapture);

/** In a function, within a function: `count`, `odd`, `never`; `around` in the outer one. */
function stopped(options = {}): {debuggee: CapturedDebuggee; runs: () => number} {
  let ran = 0;
  const around = 'outer';
  function inner(count: number): CapturedDebuggee {
    const odd = {
      get touchy() {
        return ++ran;
      },
      plain: {text: around},
      proxy: new Proxy({}, {ownKeys: () => [String(++ran)]}),
    };
    const frames = captureHere() ?? [];
    const later = odd;
    return new CapturedDebuggee(frames, {...options, columns: count * Object.keys(later).length});
  }
  return {debuggee: inner(20), runs: () => ran};
}

async function gives(
  t: ExecutionContext,
  debuggee: CapturedDebuggee,
  expression: string,
  text: string,
  frame = 0,
): Promise<void> {
  t.deepEqual(await debuggee.evaluate(frame, expression), {failed: false, text}, expression);
}

async function fails(t: ExecutionContext, debuggee: CapturedDebuggee, expression: string, text: RegExp): Promise<void> {
  const evaluated = await debuggee.evaluate(0, expression);
  t.true(evaluated.failed, expression);
  t.regex(evaluated.text, text);
}

test('the frames that are on the stack, of the user’s alone, the innermost first, with their source', async t => {
  const {debuggee} = stopped();
  t.deepEqual(
    debuggee.frames.slice(0, 2).map(({name, file}) => [name, file.endsWith('captured-debuggee.spec.ts')]),
    [
      ['inner', true],
      ['stopped', true],
    ],
  );
  t.false(debuggee.frames.some(({file}) => file.includes('/lib/debugger/') || file.startsWith('node:')));
  const [line] = ((await debuggee.source(0)) ?? []).slice((debuggee.frames[0]?.line ?? 0) - 1);
  t.is(line?.trim(), 'const frames = captureHere() ?? [];');
});

test('expressions see the variables of their frame, and assign to them', async t => {
  const {debuggee} = stopped();
  await gives(t, debuggee, '[count, odd.plain.text, typeof stopped]', "[ 20, 'outer', 'function' ]");
  await gives(t, debuggee, 'count = 5', '5');
  await gives(t, debuggee, 'count + 1', '6');
  await gives(t, debuggee, 'around', "'outer'", 1);
  await gives(t, debuggee, 'if (count) count = 7', '7');
  await fails(t, debuggee, 'nobody', /^ReferenceError: nobody is not defined$/);
  await fails(t, debuggee, 'throw 3', /^3$/);
  await fails(t, debuggee, '1 +', /^SyntaxError: Unexpected end of input$/);
});

/** An object of a class with private fields, seen from a frame outside of the class. */
function beside(): CapturedDebuggee {
  class Safe {
    static #made = 0;
    #gold = 5;
    #coins = [1, 2];
    #note = '';
    name = 'safe';
    constructor() {
      Safe.#made = Safe.#made + 1;
    }
    get #weight() {
      return this.#gold + this.#open().length;
    }
    get #label() {
      return this.#note;
    }
    set #label(note: string) {
      this.#note = note;
    }
    #open() {
      return this.#coins;
    }
    weigh = () => this.#weight + this.#label.length;
  }
  class Double extends Safe {
    #gold = 6;
    twice = () => this.#gold;
  }
  function look(safe: Safe, double: Double): CapturedDebuggee {
    const frames = captureHere() ?? [];
    const controller = new AbortController();
    return new CapturedDebuggee(frames, {columns: 60 + Object.keys({safe, double, controller}).length * 30});
  }
  return look(new Safe(), new Double());
}

test('private fields are read in frames outside of their class, and setters called; the rest is refused in words', async t => {
  const debuggee = beside();
  await gives(t, debuggee, 'safe.#gold + safe?.#coins.length', '7');
  await gives(t, debuggee, 'safe.#weight', '7');
  await gives(t, debuggee, "(await Promise.resolve(safe)).#coins.concat('safe.#gold')", "[ 1, 2, 'safe.#gold' ]");
  await gives(t, debuggee, 'safe.constructor.#made', '2');
  await gives(t, debuggee, "safe.#label = 'mine'", "'mine'");
  await gives(t, debuggee, 'safe.weigh()', '11');
  await gives(t, debuggee, '(class { #x = 1; x() { return this.#x; } }).prototype.x.name', "'x'");
  await fails(
    t,
    debuggee,
    'safe.#gold = 6',
    /^TypeError: #gold can be assigned to only where the frame stands in its class/,
  );
  await fails(t, debuggee, 'safe.#open()', /^TypeError: the value has no private field #open \(a private method /);
  await fails(t, debuggee, '(3).#gold', /^TypeError: the value has no private field #gold /);
  await fails(t, debuggee, 'double.#gold', /^TypeError: two classes of the value have a field #gold/);
  t.deepEqual(Object.getOwnPropertySymbols(Object.prototype), []);
});

test('a value and locals are shown with the private fields of the user’s classes, and without those of Node’s', async t => {
  const debuggee = beside();
  const fields =
    /#weight: \[Getter\],\s+#label: \[Getter\/Setter\],\s+#gold: 5,\s+#coins: \[ 1, 2 \],\s+#note: ''\s+\}$/;
  const {text} = await debuggee.evaluate(0, 'safe');
  t.regex(text, /^Safe \{\s+name: 'safe',/);
  t.regex(text, fields);
  const locals = (await debuggee.scopes(0)).flatMap(({variables}) => variables);
  t.regex(locals.find(({name}) => name === 'safe')?.text ?? '', fields);
  await gives(t, debuggee, 'new (class { #x = 1; x() { return this.#x; } })()', '{ #x: 1 }');
  t.notRegex((await debuggee.evaluate(0, 'new URL("a:b")')).text, /#/);
});

test('await waits while the loop runs, for an expression or in statements; its failure is shown as any other', async t => {
  const {debuggee} = stopped();
  await gives(t, debuggee, 'await new Promise(resolve => setTimeout(resolve, 1, count))', '20');
  await gives(t, debuggee, 'count = (await Promise.resolve(count)) + 1', '21');
  await gives(t, debuggee, 'for await (const one of [1, 2]) count += one', 'undefined');
  await gives(t, debuggee, 'count', '24');
  await fails(t, debuggee, 'await Promise.reject(new TypeError("no"))', /^TypeError: no$/);
  await fails(t, debuggee, 'await (', /^SyntaxError/);
});

test('an interrupt ends the wait, not what is awaited', async t => {
  const {debuggee} = stopped();
  const waiting = debuggee.evaluate(
    0,
    'await new Promise(resolve => { odd.resolve = () => { count = 1; resolve(); }; })',
  );
  debuggee.interrupt();
  t.regex((await waiting).text, /^interrupted: /);
  await gives(t, debuggee, 'odd.resolve()', 'undefined');
  await gives(t, debuggee, 'count', '1');
  debuggee.interrupt();
  await gives(t, debuggee, 'await 2', '2');
});

test('code that does not end is ended', async t => {
  const {debuggee} = stopped({evaluateMs: 50});
  await fails(t, debuggee, 'while (true);', /timed out/);
  await fails(t, debuggee, '({[Symbol.for("nodejs.util.inspect.custom")]() { while (true); }})', /timed out/);
  await gives(t, debuggee, 'count', '20');
});

test('locals shows each name once, with those that are not set yet', async t => {
  const {debuggee} = stopped();
  const answer = await new CommandLanguage(debuggee).run('locals');
  t.is(answer.lines[0], 'local:');
  t.true(answer.lines.includes('  count = 20'));
  t.true(answer.lines.includes('  later = undefined') || answer.lines.includes('  later = (not set yet)'));
  t.true(answer.lines.includes('module:'));
  t.is(answer.lines.filter(line => line.startsWith('  count = ')).length, 1);
});

test('a completion runs no getter and asks no proxy', async t => {
  const {debuggee, runs} = stopped();
  const prompt = new CommandLanguage(debuggee);
  t.deepEqual(await prompt.complete('x + cou'), [['count'], 'cou']);
  t.deepEqual((await prompt.complete('stoppe'))[0], ['stopped']);
  t.deepEqual((await prompt.complete('odd.p'))[0], ['plain', 'propertyIsEnumerable', 'proxy']);
  t.true((await prompt.complete('odd.plain.text.toU'))[0].includes('toUpperCase'));
  t.true((await prompt.complete('Object.def'))[0].includes('defineProperty'));
  t.deepEqual((await prompt.complete('odd.touchy.toF'))[0], []);
  t.deepEqual((await prompt.complete('odd.proxy.'))[0], []);
  t.is(runs(), 0);
});

test('what has happened already is not stepped, and says so', async t => {
  const {debuggee} = stopped();
  const prompt = new CommandLanguage(debuggee);
  for (const command of ['n', 's', 'f']) {
    t.regex((await prompt.run(command)).lines.join('\n'), /nothing to step/, command);
  }
  t.regex((await prompt.run('w')).lines[0] ?? '', /^> inner \(captured-debuggee\.spec\.ts:\d+\)$/);
});

test.serial('nothing is captured while it is suspended, by one or by several', t => {
  const first = suspendCapture(() => false);
  const second = suspendCapture(() => false);
  first();
  first();
  t.is(captureHere(), undefined);
  second();
  t.is(captureHere()?.[0]?.evaluate('first'), first);
});

test.serial('a suspension that is over by the time that something is to be captured holds it up no longer', t => {
  let isOver = false;
  const resume = suspendCapture(() => isOver);
  t.is(captureHere(), undefined);
  isOver = true;
  t.is(captureHere()?.[0]?.evaluate('resume'), resume);
  resume();
  t.is(captureHere()?.[0]?.evaluate('isOver'), true);
});
