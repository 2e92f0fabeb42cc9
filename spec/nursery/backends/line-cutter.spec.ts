// lib/nursery/backends/line-cutter: whatever the chunks are, the lines are the same, and none is longer than 64 KiB.
import test from 'ava';
import {LineCutter} from '../../../lib/nursery/backends/line-cutter.js';
import {fc} from '../../kit/fast-check.js';

const longest = 64 * 1024;

function cut(chunks: readonly Buffer[]): string[] {
  const lines: string[] = [];
  const cutter = new LineCutter(line => lines.push(line.toString('latin1')));
  for (const chunk of chunks) cutter.add(chunk);
  cutter.end();
  return lines;
}

test('P3: chunks of any length give the same lines', t => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', '\n', 'bb'), {maxLength: 40}), fc.nat(39), (parts, at) => {
      const text = Buffer.from(parts.join(''));
      t.deepEqual(cut([text.subarray(0, at), text.subarray(at)]), text.toString().match(/[^\n]*\n|[^\n]+/g) ?? []);
    }),
  );
});

for (const [what, chunks] of Object.entries({
  'in one chunk': (text: Buffer) => [text],
  'in chunks of 10 000 bytes': (text: Buffer) =>
    Array.from({length: Math.ceil(text.length / 10_000)}, (_, i) => text.subarray(10_000 * i, 10_000 * (i + 1))),
}))
  test(`P3: a line of more than 64 KiB comes in parts, ${what}`, t => {
    const lengths = (text: string) => cut(chunks(Buffer.from(text))).map(line => line.length);
    t.deepEqual(lengths('x'.repeat(longest)), [longest]);
    t.deepEqual(lengths(`${'x'.repeat(longest)}\nshort`), [longest + 1, 5]);
    t.deepEqual(lengths(`${'x'.repeat(longest + 1)}\n`), [longest, 2]);
    t.deepEqual(lengths('x'.repeat(2 * longest + 5)), [longest, longest, 5]);
  });
