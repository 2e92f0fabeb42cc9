import assert from 'node:assert/strict';
import {answers, backends} from './answers.mjs';

for (const backend of backends)
  it(backend, async () => assert.equal(await answers(backend), 'b 42 1 2 3')).timeout(60_000);
