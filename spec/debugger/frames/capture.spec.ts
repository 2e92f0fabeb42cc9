// The frames that are kept of throws: in programs of their own, in their main thread and in a worker thread.
import {startProgram} from '../../kit/program.js';
import {spawning} from '../../kit/spawning.js';

const test = spawning({always: 1});

interface Kept {
  readonly here: unknown;
  readonly line: string;
  readonly kinds: readonly string[];
}

/** The line at which each shape fails, where `here` is its own name. */
const lines: Readonly<Record<string, string>> = {
  sync: 'throw new Error(here);',
  awaited: 'throw new Error(here);',
  rejected: 'throw new Error(here);',
  timer: 'throw new Error(here);',
  operator: 'throw new Error(here);',
  getter: 'throw new Error(here);',
  constructed: 'throw new TypeError(here);',
  rethrown: 'throw new Error(here);',
  wrapped: 'throw new Error(here, {cause});',
  aggregate: "throw new AggregateError([new Error('one')], here);",
  finally: 'throw new Error(here);',
  builtin: 'return JSON.parse(`{$' + '{here}`);',
  node: 'return readFileSync(`/nowhere/$' + '{here}`);',
  reject: 'return Promise.reject(new Error(here));',
  timeless: 'return delay(1, here, {signal: AbortSignal.abort()});',
};

for (const [where, args] of [
  ['the main thread', []],
  ['a worker thread', ['thread']],
] as const) {
  test(`in ${where} every error that user code throws, or makes Node or V8 throw, is kept with the frame where that was first`, async t => {
    const program = startProgram(t, 'captures', {args});
    const kept = await program.next<Record<string, Kept | undefined>>();
    for (const [shape, line] of Object.entries(lines)) {
      t.deepEqual([kept[shape]?.here, kept[shape]?.line], [shape, line], shape);
    }
    t.deepEqual(kept.nothing?.here, {});
    t.deepEqual(kept.wrapped?.kinds, ['block', 'catch', 'local', 'module']);
    t.is(kept.overflow, undefined, 'no room for anything on a full stack');
    t.is(kept.primitive, undefined, 'nothing to keep it by');
    t.is(kept.after, undefined, 'after stopCapture');
    t.deepEqual(await program.exited, {code: 0, signal: null});
    t.is(program.stderr, '');
  });
}

test('what was kept is let go of with its error: thousands of throws leave nothing behind', async t => {
  const throws = 2_000;
  const program = startProgram(t, 'many-throws', {args: [String(throws)], execArgv: ['--expose-gc']});
  const bytes = await program.next<number>();
  t.log(`${Math.round(bytes * 1_000)} bytes for each 1000 throws`);
  // The handles of the protocol alone would be 20 KB a throw.
  t.true(bytes < 1_000, String(bytes));
});
