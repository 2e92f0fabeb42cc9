/**
 * The boot of an actor in a worker thread.
 * Floor 8: the entry that `nursery/thread` starts; `workerData` carries the channel's port and who it is.
 */
import {type MessagePort, workerData} from 'node:worker_threads';
import {Actor, defaultTimeouts} from './actor/actor.js';
import {serve} from './actor/serve.js';
import {newActorId} from './base/actor-id.js';
import {plainClock} from './base/clock.js';
import {markSpawned} from './base/current.js';
import {hooks} from './base/hooks.js';
import {configureLog} from './base/log.js';
import type {Roads} from './discovery/links.js';
import {openNames, unlisten} from './discovery/names.js';
import {loadCodec} from './msg/codec.js';
import {maxFrameBytes} from './msg/frame.js';
import {PortTransport} from './transport/port.js';

const {port, treeId, id, name} = workerData as {port: MessagePort; treeId: string; id: string; name: string};
markSpawned();

const actor = new Actor({
  id: newActorId(name, id),
  root: false,
  codec: loadCodec(),
  tree: {treeId, depth: 1, logLevel: 'warn', timeouts: defaultTimeouts},
});
const {peer, fail} = serve(actor, new PortTransport(port, {maxFrameBytes}), {
  prepare: ({tree}) => {
    configureLog(tree.logLevel);
    openNames(actor, tree.roads as Roads | undefined);
    // Before a task can crash.
    return tree.debug && import('./debugger/attach.js').then(({attach}) => attach(actor));
  },
  exit: code => void leave(code),
  orphaned: () => process.exit(1),
});

async function leave(code: number): Promise<void> {
  const sent = hooks.outputSent?.();
  if (sent) await plainClock.within(sent, actor.tree.timeouts.flush);
  await plainClock.turn(2);
  process.exit(code);
}

process.on('uncaughtException', error => fail(error));
process.on('unhandledRejection', error => fail(error));
process.on('exit', () => {
  peer.channel.drainSync(actor.tree.timeouts.flush);
  unlisten(actor);
});
