import test from 'ava';
import {deferred} from '../../lib/base/deferred.js';
import type {Lines} from '../../lib/fleet/contract.js';
import {OutputQueue} from '../../lib/fleet/output-queue.js';

const lineOf = (n: number): Uint8Array => Buffer.from(`${String(n).padEnd(1_023, '.')}\n`);
const numbersIn = (lines: readonly Lines[]): number[] =>
  lines.flatMap(([, bytes]) =>
    String(Buffer.from(bytes))
      .trim()
      .split('\n')
      .map(line => Number(line.split('.')[0])),
  );

test('P3: 1 MiB of lines waits, then the oldest are dropped and counted; what is left is sent in order', async t => {
  const queue = new OutputQueue();
  for (let n = 0; n < 3_000; n++) queue.add('stdout', lineOf(n));
  t.is(queue.dropped, 3_000 - 1_024);
  const sent: Lines[] = [];
  queue.sendBy(async lines => void sent.push(lines));
  queue.add('stdout', lineOf(3_000));
  await queue.sent();
  t.deepEqual(
    numbersIn(sent),
    Array.from({length: 1_025}, (_, at) => 3_000 - 1_024 + at),
  );
  t.true(sent.every(([, bytes]) => bytes.length <= 64 * 1_024));
  // And again after it was empty.
  queue.add('stdout', lineOf(3_001));
  await queue.sent();
  t.is(numbersIn(sent).at(-1), 3_001);
  t.is(queue.dropped, 3_000 - 1_024);
});

test('lines of both outputs keep their order, and nothing is dropped while they are taken', async t => {
  const queue = new OutputQueue();
  const sent: Lines[] = [];
  let room = deferred();
  queue.sendBy(lines => {
    sent.push(lines);
    return room.promise;
  });
  for (const [at, from] of (['stdout', 'stdout', 'stderr', 'stdout'] as const).entries()) queue.add(from, lineOf(at));
  for (let turn = 0; turn < 1_000 && numbersIn(sent).length < 4; turn++) {
    const taken = room;
    room = deferred();
    taken.resolve();
    await new Promise(setImmediate);
  }
  room.resolve();
  await queue.sent();
  t.deepEqual(
    sent.map(([from]) => from),
    ['stdout', 'stdout', 'stderr', 'stdout'],
  );
  t.deepEqual(numbersIn(sent), [0, 1, 2, 3]);
  t.is(queue.dropped, 0);
});

test('when nothing can be sent any more, nobody waits for it, and lines go on being bounded', async t => {
  const queue = new OutputQueue();
  queue.sendBy(() => Promise.reject(new Error('gone')));
  queue.add('stderr', lineOf(0));
  await queue.sent();
  for (let n = 0; n < 2_000; n++) queue.add('stderr', lineOf(n));
  await queue.sent();
  t.is(queue.dropped, 2_000 - 1_024);
});
