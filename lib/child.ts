/**
 * The boot of a spawned process: reads what to be from the inherited channel, imports it, and serves until told to end.
 * Floor 8: the entry that `nursery/process` starts; `process.argv` carries the parent's pid, the tree, and who it is.
 */
import {Socket} from 'node:net';
import {Worker} from 'node:worker_threads';
import {Actor, defaultTimeouts} from './actor/actor.js';
import {Peer} from './actor/peers.js';
import {makePortal, setParent} from './actor/portal.js';
import {newActorId} from './base/address.js';
import {markSpawned} from './base/current.js';
import {ContextCancelled} from './base/errors.js';
import {configureLog} from './base/log.js';
import {deadline, within} from './base/timer.js';
import {loadCodec} from './msg/codec.js';
import {maxFrameBytes} from './msg/frame.js';
import {Kind} from './msg/types.js';
import type {SpawnSpec} from './nursery/spec.js';
import {SocketTransport} from './transport/socket.js';

/** The descriptor of the channel, inherited from the parent. */
const channelFd = 3;

const [parentPid = '', treeId = '', id = '', name = ''] = process.argv.splice(2);
// Born an orphan: the parent died before it could be watched.
if (process.ppid !== Number(parentPid)) process.exit(0);
markSpawned();
// The terminal's Ctrl-C goes to the whole group; the root decides what it means.
process.on('SIGINT', () => {});

const actor = new Actor({
  id: newActorId(name, id),
  root: false,
  codec: loadCodec(),
  tree: {treeId, depth: 1, logLevel: 'warn', timeouts: defaultTimeouts},
});
actor.importing = true;
const socket = new Socket({fd: channelFd, readable: true, writable: true});
const peer = new Peer(actor, new SocketTransport(socket, {maxFrameBytes, fd: channelFd}), 'connected', {
  spawn: payload => void boot(payload as SpawnSpec),
  cancelled: (why, budget) => void shutDown(why, budget, 0),
  // Without its parent an actor is nothing: no clean-up could tell anybody of its end.
  ended: () => process.exit(1),
});
const neverEnds = new Promise<undefined>(() => {});
setParent(actor, makePortal(peer, {scope: actor.scope, ended: neverEnds, cancelActor: () => Promise.resolve(false)}));

process.on('uncaughtException', error => fail(error));
process.on('unhandledRejection', error => fail(error));
process.on('SIGTERM', () => {
  const why = new ContextCancelled(`actor ${name} got SIGTERM`, {
    canceller: actor.id,
    reason: 'shutdown',
    cause: 'SIGTERM',
  });
  // Nobody above sees to it that a task that ignores its signal does not hold up this exit.
  deadline(actor.scope.teardownBudget, () => void leave(143));
  void shutDown(why, actor.scope.teardownBudget, 143);
});
process.on('exit', () => peer.channel.drainSync(actor.tree.timeouts.flush));

async function boot(spec: SpawnSpec): Promise<void> {
  actor.tree = {...spec.tree};
  configureLog(spec.tree.logLevel);
  if (spec.watchParent) watchParent();
  // A module that waits for ever must show at once: the channel alone does not keep the process while it imports.
  peer.channel.keepAlive(false);
  try {
    await actor.run(actor.scope, () => actor.exposed.load(spec.homes));
    if (actor.importFailure) throw actor.importFailure;
  } catch (error) {
    fail(error);
    return;
  }
  actor.importing = false;
  peer.channel.keepAlive(true);
  peer.channel.send(Kind.Ready, 0, 0, actor.codec.encode(actor.exposed.names()));
}

function watchParent(): void {
  new Worker(new URL('./nursery/watchdog.js', import.meta.url), {
    workerData: {parentPid: Number(parentPid)},
    stdout: false,
  }).unref();
}

let ending = false;

/** Ends every task, says so, and exits. */
async function shutDown(why: ContextCancelled, budget: number, code: number): Promise<void> {
  if (ending) return;
  ending = true;
  actor.scope.budget = budget;
  await actor.cancel(why);
  await leave(code);
}

/** Tells the parent what nothing here has caught, then exits. An absorbed cancellation is no such thing. */
function fail(error: unknown): void {
  if (error instanceof ContextCancelled && actor.scope.cancelled) return;
  if (error instanceof ContextCancelled && !actor.importing) return;
  peer.sendFailure(error);
  void leave(1);
}

/** Sends what waits, prints what was printed, then exits: `process.exit` drops what a full pipe has not taken. */
async function leave(code: number): Promise<void> {
  process.exitCode = code;
  await new Promise(resolve => setImmediate(resolve));
  await within(Promise.all([process.stdout, process.stderr].map(printed)), actor.tree.timeouts.flush);
  process.exit(code);
}

function printed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise(resolve => {
    if (stream.writableLength === 0) resolve();
    else stream.write('', () => resolve());
  });
}
