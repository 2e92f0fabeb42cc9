import test from 'ava';
import {answers, backends} from './answers.mjs';

for (const backend of backends) test.serial(backend, async t => t.is(await answers(backend), 'b 42 1 2 3'));
