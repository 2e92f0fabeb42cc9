/**
 * Actors as operating-system processes: the start, the inherited channel, and the output.
 * Floor 6: the default backend. `process-end` sees the end.
 */
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {accessSync, constants, statSync} from 'node:fs';
import type {Socket} from 'node:net';
import {resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {isMainThread} from 'node:worker_threads';
import {SpawnFailed} from '../../base/errors.js';
import {attempt, readProperty} from '../../base/foreign.js';
import {hooks, type Writer} from '../../base/hooks.js';
import {libraryFile} from '../../base/library.js';
import {maxFrameBytes} from '../../msg/frame.js';
import {SocketTransport} from '../../transport/socket.js';
import {environment} from './environment.js';
import {execError} from './exec-error.js';
import {nodeArgs} from './node-args.js';
import {endOf} from './process-end.js';
import {collectLines, lineMark, type Relay, type RelayOptions, relayLines} from './relay-lines.js';
import {findSetpriv} from './setpriv.js';
import {bundledError, type Spawned, type SpawnRequest} from './spawner.js';

export async function spawnProcess(request: SpawnRequest): Promise<Spawned> {
  // A path and not an import: the entry of a spawned process stands two floors above.
  const childEntry = libraryFile('child.js');
  if (!childEntry) throw bundledError(request);
  const {name, id, treeId, output} = request;
  const cwd = request.cwd === undefined ? attempt(() => process.cwd()) : folderOf(name, request.cwd);
  const entry = [fileURLToPath(childEntry), String(process.pid), treeId, id, name, cwd ?? '', ...request.argv];
  const node = [process.execPath, ...nodeArgs(request), ...entry];
  let setpriv: string | null;
  let child: ChildProcess;
  try {
    setpriv = request.setpriv === undefined ? findSetpriv() : request.setpriv;
    child = await launch(setpriv === null ? node : [setpriv, '--pdeathsig', 'KILL', ...node], cwd, request);
  } catch (error) {
    throw execError(name, error);
  }

  const relays = relaysOf(child, request);
  const transport = new SocketTransport(child.stdio[3] as Socket, {maxFrameBytes});
  const {exited, kill} = endOf(child, name, transport);
  void exited.then(() => {
    for (const relay of relays) relay.finish();
    output?.end();
  });
  return {
    pid: child.pid as number,
    transport,
    setpriv,
    diesWithParent: setpriv !== null,
    exited,
    stderrTail: () => relays[0].tail(),
    kill,
  };
}

/** The absolute path of the folder that a user wants for an actor. @throws SpawnFailed when it cannot be used */
function folderOf(name: string, cwd: string): string {
  const path = resolve(cwd);
  const fault = folderFault(path);
  if (fault !== undefined)
    throw new SpawnFailed(`actor ${name} could not be started: its cwd ${cwd} ${fault}`, {phase: 'exec'});
  return path;
}

function folderFault(path: string): string | undefined {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isDirectory() ? undefined : 'is not a folder';
  } catch (error) {
    const code = readProperty(error, 'code');
    if (code === 'EACCES') return 'may not be entered by this user';
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'does not exist' : undefined;
  }
}

/**
 * It starts in the folder in which the root was started, and changes to its own later: what its arguments name is looked for
 * where Node has found it for the root.
 */
async function launch(
  [command = '', ...args]: readonly string[],
  cwd: string | undefined,
  request: SpawnRequest,
): Promise<ChildProcess> {
  const {startFolder} = request;
  const from = startFolder !== undefined && folderFault(startFolder) === undefined ? startFolder : cwd;
  const child = spawn(command, args, {
    env: environment(request),
    stdio: ['ignore', isStdoutRead(request) ? 'pipe' : (request.stdio as 'inherit' | 'ignore'), 'pipe', 'pipe'],
    ...(from !== undefined && {cwd: from}),
  });
  // Listens for the error at once: it comes later, and where no descriptor is left the child has no streams at all.
  const spawned = once(child, 'spawn');
  child.stdio?.[3]?.on('error', () => {});
  await spawned;
  return child;
}

/**
 * In debug mode this process reads all output: somebody may be at a prompt, and must not be disturbed. The stdout of a thread
 * may be read by its parent, and the system can inherit only that of the whole process.
 */
function isStdoutRead({stdio, debug}: SpawnRequest): boolean {
  return stdio === 'prefix' || stdio === 'pipe' || (stdio === 'inherit' && (debug !== undefined || !isMainThread));
}

/** Reads what the child writes: its stderr, and its stdout where it is not read by the system. */
function relaysOf(child: ChildProcess, request: SpawnRequest): [Relay, ...Relay[]] {
  const {stderr, stdout} = child;
  if (request.output) {
    return [collectLines(stderr, 'stderr', request.output), collectLines(stdout, 'stdout', request.output)];
  }
  const to = request.stdio === 'ignore' ? undefined : process.stderr;
  const first = relayLines(stderr, to, relayOptions(child, 'stderr', request));
  return stdout ? [first, relayLines(stdout, process.stdout, relayOptions(child, 'stdout', request))] : [first];
}

function relayOptions({pid = 0}: ChildProcess, stdio: Writer['stdio'], request: SpawnRequest): RelayOptions {
  const writer = {name: request.name, pid, stdio, marked: request.stdio === 'prefix'};
  const prefix = writer.marked ? lineMark(writer) : '';
  // Asked for each line: the tree may be put into debug mode later.
  return {prefix, take: line => hooks.output?.(request.owner, writer, line) ?? false};
}
