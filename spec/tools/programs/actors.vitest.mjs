import {expect, test} from 'vitest';
import {answers, backends} from './answers.mjs';

for (const backend of backends) test(backend, async () => expect(await answers(backend)).toBe('b 42 1 2 3'), 60_000);
