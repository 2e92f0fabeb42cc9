// Who may not: another user, and whoever comes from elsewhere. And what another process says is harmless on the screen.
import {spawnSync} from 'node:child_process';
import {readdirSync, readFileSync, readlinkSync} from 'node:fs';
import test from 'ava';
import {drawTree} from '../../lib/cli/draw-tree.js';
import {EventLines} from '../../lib/cli/event-lines.js';
import {drawTop} from '../../lib/cli/top-screen.js';
import {firstState} from '../../lib/cli/top-state.js';
import type {ActorView, TreeView} from '../../lib/window/index.js';
import {findRoots} from '../../lib/window/roots.js';
import {startShown} from '../kit/command.js';
import {spawning} from '../kit/spawning.js';

const asRoot = process.getuid?.() === 0;
const long = spawning({takesLong: true});

(asRoot ? long : long.skip)(
  `P5: another user finds no tree, and cannot connect to its socket${asRoot ? '' : ' (skipped: needs root)'}`,
  async t => {
    const {pid} = await startShown(t, 'watched');
    const socket = findRoots().find(found => found.pid === pid)?.socket;
    // The code itself must be readable, so that nothing but the folder of the tree refuses.
    const script = `
    const {connect} = require('node:net');
    connect(${JSON.stringify(socket)}).on('connect', () => console.log('connected')).on('error', ({code}) => console.log(code));
    try { require('node:fs').readFileSync(${JSON.stringify(`${socket}.key`)}); console.log('read'); } catch ({code}) { console.log(code); }
  `;
    const {stdout} = spawnSync(process.execPath, ['-e', script], {
      uid: 65_534,
      gid: 65_534,
      cwd: '/',
      encoding: 'utf8',
      // Neither a limit of the test nor anything else ends what is waited for here.
      timeout: 60_000,
    });
    t.is(stdout, 'EACCES\nEACCES\n');
  },
);

long('P5: a program that is observed has no port open', async t => {
  const {pid} = await startShown(t, 'watched');
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap(
      fd => /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [],
    ),
  );
  t.true(inodes.size > 0);
  const tables = ['tcp', 'tcp6', 'udp', 'udp6'].map(name => readFileSync(`/proc/net/${name}`, 'utf8'));
  const open = tables.flatMap(table => table.trim().split('\n').slice(1)).map(row => row.trim().split(/\s+/)[9] ?? '');
  t.deepEqual(
    open.filter(inode => inodes.has(inode)),
    [],
  );
});

const evil = '\x1b]0;title\x07\u202ename\nsecond line';
const actor: ActorView = {
  id: 'a',
  name: evil,
  pid: 4,
  host: evil,
  state: 'serving',
  since: 0,
  contexts: [
    {
      uid: 'u',
      fn: evil,
      kind: 'task',
      side: 'callee',
      caller: evil,
      callee: 'a',
      state: evil,
      since: 0,
      sent: 0,
      received: 0,
      dropped: 0,
      queuedBytes: 0,
      credit: {granted: 0, used: 0},
      stalledMs: 0,
      still: 0,
    },
  ],
  age: 0,
  waits: [{for: 'child', by: evil, of: 'a', since: 0}],
  children: [],
  more: 0,
};
const view: TreeView = {at: 10, root: actor, more: 0};

test('names and texts of other processes cannot move the cursor, and stay on their line', t => {
  const look = {width: 400, colours: false};
  const opened = {...firstState, page: 'actor', selected: 'a'} as const;
  const lines = [
    ...drawTree(view, look),
    ...drawTop(view, firstState, {...look, height: 10}),
    ...drawTop(view, opened, {...look, height: 20}),
    new EventLines().lineOf({us: 1, actor: evil, type: 'log', level: evil, text: evil}) ?? '',
    new EventLines().lineOf({us: 1, actor: evil, type: evil, peer: evil}) ?? '',
  ];
  t.true(lines.some(line => line.includes('\\x1b]0;title')));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there
  for (const line of lines) t.notRegex(line, /[\x00-\x1f\x7f-\x9f\u202e]/);
});

test('each line fits its terminal, wide characters included', t => {
  const wide: TreeView = {...view, root: {...actor, name: '漢字'.repeat(60)}};
  for (const width of [20, 80, 200])
    for (const line of [
      ...drawTree(wide, {width, colours: false}),
      ...drawTop(wide, firstState, {width, height: 10, colours: false}),
    ])
      t.true([...line].reduce((sum, each) => sum + (each > '\u2e80' ? 2 : 1), 0) <= width, line);
});
