// How a NurseryError is printed: each failure under the actor that it came from (rules E3, E4, E5).
import {inspect} from 'node:util';
import test from 'ava';
import {newActorId} from '../../lib/base/actor-id.js';
import {ActorDied, NurseryError, type RemoteActorError} from '../../lib/base/errors.js';
import {boxError, unboxError} from '../../lib/msg/boxed-error.js';
import {chain, circle, thrownThings} from '../msg/thrown.js';

const root = {...newActorId('root'), pid: 1};
const branch = {...newActorId('branch'), pid: 2};
const leaf = {...newActorId('leaf'), pid: 3};

/** As it arrives where the last actor's caller is. */
function via(error: unknown, ...path: readonly (typeof root)[]): RemoteActorError {
  let arrived = error;
  for (const actor of path) arrived = unboxError(structuredClone(boxError(arrived, actor)));
  return arrived as RemoteActorError;
}

/** The printed text without the frames. */
const drawn = (error: Error): string[] =>
  (error.stack as string).split('\n').filter(line => !/^[│├└─ ]*( at |\[in |… \d+ more frames)/.test(line));

test('E5: each failure stands under the actor that it came from, with its cause', t => {
  const died = new ActorDied('leaf (pid 3) died (exit code 1)', {exit: {code: 1, signal: null}, actor: leaf});
  const own = new TypeError('mine', {cause: new RangeError('the reason')});
  const error = new NurseryError([via(new SyntaxError('theirs'), branch), died, own, 'a text'], '4 things failed');
  t.deepEqual(drawn(error), [
    'NurseryError [ERR_NURSERY]: 4 things failed',
    '├─ branch (pid 2): SyntaxError: theirs',
    '├─ ActorDied: leaf (pid 3) died (exit code 1)',
    '├─ TypeError: mine',
    '│  └─ caused by RangeError: the reason',
    '└─ a text',
  ]);
  t.is(error.message, '4 things failed');
});

test('E1: a NurseryError that came from another actor goes on as a branch, through every level', t => {
  const lowest = new NurseryError([via(new RangeError('a'), leaf), new TypeError('b')], '2 things failed in branch');
  const error = new NurseryError([via(lowest, branch, root), new Error('c')], '2 things failed here');
  const expected = [
    'NurseryError [ERR_NURSERY]: 2 things failed here',
    '├─ branch (pid 2), through root (pid 1): NurseryError: 2 things failed in branch',
    '│  ├─ leaf (pid 3): RangeError: a',
    '│  └─ TypeError: b',
    '└─ Error: c',
  ];
  t.deepEqual(drawn(error), expected);
  // And so it does where the whole has crossed once more.
  t.deepEqual(drawn(via(error, root).cause as Error), expected);
});

test('util.inspect shows the tree once, also of one within another error', t => {
  const error = new NurseryError([new Error('a'), new Error('b')], '2 things failed');
  t.is<unknown, unknown>(inspect(error), error.stack);
  const boxed = inspect(via(error, leaf));
  for (const line of ['├─ Error: a', '└─ Error: b']) t.is(boxed.split(line).length, 2);
});

test('frames stand below their failure, those of the library left out, ten at most', t => {
  const long = new Error('long');
  long.stack = `Error: long\n${Array.from({length: 12}, (_, i) => `    at f${i} (file:///user.js:1:1)`).join('\n')}`;
  const lines = String(new NurseryError([via(new Error('far'), leaf), long], 'm').stack).split('\n');
  t.regex(String(lines[2]), /^│ {6}at /);
  t.true(lines.includes('│      [in leaf (pid 3)]'));
  t.deepEqual(
    lines.filter(line => line.includes(new URL('../../lib/', import.meta.url).href)),
    [],
  );
  t.true(lines.includes('       at f9 (file:///user.js:1:1)'));
  t.false(lines.includes('       at f10 (file:///user.js:1:1)'));
  t.true(lines.includes('       … 2 more frames'));
});

test('E4: nothing in a name, a message or a frame can steer the terminal', t => {
  const evil = Object.assign(new Error('\u001b[31mred\u202e'), {name: '\u001b]0;title\u0007'});
  evil.stack = 'x: \u001b[31mred\u202e\n    at \u001b[2Jf (file:///user.js:1:1)';
  const error = new NurseryError([evil, via(evil, {...leaf, name: 'leaf\u001b[1m'}), '\u009b1m'], 'm\u001b[0m');
  for (const text of [error.stack, inspect(error)]) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    t.notRegex(String(text), /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
    t.regex(String(text), /\\x1b\[31mred\\u202e/);
    t.regex(String(text), /leaf\\x1b\[1m/);
  }
  t.is(error.message, 'm\u001b[0m');
});

for (const [title, make] of thrownThings) {
  test(`E3: ${title} is drawn, and no more than 64 KiB`, t => {
    const text = String(new NurseryError([make(), new Error('another')], 'm').stack);
    t.true(text.length < 66 * 1024, `${text.length}`);
    t.regex(text, /^NurseryError \[ERR_NURSERY\]: m\n├─ .*\n/);
    t.regex(text, /\n└─ Error: another/);
  });
}

test('E3: of many failures 64 are shown, of a deep one 8 levels, and the rest is said to be there', t => {
  const many = drawn(
    new NurseryError(
      Array.from({length: 10_000}, (_, i) => `${i}`),
      'm',
    ),
  );
  t.deepEqual(many.slice(-2), ['├─ 63', '└─ … 9936 more']);
  const deep = drawn(new NurseryError([chain(20)], 'm'));
  t.regex(deep.at(-1) as string, /└─ … what lies deeper is not shown$/);
  t.true(deep.length < 12);
  t.regex(drawn(new NurseryError([circle()], 'm')).at(-1) as string, /└─ caused by an error that it lies in itself$/);
  const large = Array.from({length: 60}, () => new NurseryError(['x'.repeat(1e6), 'y\n'.repeat(1e6)], 'm'));
  const text = String(new NurseryError(large, 'm').stack);
  t.true(text.length < 66 * 1024, `${text.length}`);
  t.regex(text, /… the rest was cut/);
});

test('its stack can be set, as that of any error', t => {
  const error = new NurseryError([], 'm');
  error.stack = 'other';
  t.is(error.stack, 'other');
});
