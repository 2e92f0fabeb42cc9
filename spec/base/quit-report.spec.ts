// How errors are printed that a person has caused at the debugger's prompt: in one line.
import {inspect} from 'node:util';
import test from 'ava';
import {newActorId} from '../../lib/base/actor-id.js';
import {ContextCancelled, DebuggerQuit, NurseryError, RemoteActorError} from '../../lib/base/errors.js';
import {quitReport} from '../../lib/base/quit-report.js';

const actor = newActorId('till');
const text = "total in till was left at the debugger's prompt with q";
const quit = new DebuggerQuit(text, {actor});
const remote = (cause: Error) =>
  new RemoteActorError(`DebuggerQuit: ${text}`, {cause, type: 'DebuggerQuit', path: [actor]});

test('E4: a DebuggerQuit is printed in one line, and so are the errors around it', t => {
  const line = `DebuggerQuit: ${text}`;
  const cancelled = new ContextCancelled('m', {canceller: undefined, reason: 'scope', cause: remote(quit)});
  for (const error of [quit, remote(quit), cancelled, new NurseryError([remote(quit), quit], '2 things failed')])
    t.is(inspect(error), line);
  t.regex(String(quit.stack), /\n {4}at /);
});

test('the error at which the person was looking is named, behind whatever number of quits', t => {
  const crash = new RangeError('two\nlines');
  const inner = new DebuggerQuit(text, {cause: crash});
  const outer = new DebuggerQuit('main was left', {cause: remote(inner)});
  t.is(inspect(outer), 'DebuggerQuit: main was left\n  [cause]: RangeError: two');
  t.is(quitReport(remote(inner))?.cause, 'RangeError: two');
  t.is(quitReport(new DebuggerQuit('m', {cause: 3}))?.cause, '3');
});

test('beside another failure a quit has one line of the tree', t => {
  const tree = inspect(new NurseryError([remote(quit), new Error('of its own')], '2 things failed'));
  t.regex(tree, /^├─ DebuggerQuit: total in till was left at the debugger's prompt with q\n└─ Error: of its own$/m);
});

test('other errors are printed as ever', t => {
  const error = new RemoteActorError('Error: m', {cause: new Error('m'), type: 'Error', path: [actor]});
  t.regex(inspect(error), /\n {4}at /);
  t.is(quitReport(error), undefined);
  t.is(quitReport(new NurseryError([], 'm')), undefined);
  t.is(quitReport(3), undefined);
});

test('what a message carries cannot move the cursor, nor fill the screen', t => {
  const said = inspect(new DebuggerQuit(`\x1b[2J${'y'.repeat(10_000)}\nmore`));
  t.true(said.startsWith(String.raw`DebuggerQuit: \x1b[2Jyy`));
  t.true(said.length < 2_100);
  t.false(said.includes('\n'));
});
