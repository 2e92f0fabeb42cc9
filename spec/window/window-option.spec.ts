// The root option `window`.
import test from 'ava';
import {openNursery} from '../../lib/index.js';

test('window is true or false, or says that the values of streams are shown', async t => {
  for (const window of [true, false, {values: 'preview'}] as const) t.is(await openNursery(() => 1, {window}), 1);
  const wrong: [window: unknown, text: RegExp][] = [
    ['yes', /window is true or false, not "?yes/],
    [null, /window is true or false, not null/],
    [{}, /window\.values is preview, not undefined/],
    [{values: 'all'}, /window\.values is preview, not "?all/],
    [{values: 'preview', more: 1}, /window: there is no option more/],
  ];
  for (const [window, message] of wrong)
    await t.throwsAsync(
      openNursery(() => 1, {window} as never),
      {instanceOf: TypeError, message},
      JSON.stringify(window),
    );
});
