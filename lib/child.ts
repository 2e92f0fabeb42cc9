/**
 * The boot of an actor in a process of its own: it serves over the channel that it has inherited from its parent.
 * Floor 8: the entry that `nursery/backends/spawn-process` starts. `process.argv` carries the parent's pid and who the actor
 * is.
 */
import {Socket} from 'node:net';
import {Worker} from 'node:worker_threads';
import {plainClock} from './base/clock.js';
import {ContextCancelled} from './base/errors.js';
import {bootSpawned} from './boot-spawned.js';
import {maxFrameBytes} from './msg/frame.js';
import {SocketTransport} from './transport/socket.js';

/** The file descriptor of the channel, inherited from the parent. */
const channelFd = 3;

const [parentPid = '', treeId = '', id = '', name = ''] = process.argv.splice(2);
// The parent died before it could be watched.
if (process.ppid !== Number(parentPid)) process.exit(0);
// Ctrl-C and the end of a terminal go to the whole group of processes. The root decides what they mean.
for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => {});

const socket = new Socket({fd: channelFd, readable: true, writable: true});
const {actor, shutDown, leave} = bootSpawned(
  {name, id, treeId},
  new SocketTransport(socket, {maxFrameBytes, fd: channelFd}),
  {
    prepare: ({watchParent}) => {
      if (watchParent) startWatchdog();
    },
    // `process.exit` drops what a full pipe has not taken yet.
    written: async outputSent => {
      await plainClock.turn();
      const printed = [process.stdout, process.stderr].map(writtenTo);
      await plainClock.within(Promise.all([outputSent(), ...printed]), actor.tree.timeouts.flush);
    },
  },
);

process.on('SIGTERM', () => {
  const why = new ContextCancelled(`actor ${name} got SIGTERM`, {
    canceller: actor.id,
    reason: 'shutdown',
    cause: 'SIGTERM',
  });
  // No parent enforces this end: a task that ignores its signal must not hold up the exit.
  actor.scope.clock.deadline(actor.scope.teardownBudget, () => void leave(143));
  void shutDown(why, actor.scope.teardownBudget, 143);
});

function startWatchdog(): void {
  new Worker(new URL('./nursery/backends/watchdog.js', import.meta.url), {
    workerData: {parentPid: Number(parentPid)},
    stdout: false,
  }).unref();
}

function writtenTo(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise(resolve => {
    if (stream.writableLength === 0) resolve();
    else stream.write('', () => resolve());
  });
}
