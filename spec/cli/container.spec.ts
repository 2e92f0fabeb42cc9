// The command beside a program in a container: within it, as `docker exec` does, and from outside over a shared folder.
import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import type {ExecutionContext} from 'ava';
import {liveFolders} from '../../lib/transport/folder.js';
import {commandFile, rxtractor} from '../kit/command.js';
import {fixture, startNode} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

/** A namespace of pids with a /proc of its own, which ends with its first process. */
const unshare = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
const canUnshare = spawnSync(unshare[0] as string, [...unshare.slice(1), 'true']).status === 0;
const test = spawning({takesLong: true});
const reason = canUnshare ? '' : ' (skipped: unshare --pid needs root)';

interface Contained {
  /** How to run something within it. */
  readonly enter: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly socket: string;
}

async function start(t: ExecutionContext): Promise<Contained> {
  const [command = '', ...args] = [...unshare, process.execPath, fileURLToPath(fixture('planted')), 'calls'];
  // It ends when its stdin ends. Its sockets are in a folder of its own, where no other tree is found.
  const folder = mkdtempSync(join(tmpdir(), 'rx-'));
  const env = {...process.env, TMPDIR: folder, XDG_RUNTIME_DIR: ''};
  const program = spawn(command, args, {stdio: ['pipe', 'pipe', 'ignore'], env});
  t.teardown(async () => {
    program.stdin.end();
    if (program.exitCode === null) await once(program, 'exit');
    rmSync(folder, {recursive: true, force: true});
  });
  const [line] = await once(createInterface({input: program.stdout}), 'line');
  t.regex(String(line), /pid/);
  for (;;) {
    const [root] = foundIn(folder);
    if (root) {
      const first = readFileSync(`/proc/${program.pid}/task/${program.pid}/children`, 'utf8').trim();
      return {enter: ['nsenter', '-t', first, '-p', '-m'], env: {TMPDIR: folder, XDG_RUNTIME_DIR: ''}, socket: root};
    }
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

/** The control sockets of the trees whose folders are in a folder for temporary files. */
const foundIn = (temporary: string): string[] =>
  liveFolders({env: {XDG_RUNTIME_DIR: ''}, temporary})
    .map(({path}) => join(path, 'window'))
    .filter(existsSync);

(canUnshare ? test : test.skip)(
  `the command works within a container, and from outside it shows and touches no process of the host${reason}`,
  async t => {
    const {enter, env, socket} = await start(t);
    const within = startNode(t, [commandFile, 'tree'], env, enter);
    await within.exited;
    t.regex(within.stdout, /b +\d+ +\d+ % +\d+ MB .*serving$/m, within.stderr);
    const outside = await rxtractor(['tree', `unix:${socket}`, '--json']);
    const {root} = JSON.parse(outside.stdout) as {root: {children: {name: string; state: string; rss?: number}[]}};
    t.like(root.children, {0: {name: 'b', state: 'serving', rss: undefined}, length: 1});
    const refused = await rxtractor(['kill', `unix:${socket}`, 'b']);
    t.is(refused.code, 64);
    t.regex(refused.stderr, /the process of b cannot be seen from here: kill it where the tree runs/);
    const cancelled = await rxtractor(['cancel', `unix:${socket}`, 'b']);
    t.regex(cancelled.stdout, /^b (?:ended by itself|was killed)/, cancelled.stderr);
  },
);
