import assert from 'node:assert/strict';
import {test} from 'node:test';
import {answers, backends} from './answers.mjs';

for (const backend of backends) test(backend, async () => assert.equal(await answers(backend), 'b 42 1 2 3'));
