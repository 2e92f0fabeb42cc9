/**
 * The boot of a spawned process: what carries an actor here, from the inherited channel to the exit code.
 * Floor 8: the entry that `nursery/process` starts; `process.argv` carries the parent's pid, the tree, and who it is.
 */
import {Socket} from 'node:net';
import {Worker} from 'node:worker_threads';
import {Actor, defaultTimeouts} from './actor/actor.js';
import {serve} from './actor/serve.js';
import {newActorId} from './base/actor-id.js';
import {plainClock} from './base/clock.js';
import {markSpawned} from './base/current.js';
import {ContextCancelled} from './base/errors.js';
import {hooks} from './base/hooks.js';
import {configureLog} from './base/log.js';
import type {Roads} from './discovery/links.js';
import {openNames, unlisten} from './discovery/names.js';
import {loadCodec} from './msg/codec.js';
import {maxFrameBytes} from './msg/frame.js';
import {SocketTransport} from './transport/socket.js';

/** The descriptor of the channel, inherited from the parent. */
const channelFd = 3;

const [parentPid = '', treeId = '', id = '', name = ''] = process.argv.splice(2);
// Born an orphan: the parent died before it could be watched.
if (process.ppid !== Number(parentPid)) process.exit(0);
markSpawned();
// The terminal's Ctrl-C goes to the whole group, and so does its end; the root decides what they mean.
for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => {});

const actor = new Actor({
  id: newActorId(name, id),
  root: false,
  codec: loadCodec(),
  tree: {treeId, depth: 1, logLevel: 'warn', timeouts: defaultTimeouts},
});
const socket = new Socket({fd: channelFd, readable: true, writable: true});
const {peer, shutDown, fail} = serve(actor, new SocketTransport(socket, {maxFrameBytes, fd: channelFd}), {
  prepare: ({tree, watchParent}) => {
    configureLog(tree.logLevel);
    openNames(actor, tree.roads as Roads | undefined);
    if (watchParent) startWatchdog();
    // Before a task can crash.
    return tree.debug && import('./debugger/attach.js').then(({attach}) => attach(actor));
  },
  exit: code => void leave(code),
  orphaned: () => process.exit(1),
});

process.on('uncaughtException', error => fail(error));
process.on('unhandledRejection', error => fail(error));
process.on('SIGTERM', () => {
  const why = new ContextCancelled(`actor ${name} got SIGTERM`, {
    canceller: actor.id,
    reason: 'shutdown',
    cause: 'SIGTERM',
  });
  // Nobody above sees to it that a task that ignores its signal does not hold up this exit.
  actor.scope.clock.deadline(actor.scope.teardownBudget, () => void leave(143));
  void shutDown(why, actor.scope.teardownBudget, 143);
});
process.on('exit', () => {
  peer.channel.drainSync(actor.tree.timeouts.flush);
  unlisten(actor);
});

function startWatchdog(): void {
  new Worker(new URL('./nursery/watchdog.js', import.meta.url), {
    workerData: {parentPid: Number(parentPid)},
    stdout: false,
  }).unref();
}

/** Sends what waits, prints what was printed, then exits: `process.exit` drops what a full pipe has not taken. */
async function leave(code: number): Promise<void> {
  process.exitCode = code;
  await plainClock.turn();
  const told = Promise.all([hooks.outputSent?.(), ...[process.stdout, process.stderr].map(printed)]);
  await plainClock.within(told, actor.tree.timeouts.flush);
  process.exit(code);
}

function printed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise(resolve => {
    if (stream.writableLength === 0) resolve();
    else stream.write('', () => resolve());
  });
}
