import test from 'ava';
import {real, virtual} from './kit.mjs';

test.serial('half an hour passes at once', async t => t.is(await virtual(), '0.5 2000-01-01T00:30:00.000Z'));
test.serial('real time', async t => t.true(await real()));
