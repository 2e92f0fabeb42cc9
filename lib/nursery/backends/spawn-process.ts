/**
 * Actors as operating-system processes: the start, the inherited channel, the output relayed, the death with the parent.
 * Floor 6: the default backend.
 */
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import type {Socket} from 'node:net';
import {fileURLToPath} from 'node:url';
import {plainClock} from '../../base/clock.js';
import {type Exit, SpawnFailed} from '../../base/errors.js';
import {thrownText} from '../../base/foreign.js';
import {hooks, type Writer} from '../../base/hooks.js';
import {maxFrameBytes} from '../../msg/frame.js';
import {SocketTransport} from '../../transport/socket.js';
import {environment, nodeArgs} from './environment.js';
import {lineMark, type RelayOptions, relayLines} from './relay-lines.js';
import {findSetpriv} from './setpriv.js';
import type {Spawned, SpawnRequest} from './spawner.js';

/** A path and not an import: the entry of a spawned process stands two floors above. */
const childEntry = fileURLToPath(new URL('../../child.js', import.meta.url));
/** Maximum wait for the rest of the output after an exit, in ms, because a grandchild may hold the pipe open. */
const outputGraceMs = 100;

export async function spawnProcess(request: SpawnRequest): Promise<Spawned> {
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

async function launch(command: string, args: readonly string[], request: SpawnRequest): Promise<ChildProcess> {
  // In debug mode this process reads all output: somebody may be at a prompt, and must not be disturbed.
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

function relayOf({pid = 0}: ChildProcess, stdio: Writer['stdio'], request: SpawnRequest): RelayOptions {
  const writer = {name: request.name, pid, stdio, marked: request.stdio === 'prefix'};
  const prefix = writer.marked ? lineMark(writer) : '';
  if (request.debug === undefined) return {prefix};
  return {prefix, take: line => hooks.output?.(request.owner, writer, line) ?? false};
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
