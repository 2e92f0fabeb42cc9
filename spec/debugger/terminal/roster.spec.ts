// The command `actors`: the picture of a made-up tree, and a real one whose root stands still.
import {drawRoster, type Roster, type RosterRow} from '../../../lib/debugger/terminal/roster.js';
import {PtyProgram} from '../../kit/screen.js';
import {spawning} from '../../kit/spawning.js';

const test = spawning({always: 1});

const row = (name: string, pid: number, depth: number): RosterRow => ({id: name, name, pid, depth});
const nobody: Pick<Roster, 'holder' | 'waiting'> = {holder: undefined, waiting: []};

test('the tree is drawn root first, with who has the terminal and whose turn comes when', t => {
  const actors = [row('root', 1, 0), row('a', 2, 1), row('b', 3, 2), row('c', 2, 2), row('d', 4, 1)];
  const holder = {id: 'b', what: 'breakpoint in work'};
  const waiting = [
    {id: 'd', what: 'breakpoint in later'},
    {id: 'root', what: 'post-mortem in main'},
  ];
  t.deepEqual(drawRoster({actors, holder, waiting}), [
    '  root (pid 1)  waits, 2: post-mortem in main',
    '    a (pid 2)',
    '>     b (pid 3)  has the terminal: breakpoint in work',
    '      c (same pid 2)',
    '    d (pid 4)  waits, 1: breakpoint in later',
  ]);
});

test('names of actors and tasks cannot command the terminal, and a crowd is cut', t => {
  const actors = [row('r\x1b[2J\noot', 1, 0), ...Array.from({length: 600}, (_, at) => row(`a${at}`, at + 2, 1))];
  const lines = drawRoster({actors, ...nobody, waiting: [{id: 'a0', what: '\x1b]0;title\x07\t'}]});
  t.is(lines[0], String.raw`  r\x1b[2J\noot (pid 1)`);
  t.is(lines[1], String.raw`    a0 (pid 2)  waits, 1: \x1b]0;title\x07\t`);
  t.is(lines.at(-1), '… and 101 more');
});

test('actors shows the tree in a child, and in the root whose own main thread stands still', async t => {
  const program = new PtyProgram(t, 'crowded');
  await program.prompt('one');
  let tree: string;
  do tree = await program.line('actors', 'one');
  while (!/leaf.*waits/.test(tree));
  t.regex(
    tree,
    /^ {2}root \(pid (\d+)\) {2}waits, 1: breakpoint in .*\n> {3}one \(pid \d+\) {2}has the terminal: breakpoint in .*stop.*\n {4}middle \(pid \d+\)\n {6}leaf \(pid \d+\) {2}waits, 2: breakpoint in .*\n {4}near \(same pid \1\)$/,
  );
  program.press('c\r');
  await program.prompt('root');
  tree = await program.line('actors', 'root');
  t.regex(
    tree,
    /^> root \(pid \d+\) {2}has the terminal: .*\n {4}one .*\n {4}middle .*\n {6}leaf .* {2}waits, 1: .*\n/,
  );
  t.regex(tree, /the root stands still: /);
  program.press('c\r');
  await program.prompt('leaf');
  t.regex(await program.line('actors', 'leaf'), /^> {5}leaf .* has the terminal/m);
  program.press('c\r');
  await program.ends(t, 0);
});
