// The command `devtools`: another debugger beside the prompt, at the same stop.
import type {ExecutionContext} from 'ava';
import {DevTools} from '../../kit/devtools.js';
import {FakeTerminal} from '../../kit/fake-terminal.js';
import {startProgram} from '../../kit/program.js';
import {PtyProgram} from '../../kit/screen.js';
import {spawning} from '../../kit/spawning.js';

const test = spawning({takesLong: true});

async function attached(t: ExecutionContext) {
  const terminal = new FakeTerminal(t);
  const program = startProgram(t, 'looked-at', {args: [terminal.path]});
  await terminal.opened(t);
  const url = urlIn(await terminal.type('devtools'));
  t.true((await terminal.type('devtools')).includes(url), 'asked again, it is the same');
  return {terminal, program, devtools: await stoppedFor(t, url)};
}

const urlIn = (said: string): string => /ws:\/\/127\.0\.0\.1:\S+/.exec(said)?.[0] ?? '';

async function stoppedFor(t: ExecutionContext, url: string): Promise<DevTools> {
  const devtools = await DevTools.attach(url);
  t.teardown(() => devtools.detach());
  devtools.send(1, 'Debugger.enable');
  await devtools.event('Debugger.paused');
  return devtools;
}

test('another debugger that attaches sees the same stop; when it resumes the program, the prompt says so and ends', async t => {
  const {terminal, program, devtools} = await attached(t);
  t.is(await terminal.type('fixed'), '1', 'the prompt is still there');
  devtools.send(2, 'Debugger.resume');
  const said = await terminal.next();
  t.is(said.type === 'print' ? said.text : said.type, '\nanother debugger has resumed the program');
  t.is((await terminal.next()).type, 'close');
  terminal.send({type: 'closed'});
  t.deepEqual(await program.next(), [[2, 4], 0, 'text']);
  t.deepEqual(await program.next(), ['continue']);
  await terminal.opened(t);
  devtools.detach();
  await terminal.release(t, 'c');
  t.deepEqual(await program.exited, {code: 0, signal: null});
});

test('c lets the program run on although another debugger is attached', async t => {
  const {terminal, program, devtools} = await attached(t);
  await terminal.type('n');
  await terminal.release(t, 'c');
  t.deepEqual(await program.next(), [[2, 4], 0, 'text']);
  t.deepEqual(await program.next(), ['continue']);
  await terminal.opened(t);
  devtools.detach();
  await terminal.release(t, 'c');
  t.deepEqual(await program.exited, {code: 0, signal: null});
});

test('another debugger that resumes a program in the call of its breakpoint ends the prompt there too', async t => {
  const program = new PtyProgram(t, 'held', {columns: 200});
  await program.prompt('root');
  const devtools = await stoppedFor(t, urlIn(await program.line('devtools', 'root')));
  // Node itself writes onto the prompt's line that somebody has attached.
  await program.until(screen => screen.endsWith('Debugger attached.'), 'word of Node');
  t.regex(await program.line('await later(count + 6)', 'root'), /^7$/m, 'the loop runs for it as before');
  devtools.send(2, 'Debugger.resume');
  devtools.detach();
  await program.ends(t, 0);
  t.regex(program.screen(), /^another debugger has resumed the program$/m);
  t.regex(program.screen(), /^result 4$/m);
});
