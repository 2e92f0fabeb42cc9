// A program that runs another version of the library, looked at by this one: it is there, and the error says what to do.
import {writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {lastValueFrom} from 'rxjs';
import {HandshakeRejected, NotExposed} from '../../lib/index.js';
import {traceTree, watchTree} from '../../lib/window/index.js';
import {findRoots} from '../../lib/window/roots.js';
import {rxtractor, type Shown, startShown, startShownFile} from '../kit/command.js';
import {type Change, inOtherVersion} from '../kit/other-version.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

const advice = 'look with the rxtractor that is installed with the program: npx rxtractor in its folder';

test('a program whose survey has another shape: NotExposed, with both versions and what to do', async t => {
  const changes: Change[] = [
    ['"window tree 2"', '"window tree 7"'],
    ['"window tree events 1"', '"window tree events 7"'],
  ];
  const shown = await startShownFile(t, inOtherVersion(t, '7.6.5', changes, 'planted'), ['calls']);
  const root = String(shown.pid);
  for (const looking of [watchTree({root}), traceTree({root})]) {
    const error = await t.throwsAsync(lastValueFrom<unknown>(looking), {instanceOf: NotExposed});
    t.regex(error?.message ?? '', /runs 7\.6\.5 of rxtractor, and this observer is \d/);
    t.true(error?.message.endsWith(advice));
  }
  for (const command of ['tree', 'why'])
    await said(t, shown, [command, root], /^rxtractor: .* runs 7\.6\.5 of rxtractor.*npx rxtractor in its folder$/m);
  await said(t, shown, ['ps'], new RegExp(`^ *${root} .* \\? .* another version$`, 'm'));
});

/** A root that is too busy to greet is shown as the system knows it. So it is asked until the root has greeted. */
async function said(t: ExecutionContext, shown: Shown, args: readonly string[], pattern: RegExp): Promise<void> {
  await shown.until(
    async () => {
      const {stdout, stderr} = await rxtractor(args);
      if (pattern.test(stdout + stderr)) return true;
      t.log(args.join(' '), stdout, stderr);
      return undefined;
    },
    `${pattern} of rxtractor ${args.join(' ')}`,
  );
}

test('a program that refuses this observer for another reason is not called another version', async t => {
  const shown = await startShown(t, 'planted', ['calls']);
  const {pid} = shown;
  const {socket} = findRoots().find(found => found.pid === pid) as {readonly socket: string};
  writeFileSync(join(dirname(socket), 'window.key'), Buffer.alloc(32));
  await said(t, shown, ['ps'], new RegExp(`^ *${pid} .* \\? .* refuses observers$`, 'm'));
  t.pass('it is said');
});

test('a program that speaks another version of the protocol: HandshakeRejected, with what to do', async t => {
  // Where files are joined, the number is written into the places where it is used.
  const changes: Change[] = [
    ['\t\t2,\n\t\tactor,\n\t\tnonce\n', '\t\t9,\n\t\tactor,\n\t\tnonce\n'],
    ['\t\t2,\n\t\tactor\n', '\t\t9,\n\t\tactor\n'],
    ['if (version !== 2)', 'if (version !== 9)'],
  ];
  const file = inOtherVersion(t, '9.0.0', changes, 'planted');
  const {pid} = await startShownFile(t, file, ['calls']);
  const error = await t.throwsAsync(lastValueFrom(watchTree({root: String(pid)})), {instanceOf: HandshakeRejected});
  t.is(error?.reason, 'version');
  t.regex(error?.message ?? '', /it speaks version \d of the protocol/);
  t.true(error?.message.endsWith(advice));
});
