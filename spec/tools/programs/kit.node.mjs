import assert from 'node:assert/strict';
import {test} from 'node:test';
import {real, virtual} from './kit.mjs';

test('a day passes at once', async () => assert.equal(await virtual(), '0.5 2000-01-01T12:00:00.000Z'));
test('real time', async () => assert(await real()));
