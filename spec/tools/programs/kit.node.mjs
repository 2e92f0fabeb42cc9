import assert from 'node:assert/strict';
import {test} from 'node:test';
import {real, virtual} from './kit.mjs';

test('half an hour passes at once', async () => assert.equal(await virtual(), '0.5 2000-01-01T00:30:00.000Z'));
test('real time', async () => assert(await real()));
