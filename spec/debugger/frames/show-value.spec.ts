// Awkward values in expressions and `locals`: which parts are shown, and which are left alone.
import type {ExecutionContext} from 'ava';
import {showValue} from '../../../lib/debugger/frames/show-value.js';
import {FakeTerminal} from '../../kit/fake-terminal.js';
import {startProgram} from '../../kit/program.js';
import {spawning} from '../../kit/spawning.js';

const test = spawning();

async function stopped(t: ExecutionContext) {
  const terminal = new FakeTerminal(t);
  const program = startProgram(t, 'values', {args: [terminal.path]});
  await terminal.opened(t);
  const ends = async (result: unknown): Promise<void> => {
    await terminal.release(t, 'c');
    t.deepEqual(await program.next(), result);
  };
  return {terminal, ends};
}

test('locals runs no getter, no trap of a proxy and no inspector of the user’s, and cuts what is long', async t => {
  const {terminal, ends} = await stopped(t);
  const locals = await terminal.type('locals');
  // Node 26 says of a proxy that it is one.
  t.regex(locals, /^ {2}proxy = (\{\}|Proxy\(\{\}\))$/m);
  t.regex(locals, /^ {2}odd = \{\n? *touchy: \[Getter\]/m);
  t.regex(locals, /^ {2}many = \{\n(.*\n){11} {2}… \d+ more characters: ask for a part of it$/m);
  t.regex(await terminal.type('proxy'), /^(\{\}|Proxy\(\{\}\))$/);
  await ends([41, 1, 0]);
});

test('values are shown as what they are: signs, kinds, private fields, this', async t => {
  const {terminal, ends} = await stopped(t);
  t.is(await terminal.type('[-0, 10n, Symbol.iterator, undefined]'), '[ -0, 10n, Symbol(Symbol.iterator), undefined ]');
  t.is(await terminal.type('-0'), '-0');
  t.is(await terminal.type('Symbol("s")'), 'Symbol(s)');
  t.is(await terminal.type('this'), 'Account { #secret: 41 }');
  t.is(await terminal.type('this.#secret += 1'), '42');
  t.is(await terminal.type('{a: this.#secret}'), '{ a: 42 }');
  t.is(await terminal.type('"x".repeat(20000)'), `'${'x'.repeat(10_000)}'... 10000 more characters`);
  t.regex(
    await terminal.type('many'),
    /^\{\n {2}key0: 0,\n[\s\S]*\n… \d+ more characters: ask for a part of it, or pp it$/,
  );
  t.regex(await terminal.type('pp many'), /^\{\n {2}key0: 0,\n[\s\S]*\n {2}key999: 999,?\n\}$/);
  t.is(await terminal.type('many.key999'), '999');
  await ends([42, 1, 0]);
});

test('assignments reach variables around the function, also constants of the frame; declarations end with their line', async t => {
  const {terminal, ends} = await stopped(t);
  t.is(await terminal.type('around = 10'), '10');
  t.is(await terminal.type('fixed = 5'), '5');
  t.is(await terminal.type('let x = 1'), 'x is not kept beyond this line: globalThis.x = … is');
  t.is(await terminal.type('var x = 1'), 'x is not kept beyond this line: globalThis.x = … is');
  t.is(await terminal.type('globalThis.x = 3; x'), '3');
  await ends([41, 15, 0]);
});

test('a value is cut at lines and at characters, and says how much is left', t => {
  const columns = 80;
  t.is(showValue([1, 2], {detail: 'full', columns}), '[ 1, 2 ]');
  t.is(showValue({a: {b: {c: 1}}}, {detail: 'brief', columns}), '{ a: { b: [Object] } }');
  const long = showValue(new Array(90).fill('y'.repeat(900)), {detail: 'full', columns});
  t.true(long.length < 21_000);
  t.regex(long, /\n… \d+ more characters: ask for a part of it, or pp it$/);
  t.true(showValue(new Array(90).fill('y'.repeat(900)), {detail: 'deep', columns}).length > 80_000);
});
