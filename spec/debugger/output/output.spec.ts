// The output of a tree while somebody is at the prompt, on a real pseudo-terminal.
import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {eventually} from '../../kit/eventually.js';
import {startProgram} from '../../kit/program.js';
import {PtyProgram} from '../../kit/screen.js';
import {spawning} from '../../kit/spawning.js';

const test = spawning({takesLong: true});

interface Noisy {
  readonly program: PtyProgram;
  /** Lets the others print, and waits until they have. */
  speak(): Promise<void>;
}

/** One actor is at the prompt, and the others are about to print. */
async function noisy(t: ExecutionContext, ...args: string[]): Promise<Noisy> {
  const folder = mkdtempSync(join(tmpdir(), 'noisy-'));
  t.teardown(() => rmSync(folder, {recursive: true}));
  const go = join(folder, 'go');
  const program = new PtyProgram(t, 'noisy', {args: [go, ...args]});
  await program.prompt('quiet');
  return {
    program,
    speak: async () => {
      writeFileSync(go, '');
      await eventually(() => existsSync(`${go}.done`), 'the others have printed');
    },
  };
}

const debug = {RXTRACTOR_DEBUG: '1'};

for (const below of [[], ['below']])
  for (const stdio of ['inherit', 'prefix', 'ignore'])
    test(`P3: in debug mode stdio ${stdio} is what it is elsewhere, and the last words of an actor ${below.length > 0 ? 'below another ' : ''}are shown`, async t => {
      const program = startProgram(t, 'chatter', {args: ['process', '5000', stdio, ...below], env: debug});
      t.deepEqual(await program.exited, {code: 0, signal: null});
      const isShown = stdio !== 'ignore';
      const mark = stdio === 'prefix' ? String.raw`${below[0] ?? 'chatter'}\(\d+\) ` : '';
      const lines = program.stdout.split('\n').slice(0, -1);
      t.deepEqual(
        lines.map(line => new RegExp(`^${mark}line (\\d+)$`).exec(line)?.[1]),
        Array.from({length: isShown ? 5000 : 0}, (_, i) => String(i)),
      );
      t.is(/a line on stderr/.test(program.stderr), isShown);
    });

test('P3: actors that end wait until a root that was busy has all that was printed below them', async t => {
  const program = startProgram(t, 'megabytes-below', {args: ['4', '30000']});
  t.deepEqual(await program.exited, {code: 0, signal: null});
  t.is(program.stdout.split('\n').length - 1, 4 * 30_000);
});

/** The lines of the screen that match, in order. */
const linesOf = (screen: string, pattern: RegExp): string[] => screen.split('\n').filter(line => pattern.test(line));

test('what three levels of actors and the root print is held back while another is at the prompt, and shown marked and in order after it', async t => {
  const {program, speak} = await noisy(t, '200');
  const before = program.screen();
  t.regex(before, /^first$/m);
  await speak();
  t.is(program.screen(), before);
  t.is(await program.line('p answer', 'quiet'), '1');
  t.notRegex(program.screen(), /says|no more/);
  program.press('c\r');
  const screen = await program.prompt('quiet');
  for (const name of ['one', 'two', 'three']) {
    const lines = linesOf(screen, new RegExp(`^${name}\\(\\d+\\) ${name} says \\d+$`));
    t.deepEqual(
      lines.map(line => Number(/\d+$/.exec(line)?.[0])),
      Array.from({length: 200}, (_, i) => i),
    );
    t.is(linesOf(screen, new RegExp(`^${name}\\(\\d+\\) ${name} has no more$`)).length, 1);
  }
  const own = linesOf(screen, /^root says|^three.* 0$|^answer/).map(line => line.replace(/^three.*/, 'three'));
  t.deepEqual(own, ['root says 0', 'three', 'root says 1', 'root says 2', 'answer 2']);
  program.press('c\r');
  await program.ends(t, 0);
});

test('what is printed at the prompt itself is shown at once, and unmarked', async t => {
  const {program, speak} = await noisy(t);
  program.press("console.log('by ' + 'hand')\r");
  await program.until(screen => /^by hand$/m.test(screen) && program.asks('quiet'), 'line that was printed');
  t.is(await program.line('answer', 'quiet'), '1');
  await speak();
  program.press('c\r');
  await program.prompt('quiet');
  program.press('c\r');
  await program.ends(t, 0);
});
