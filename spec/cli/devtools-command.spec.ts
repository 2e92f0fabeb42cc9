// `rxtractor devtools` and `rxtractor marbles` as processes: what they print, and how they end.
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {deferred} from '../../lib/base/deferred.js';
import type {Mark} from '../../lib/discovery/tree-marks.js';
import {commandFile, rxtractor, startShown} from '../kit/command.js';
import {type Program, startNode} from '../kit/program.js';
import {PtyProgram} from '../kit/screen.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

const command = (t: ExecutionContext, ...args: readonly string[]): Program => startNode(t, [commandFile, ...args]);

for (const signal of ['SIGTERM', 'SIGINT'] as const)
  test(`devtools ends at ${signal} while a page is open`, async t => {
    const {pid} = await startShown(t, 'shown-shop');
    const devtools = command(t, 'devtools', String(pid));
    const url = await devtools.stdoutUntil(/^http:.*(?=\n)/m);
    const frames = (await fetch(`${url}frames`)).body as ReadableStream<Uint8Array>;
    const shown = deferred();
    let text = '';
    const reading = (async () => {
      for await (const part of frames.pipeThrough(new TextDecoderStream())) {
        text += part;
        if (text.includes('"name":"till"')) shown.resolve();
      }
    })()
      .catch(() => {})
      .finally(() => shown.reject(new Error(`the frames have ended without till: ${text}`)));
    await shown.promise;
    devtools.kill(signal);
    t.deepEqual(await devtools.exited, {code: 0, signal: null}, devtools.stderr);
    await reading;
    await t.throwsAsync(() => fetch(url), undefined, 'nobody listens there any more');
  });

test('devtools fails without a tree, and for files that are not records', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'rx-'));
  t.teardown(() => rmSync(folder, {recursive: true}));
  const file = (text: string): string => {
    const path = join(folder, `${text.length}.json`);
    writeFileSync(path, text);
    return path;
  };
  const wrong: [readonly string[], number, RegExp][] = [
    [['1'], 1, /no tree of actors with the pid or id 1/],
    [['1', '--file', 'x'], 64, /devtools takes a ROOT or --file, not both/],
    [['--file', file('{"traceEvents":[]}')], 64, /there are no actors in /],
    [['--file', file('{}')], 1, /the file is not a record of rxtractor trace: it has no traceEvents/],
    [['--file', file('{')], 64, /1\.json is not a record of rxtractor trace: .*JSON/],
    [['--file', join(folder, 'none')], 1, /ENOENT/],
  ];
  for (const [args, code, text] of wrong) {
    const said = await rxtractor(['devtools', ...args]);
    t.regex(said.stderr, text);
    t.is(said.code, code, args.join(' '));
    t.is(said.stdout, '');
  }
});

test('marbles draws the streams of an actor in a pipe, and ends at Ctrl-C', async t => {
  const {pid} = await startShown(t, 'shown-shop');
  const marbles = command(t, 'marbles', String(pid), 'till');
  await marbles.stdoutUntil(/^orders: till → shop, [1-9]\d* a second$/m);
  // Both ends show the same digits.
  await marbles.stdoutUntil(/^out {3}[─\d]*\d[─\d]*\d[─\d]*$/m);
  await marbles.stdoutUntil(/^in {4}[─\d]*\d[─\d]*\d[─\d]*$/m);
  await marbles.stdoutUntil(/^ {6}#\d+ {2}object, \d+ bytes$/m);
  marbles.kill('SIGINT');
  t.deepEqual(await marbles.exited, {code: 0, signal: null}, marbles.stderr);
  const none = await rxtractor(['marbles', String(pid), 'nobody']);
  t.is(none.code, 64);
  t.regex(none.stderr, /there is no actor nobody: /);
});

test('marbles --json has the marks of both ends, with one numbering and one clock', async t => {
  const {pid} = await startShown(t, 'shown-shop');
  const marbles = command(t, 'marbles', String(pid), 'till', 'orders', '--json');
  const pairs = await marbles.until(() => {
    const marks = marbles.stdout
      .split('\n')
      .slice(0, -1)
      .map(line => JSON.parse(line) as Mark);
    const [out, come] = [marks.filter(({way}) => way === 'out'), marks.filter(({way}) => way === 'in')];
    const both = out.flatMap(sent => come.flatMap(mark => (mark.seq === sent.seq ? [[sent, mark] as const] : [])));
    return both.length < 3 ? undefined : both;
  }, 'three values at both ends');
  for (const [sent, arrived] of pairs) {
    t.is(sent.context, arrived.context);
    t.not(sent.actor, arrived.actor);
    t.true(sent.us <= arrived.us, 'a value leaves before it comes');
    t.is(sent.type, 'object');
    t.is(sent.preview, undefined, 'values are not shown');
  }
  marbles.kill('SIGTERM');
  t.deepEqual(await marbles.exited, {code: 0, signal: null}, marbles.stderr);
});

test('where the root has said so, marbles shows how a value begins; it ends with the actor', async t => {
  const {pid, say} = await startShown(t, 'shown-shop', ['{"values":"preview"}']);
  const marbles = command(t, 'marbles', String(pid), 'till');
  await marbles.stdoutUntil(/^ {6}#\d+ {2}object, \d+ bytes: \{ item: 'lamp', count: \d \}$/m);
  marbles.kill('SIGINT');
  const mortal = command(t, 'marbles', String(pid), 'mortal');
  await mortal.stdoutUntil(/^no values in the last five seconds$/m);
  say('die');
  t.deepEqual(await mortal.exited, {code: 0, signal: null}, mortal.stderr);
});

test('marbles on a terminal: the screen is left as it was found', async t => {
  const {pid} = await startShown(t, 'shown-shop');
  const terminal = new PtyProgram(t, 'marbles', {
    command: [process.execPath, commandFile, 'marbles', String(pid), 'till'],
    columns: 60,
    rows: 12,
  });
  const isDrawn = (text: string): boolean => /^orders: till → shop, \d/m.test(text) && /^in {4}─*\d/m.test(text);
  const screen = await terminal.until(isDrawn, 'marbles');
  for (const line of screen.split('\n')) t.true(line.length <= 60, line);
  terminal.press('q');
  await terminal.ends(t, 0);
  t.false(terminal.screen().includes('orders'));
});
