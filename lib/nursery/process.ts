/**
 * Actors as operating-system processes: spawn, the inherited channel, output relayed, death with the parent.
 * Floor 6: the default backend.
 */
import {type ChildProcess, spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import type {Socket} from 'node:net';
import {fileURLToPath} from 'node:url';
import {plainClock} from '../base/clock.js';
import {isSpawned} from '../base/current.js';
import {type Exit, SpawnFailed} from '../base/errors.js';
import {thrownText} from '../base/foreign.js';
import {hooks, type Writer} from '../base/hooks.js';
import {maxFrameBytes} from '../msg/frame.js';
import {SocketTransport} from '../transport/socket.js';
import {lineMark, type RelayOptions, relayLines} from './output.js';
import {type Body, type SpawnRequest, visibleValues} from './spawner.js';

/** Data, not an import: the entry of a spawned process stands two floors above. */
const childEntry = fileURLToPath(new URL('../child.js', import.meta.url));
/** How long to wait, after an exit, for the rest of what was written: a grandchild may hold the pipe open. */
const outputGraceMs = 100;

export async function spawnProcess(request: SpawnRequest): Promise<Body> {
  const setpriv = findSetpriv();
  const node = [...nodeArgs(request), childEntry, String(process.pid), request.treeId, request.id, request.name];
  const [command, args] = setpriv
    ? [setpriv, ['--pdeathsig', 'KILL', process.execPath, ...node]]
    : [process.execPath, node];
  const child = await launch(command, args, request);

  const stderr = relayLines(
    child.stderr,
    request.stdio === 'ignore' ? undefined : process.stderr,
    relayOf(child, 'stderr', request),
  );
  if (child.stdout) relayLines(child.stdout, process.stdout, relayOf(child, 'stdout', request));
  const socket = child.stdio[3] as Socket;
  return {
    pid: child.pid as number,
    transport: new SocketTransport(socket, {maxFrameBytes}),
    diesWithParent: setpriv !== undefined,
    exited: exitOf(child),
    stderrTail: () => stderr.tail(),
    kill: () => void child.kill('SIGKILL'),
  };
}

function relayOf({pid = 0}: ChildProcess, stdio: Writer['stdio'], request: SpawnRequest): RelayOptions {
  const writer = {name: request.name, pid, stdio, marked: request.stdio === 'prefix'};
  const prefix = writer.marked ? lineMark(writer) : '';
  if (request.debug === undefined) return {prefix};
  return {prefix, take: line => hooks.output?.(request.owner, writer, line) ?? false};
}

async function launch(command: string, args: readonly string[], request: SpawnRequest): Promise<ChildProcess> {
  // In debug mode all goes through us: somebody may stand at a prompt, who must not be disturbed.
  const isRead = request.stdio === 'prefix' || (request.stdio === 'inherit' && request.debug !== undefined);
  const stdout = isRead ? 'pipe' : request.stdio;
  let cause: unknown;
  try {
    const child = spawn(command, args, {
      env: environment(request.env),
      stdio: ['ignore', stdout, 'pipe', 'pipe'],
      ...(request.cwd !== undefined && {cwd: request.cwd}),
    });
    child.stdio[3]?.on('error', () => {});
    await once(child, 'spawn');
    child.on('error', () => {});
    return child;
  } catch (error) {
    cause = error;
  }
  const where = request.cwd !== undefined && !existsSync(request.cwd) ? ` (its cwd ${request.cwd} does not exist)` : '';
  throw new SpawnFailed(`actor ${request.name} could not be started: ${thrownText(cause)}${where}`, {
    phase: 'exec',
    cause,
  });
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise(resolve => {
    child.once('exit', (code, signal) => {
      const exit = {code, signal};
      const stop = plainClock.timer(outputGraceMs, () => resolve(exit));
      child.once('close', () => {
        stop();
        resolve(exit);
      });
    });
  });
}

/** `env` over what is inherited; `undefined` removes. A channel of Node's own is not for our child. */
export function environment(env: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  const merged: NodeJS.ProcessEnv = {...process.env};
  if (process.stderr.isTTY && merged.FORCE_COLOR === undefined && merged.NO_COLOR === undefined)
    merged.FORCE_COLOR = '1';
  Object.assign(merged, env);
  for (const [name, value] of Object.entries(merged)) if (value === undefined) delete merged[name];
  for (const name of ['NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE']) delete merged[name];
  return merged;
}

/** Flags that would make a child run its parent's code again, open the parent's inspector port, or wait for a person. */
const droppedFlags =
  /^(--inspect.*|--debug-port.*|--eval|-e|-p|-pe|--print|--input-type.*|--interactive|-i|--check|-c|--test.*|--experimental-test.*|--watch.*)(=|$)/;
const flagsWithValue = new Set([
  '-e',
  '--eval',
  '-p',
  '-pe',
  '--print',
  '--input-type',
  '--inspect-port',
  '--debug-port',
  '--watch-path',
  '--test-name-pattern',
  '--test-reporter',
  '--test-reporter-destination',
  '--test-skip-pattern',
]);

function nodeArgs({execArgv, debug}: SpawnRequest): string[] {
  const args = inheritedArgs(execArgv ?? process.execArgv);
  if (debug) return [...args, ...visibleValues.filter(flag => !args.includes(flag))];
  // Where this actor was given it for itself.
  return isSpawned() && !execArgv ? args.filter(arg => !visibleValues.includes(arg)) : args;
}

/** The arguments of this process's Node that a child takes over. */
export function inheritedArgs(execArgv: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < execArgv.length; i++) {
    const arg = execArgv[i] as string;
    if (!droppedFlags.test(arg)) kept.push(arg);
    else if (flagsWithValue.has(arg)) i++;
  }
  return kept;
}

/** Tells the tests' and the curious user's process to do without setpriv. */
const withoutSetpriv = 'RXTRACTOR_NO_SETPRIV';
let setprivPath: string | undefined | null = null;

/**
 * util-linux's setpriv, by absolute path: never through an actor's PATH. Tried once, because busybox has one without
 * the parent-death signal.
 */
function findSetpriv(): string | undefined {
  if (process.env[withoutSetpriv]) return undefined;
  if (setprivPath !== null) return setprivPath;
  setprivPath = undefined;
  if (process.platform !== 'linux') return undefined;
  for (const path of ['/usr/bin/setpriv', '/bin/setpriv']) {
    if (
      existsSync(path) &&
      spawnSync(path, ['--pdeathsig', 'KILL', '/bin/true'], {stdio: 'ignore', env: {}}).status === 0
    ) {
      setprivPath = path;
      break;
    }
  }
  return setprivPath;
}
