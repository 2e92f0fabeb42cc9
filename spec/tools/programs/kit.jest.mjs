import {real, virtual} from './kit.mjs';

test('a day passes at once', async () => expect(await virtual()).toBe('0.5 2000-01-01T12:00:00.000Z'));
test('real time', async () => expect(await real()).toBe(true));
