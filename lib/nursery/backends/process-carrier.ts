/**
 * A process as the carrier of an actor: its channel, and its output.
 * Floor 6: above `process-end`, which sees the end; below `spawn-process` and `standby`.
 */
import type {ChildProcess} from 'node:child_process';
import type {Socket} from 'node:net';
import type {Readable} from 'node:stream';
import {hooks, type Writer} from '../../base/hooks.js';
import {maxFrameBytes} from '../../msg/frame.js';
import {SocketTransport} from '../../transport/socket.js';
import type {Birth} from './birth.js';
import type {ProcessEnd} from './process-end.js';
import {collectLines, lineMark, type Relay, type RelayOptions, relayLines} from './relay-lines.js';
import type {Spawned, SpawnRequest} from './spawner.js';

/** Connects to a process, and reads its output from now on. */
export function carrierOf(
  child: ChildProcess,
  {setpriv}: Birth,
  {exited, kill}: ProcessEnd,
  request: SpawnRequest,
): Spawned {
  const relays = relaysOf(child, request);
  void exited.then(() => {
    for (const relay of relays) relay.finish();
    request.output?.end();
  });
  return {
    pid: child.pid as number,
    transport: new SocketTransport(child.stdio[3] as Socket, {maxFrameBytes}),
    setpriv,
    diesWithParent: setpriv !== null,
    exited,
    stderrTail: () => relays[0].tail(),
    kill,
  };
}

/** Reads what the child writes: its stderr, and its stdout where it is not read by the system. */
export function relaysOf(
  child: {readonly pid?: number | undefined; readonly stdout: Readable | null; readonly stderr: Readable | null},
  request: SpawnRequest,
): [Relay, ...Relay[]] {
  const {stderr, stdout} = child;
  if (request.output) {
    return [collectLines(stderr, 'stderr', request.output), collectLines(stdout, 'stdout', request.output)];
  }
  const to = request.stdio === 'ignore' ? undefined : process.stderr;
  const first = relayLines(stderr, to, relayOptions(child.pid, 'stderr', request));
  return stdout ? [first, relayLines(stdout, process.stdout, relayOptions(child.pid, 'stdout', request))] : [first];
}

function relayOptions(pid = 0, stdio: Writer['stdio'], request: SpawnRequest): RelayOptions {
  const writer = {name: request.name, pid, stdio, marked: request.stdio === 'prefix'};
  const prefix = writer.marked ? lineMark(writer) : '';
  // Asked for each line: the tree may be put into debug mode later.
  return {prefix, take: line => hooks.output?.(request.owner, writer, line) ?? false};
}
