// `rxtractor top` on a real pseudo-terminal: what a person sees, presses, and finds afterwards.
import type {ExecutionContext} from 'ava';
import {commandFile, type Shown, startShown} from '../kit/command.js';
import {keys, PtyProgram} from '../kit/screen.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

function top(t: ExecutionContext, {pid}: Shown, columns: number, rows: number): PtyProgram {
  const env = {NO_COLOR: '', TERM: 'xterm-256color'};
  return new PtyProgram(t, 'top', {columns, rows, env, command: [process.execPath, commandFile, 'top', String(pid)]});
}

/** The names of the actors on the screen, from the top down. */
const namesOn = (screen: string): string[] => screen.match(/actor-\d\d|(?<= )twenty(?= *$)/gm) ?? [];
const numbered = (numbers: readonly number[]): string[] => numbers.map(at => `actor-${String(at).padStart(2, '0')}`);
const all = Array.from({length: 20}, (_, at) => at);

test('top at 80 × 24: twenty actors, sorted by each key, filtered, opened; the terminal is left as it was found', async t => {
  const shown = await startShown(t, 'twenty');
  const screen = top(t, shown, 80, 24);
  const whole = await screen.until(text => text.includes('actor-19'), 'tree');
  t.deepEqual(namesOn(whole).sort(), [...numbered(all), 'twenty']);
  t.regex(whole, /^twenty \(pid \d+\) {3}21 actors {3}cpu .*up \d+ m?s$/m);
  t.true(whole.split('\n').every(line => line.length <= 80));
  t.regex(whole, /PID +CPU +MEMORY +AGE +CALLS +WAITS {2}STATE +ACTOR/);

  screen.press('n');
  const byName = await screen.until(text => text.includes('sorted: name'), 'order of names');
  t.deepEqual(namesOn(byName), [...numbered(all), 'twenty']);
  screen.press('w');
  const byWaits = await screen.until(text => text.includes('sorted: waits'), 'order of waits');
  t.is(namesOn(byWaits)[0], 'twenty', 'it waits for three results');
  screen.press('c');
  shown.say('spin');
  await screen.until(text => text.includes('sorted: cpu') && namesOn(text)[0] === 'actor-01', 'busy actor at the top');
  await screen.until(text => /busy +actor-01/.test(text), 'state of the busy actor');
  screen.press('m');
  await screen.until(text => text.includes('sorted: memory'), 'order of memory');

  screen.press('/');
  for (const key of 'r-05') screen.press(key);
  screen.press(keys.enter);
  const filtered = await screen.until(text => text.includes('filter: r-05'), 'filter');
  t.deepEqual(namesOn(filtered), numbered([5]));
  screen.press(keys.enter);
  const opened = await screen.until(text => text.includes('contexts'), 'one actor');
  t.regex(opened, /^actor-05 \(pid \d+\) on .*: serving$/m);
  t.regex(opened, /runs .* for twenty \(pid \d+\): has not returned/);
  screen.press('?');
  await screen.until(text => text.includes('sorts by the share of a core'), 'help');
  screen.press('q');
  await screen.ends(t, 0);
  t.true(screen.raw.includes('\x1b[?1049h') && screen.raw.endsWith('\x1b[?25h\x1b[?1049l'));
  t.false(screen.screen().includes('actor-05'), 'the other screen is gone');
});

test('top at 200 × 50, and after a resize: every line fits, and the keys work on', async t => {
  const screen = top(t, await startShown(t, 'twenty'), 200, 50);
  const wide = await screen.until(text => text.includes('actor-19'), 'tree');
  t.is(namesOn(wide).length, 21);
  t.regex(wide, /├─ actor-05$/m);
  screen.resize(60, 12);
  const small = await screen.until(text => text.split('\n').length <= 12 && text.includes('ACTOR'), 'small screen');
  t.true(namesOn(small).length < 12);
  screen.press('\x1b[F');
  await screen.until(text => text.includes('actor-19') && text.split('\n').length <= 12, 'last actor');
  screen.resize(200, 50);
  await screen.until(text => namesOn(text).length === 21, 'large screen again');
  screen.press(keys.ctrlC);
  await screen.ends(t, 0);
});

test('the end of the tree ends top, with the terminal as it was found', async t => {
  const shown = await startShown(t, 'twenty');
  const screen = top(t, shown, 100, 30);
  await screen.until(text => text.includes('actor-19'), 'tree');
  shown.process.stdin?.end();
  await screen.ends(t, 1);
  t.regex(screen.screen(), /rxtractor: .*/);
});
