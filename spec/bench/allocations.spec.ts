// What a message allocates: so that a change that makes ten times as much is seen, on a machine whose times say nothing.
// Above allocating.ts, which counts in a program of its own.
import {execFile} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {spawning} from '../kit/spawning.js';
import type {Allocated} from './allocating.js';

const test = spawning({takesLong: true});
const program = fileURLToPath(new URL('allocating.js', import.meta.url));

/** Bytes for each unit on V8's heap, as they were when this was written, the larger of Node 20 and 26. Lower them when a change has earned it. */
const usual: Readonly<Record<string, Allocated>> = {
  'a call, one after the other': {caller: 9_300, actor: 8_000},
  'a call, 64 in flight': {caller: 6_500, actor: 5_500},
  'a small object, gathered': {caller: 580, actor: 1_030},
  'a small object, one at a time': {caller: 1_200, actor: 1_540},
  'a buffer of 64 KiB': {caller: 4_500, actor: 4_900},
};
/** How many times as much a machine, a version of Node or a moment may make of it. */
const leeway = 3;

test('a call and a value of a stream allocate no more than three times what is usual, at both ends', async t => {
  const {stdout} = await promisify(execFile)(process.execPath, [program]);
  const found = JSON.parse(stdout) as Record<string, Allocated>;
  t.deepEqual(Object.keys(found), Object.keys(usual));
  t.log(found);
  for (const [road, {caller, actor}] of Object.entries(usual)) {
    const now = found[road] as Allocated;
    t.true(now.caller > 0 && now.actor > 0, road);
    t.true(now.caller <= caller * leeway, `${road}: the caller allocates ${now.caller} bytes, usual are ${caller}`);
    t.true(now.actor <= actor * leeway, `${road}: the actor allocates ${now.actor} bytes, usual are ${actor}`);
  }
});
