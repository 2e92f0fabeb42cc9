import {real, virtual} from './kit.mjs';

test('half an hour passes at once', async () => expect(await virtual()).toBe('0.5 2000-01-01T00:30:00.000Z'), 60_000);
test('real time', async () => expect(await real()).toBe(true), 60_000);
