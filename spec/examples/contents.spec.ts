// The table of contents: what it has seen, and what it costs.
import {createHash} from 'node:crypto';
import test from 'ava';
import {Contents} from '../../examples/scan/contents.js';

const hashOf = (content: number): Uint8Array => createHash('sha256').update(String(content)).digest();

test('each content is new once, through every growth', t => {
  const contents = new Contents();
  for (let content = 0; content < 20_000; content += 1) t.true(contents.add(hashOf(content)) || t.fail(`${content}`));
  for (let content = 0; content < 20_000; content += 1) t.false(contents.add(hashOf(content)) && t.fail(`${content}`));
  t.is(contents.size, 20_000);
});

test('hashes that share all but one byte of what is kept are different contents', t => {
  const contents = new Contents();
  for (let at = 0; at < 16; at += 1) {
    const hash = new Uint8Array(32).fill(7);
    hash[at] = 8;
    t.true(contents.add(hash));
    t.false(contents.add(hash));
  }
});

test('a hash at an odd place of its buffer is the same hash', t => {
  const contents = new Contents();
  const buffer = new Uint8Array(40);
  buffer.set(hashOf(1), 3);
  t.true(contents.add(hashOf(1)));
  t.false(contents.add(buffer.subarray(3, 35)));
});

test('a content costs at most 100 bytes, the old table beside the new one included', t => {
  const contents = new Contents();
  let largest = 0;
  for (let content = 0, before = contents.bytes; content < 200_000; content += 1) {
    contents.add(hashOf(content));
    const growing = contents.bytes === before ? contents.bytes : contents.bytes + before;
    if (content > 1000) largest = Math.max(largest, growing / contents.size);
    before = contents.bytes;
  }

  t.log(`${largest.toFixed(1)} bytes at most, ${(contents.bytes / contents.size).toFixed(1)} at 200 000`);
  t.true(largest <= 100);
});
