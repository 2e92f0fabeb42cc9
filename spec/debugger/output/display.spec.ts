// The parts of a tree's output that are shown, and when: Display and Backlog without a terminal.
import {PassThrough} from 'node:stream';
import test from 'ava';
import {newActorId} from '../../../lib/base/actor-id.js';
import type {Writer} from '../../../lib/base/hooks.js';
import {TtyLock} from '../../../lib/debugger/lock/tty-lock.js';
import {Backlog} from '../../../lib/debugger/output/backlog.js';
import {Display} from '../../../lib/debugger/output/display.js';

const rootPid = 1;
const holder = {...newActorId('holder'), pid: 2};
const writer = (name: string, pid: number, more: Partial<Writer> = {}): Writer => ({
  name,
  pid,
  stdio: 'stdout',
  marked: false,
  ...more,
});
const one = writer('one', 11);
const two = writer('two', 12, {stdio: 'stderr'});
const bytes = (text: string): Uint8Array => Buffer.from(text);

/** Both streams write to one list, as to one terminal. */
function shown({isTTY = false} = {}) {
  const said: string[] = [];
  const stream = (): NodeJS.WriteStream => {
    const made = Object.assign(new PassThrough(), {isTTY});
    made.on('data', chunk => said.push(String(chunk)));
    return made as unknown as NodeJS.WriteStream;
  };
  const [stdout, stderr] = [stream(), stream()];
  let drawn = 0;
  const display = new Display({name: 'root', stdout, stderr, pid: rootPid, redraw: () => drawn++});
  return {display, stdout, stderr, said, text: () => said.splice(0).join(''), drawn: () => drawn};
}

test('lines are shown as they come while nobody has the terminal', t => {
  const {display, text} = shown();
  display.write(one, bytes('a\n'));
  display.write(two, bytes('b\n'));
  t.is(text(), 'a\nb\n');
});

test('lines of others wait until the terminal is let go of, and are shown in the order in which they came, marked', t => {
  const {display, text} = shown();
  display.taken(holder);
  display.write(one, bytes('a\n'));
  display.write(two, bytes('b\n'));
  display.write(writer('three', 13, {marked: true}), bytes('three(13) c\n'));
  display.write(one, bytes('two\nlines\n'));
  display.write(writer('\x1b]0;title', 14), bytes('e\n'));
  display.write(one, bytes('a part'));
  t.is(text(), '');
  display.released();
  t.is(text(), 'one(11) a\ntwo(12) b\nthree(13) c\none(11) two\none(11) lines\n\\x1b]0;title(14) e\none(11) a part\n');
  display.write(one, bytes('d\n'));
  t.is(text(), 'd\n');
});

test('what the root itself writes waits likewise, at its place in the order, and calls back', async t => {
  const {display, stdout, stderr, text} = shown();
  const before = stdout.write;
  display.taken(holder);
  display.write(one, bytes('a\n'));
  t.true(stdout.write('62', 'hex'));
  display.write(one, bytes('c\n'));
  await new Promise<void>(resolve => void stderr.write('no end', () => resolve()));
  t.is(text(), '');
  display.released();
  t.is(text(), 'one(11) a\nbone(11) c\nno end');
  stdout.write('free\n');
  t.is(text(), 'free\n');
  display.close();
  t.is(stdout.write, before);
});

test('who put another write over that of the root’s stream keeps it', t => {
  const {display, stdout, text} = shown();
  display.taken(holder);
  const inner = stdout.write;
  const outer = ((chunk: string) => inner.call(stdout, chunk.toUpperCase())) as typeof stdout.write;
  stdout.write = outer;
  stdout.write('a');
  display.close();
  stdout.write('b');
  t.is(text(), 'AB');
  t.is(stdout.write, outer);
});

test('whoever has the terminal sees what they print, above a prompt that is drawn again', t => {
  const {display, text, drawn} = shown({isTTY: true});
  display.taken(holder);
  display.write(writer('holder', holder.pid), bytes('mine\n'));
  t.is(text(), '\r\x1b[Jmine\n');
  t.is(drawn(), 1);
  display.write(one, bytes('not mine\n'));
  t.is(text(), '');
  display.released();
});

test('while the root has the terminal its own lines are shown, and those of others wait', t => {
  const {display, stdout, text} = shown();
  display.taken({...holder, pid: rootPid});
  stdout.write('own\n');
  display.write(one, bytes('other\n'));
  t.is(text(), 'own\n');
  display.released();
  t.is(text(), 'one(11) other\n');
});

test('of each actor so much is kept, the newest, and the rest is counted', t => {
  const {display, text} = shown();
  display.taken(holder);
  display.write(two, bytes('early\n'));
  const lines = 20_000;
  for (let i = 0; i < lines; i++) display.write(one, bytes(`${String(i).padStart(60, '.')}\n`));
  display.write(two, bytes('late\n'), 7);
  display.released();
  const all = text().split('\n').slice(0, -1);
  t.regex(all[0] as string, /^two\(12\) \(7 lines were dropped/);
  t.is(all[1], 'two(12) early');
  const [, lost] = /^one\(11\) \((\d+) lines were dropped: more than/.exec(all[2] as string) ?? [];
  t.is(all.at(-1), 'two(12) late');
  t.is(all.at(-2), `one(11) ${String(lines - 1).padStart(60, '.')}`);
  const kept = all.length - 4;
  t.is(kept + Number(lost), lines);
  t.true(kept > 1000 && kept < 5000);
});

test('a backlog is taken in parts that are in order, and one chunk that is too long is kept', t => {
  const backlog = new Backlog(1000);
  for (const [at, name] of [...'abab'].entries()) backlog.add(writer(name, 1), Buffer.alloc(300, at));
  const parts = [];
  while (!backlog.isEmpty) parts.push(backlog.take(500).map(({chunk}) => chunk[0]));
  t.deepEqual(parts, [
    [0, 1],
    [2, 3],
  ]);
  backlog.add(one, bytes('gone\nand gone'));
  backlog.add(one, Buffer.alloc(5000));
  t.deepEqual(
    backlog.take().map(({chunk, lost}) => [chunk.length, lost]),
    [[5000, 2]],
  );
  t.deepEqual(backlog.take(), []);
});

test('a watcher of the lock hears of each that has it before the next does', async t => {
  const heard: string[] = [];
  const watcher = {taken: ({name}: {name: string}) => heard.push(name), released: () => heard.push('free')};
  const lock = new TtyLock('it', watcher);
  const ask = (name: string) => lock.request({actor: {...holder, name}, what: ''});
  const [first, second] = [ask('a'), ask('b')];
  (await first)();
  (await second)();
  t.deepEqual(heard, ['a', 'free', 'b', 'free']);
});
