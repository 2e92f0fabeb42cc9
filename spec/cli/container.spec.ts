// The command beside a program in a container: within it, as `docker exec` does, and from outside over a shared folder.
import {spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {liveFolders} from '../../lib/transport/folder.js';
import {commandFile, rxtractor} from '../kit/command.js';
import {startNode, startProgram} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

/** A namespace of pids with a /proc of its own, which ends with its first process. */
const unshare = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
const canUnshare = spawnSync(unshare[0] as string, [...unshare.slice(1), 'true'], {timeout: 30_000}).status === 0;
const test = spawning({takesLong: true});
const reason = canUnshare ? '' : ' (skipped: unshare --pid needs root)';

interface Contained {
  /** How to run something within it. */
  readonly enter: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly socket: string;
}

async function start(t: ExecutionContext): Promise<Contained> {
  // Its sockets are in a folder of its own, where no other tree is found.
  const folder = mkdtempSync(join(tmpdir(), 'rx-'));
  t.teardown(() => rmSync(folder, {recursive: true, force: true}));
  const env = {TMPDIR: folder, XDG_RUNTIME_DIR: ''};
  const program = startProgram(t, 'planted', {args: ['calls'], env, through: unshare, hears: true});
  t.like(await program.next(), {pid: 1}, 'it is the first process of its container');
  const socket = await program.until(() => foundIn(folder)[0], 'a window');
  const first = readFileSync(`/proc/${program.pid}/task/${program.pid}/children`, 'utf8').trim();
  return {enter: ['nsenter', '-t', first, '-p', '-m'], env, socket};
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
