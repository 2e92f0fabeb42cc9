// lib/base/output-lines: what waits for the first reader, and what readers see.
import test from 'ava';
import {type OutputLine, OutputLines} from '../../lib/base/output-lines.js';

const out = (line: string): OutputLine => ({stream: 'stdout', line});

/** A reader, and what it has seen. */
function reader(output: OutputLines) {
  const seen: string[] = [];
  const stop = output.listen({next: ({line}) => seen.push(line), complete: () => seen.push('(end)')});
  return {seen, stop};
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

test('P3: all readers that come in one turn see what was printed before', async t => {
  const output = new OutputLines();
  output.add(out('early'));
  const [one, two] = [reader(output), reader(output)];
  output.add(out('now'));
  t.deepEqual(one.seen, [], 'not within the call');
  await turn();
  output.add(out('later'));
  t.deepEqual(one.seen, ['early', 'now', 'later']);
  t.deepEqual(two.seen, one.seen);
});

test('P3: a reader that comes later sees what is printed from then on', async t => {
  const output = new OutputLines();
  output.add(out('early'));
  reader(output);
  await turn();
  const late = reader(output);
  output.add(out('later'));
  t.deepEqual(late.seen, ['later']);
});

test('P3: of what waits for the first reader the newest 64 KiB are kept', async t => {
  const output = new OutputLines();
  for (let i = 0; i < 100; i++) output.add(out(`${i}`.padEnd(1024, '.')));
  const {seen} = reader(output);
  await turn();
  t.is(seen.length, 64);
  t.regex(seen.at(-1) ?? '', /^99\./);
});

test('P3: one line is kept, however long it is', async t => {
  const output = new OutputLines();
  output.add(out('.'.repeat(100_000)));
  const {seen} = reader(output);
  await turn();
  t.is(seen[0]?.length, 100_000);
});

test('P3: what the first reader leaves behind waits for the next one', async t => {
  const output = new OutputLines();
  for (const line of ['a', 'b', 'c']) output.add(out(line));
  const stop = output.listen({next: () => stop(), complete: () => {}});
  await turn();
  output.add(out('d'));
  const {seen} = reader(output);
  await turn();
  t.deepEqual(seen, ['b', 'c', 'd']);
});

test('P3: a reader that leaves at once takes nothing with it', async t => {
  const output = new OutputLines();
  reader(output).stop();
  await turn();
  output.add(out('kept'));
  const {seen} = reader(output);
  await turn();
  t.deepEqual(seen, ['kept']);
});

test('P3: the end comes after what was kept, and to late readers too', async t => {
  const output = new OutputLines();
  output.add(out('last'));
  output.end();
  output.add(out('too late'));
  const one = reader(output);
  await turn();
  t.deepEqual(one.seen, ['last', '(end)']);
  t.deepEqual(reader(output).seen, ['(end)']);
});
