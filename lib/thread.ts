/**
 * The boot of an actor in a worker thread: it serves over a message port.
 * Floor 8: the entry that `nursery/backends/spawn-thread` starts. `workerData` carries the port and who the actor is.
 */
import {type MessagePort, workerData} from 'node:worker_threads';
import type {SpawnedIdentity} from './actor/serve.js';
import {plainClock} from './base/clock.js';
import {platform} from './base/platform.js';
import {bootSpawned} from './boot-spawned.js';
import {maxFrameBytes} from './msg/frame.js';
import {loadPreloads, type Preloads} from './nursery/backends/preloads.js';
import {PortTransport} from './transport/port.js';

const {port, preloads, host, ...identity} = workerData as SpawnedIdentity & {
  readonly port: MessagePort;
  readonly preloads: Preloads | undefined;
  readonly host: string;
};
// As in `child`.
platform.host = () => host;
// The module does not wait for them with `await`, because the bundler joins no module that does. One that fails ends the thread.
if (preloads) void loadPreloads(preloads).then(begin);
else begin();

function begin(): void {
  const {actor} = bootSpawned(identity, new PortTransport(port, {maxFrameBytes}), {
    written: async outputSent => {
      const sent = outputSent();
      if (sent) await plainClock.within(sent, actor.tree.timeouts.flush);
      await plainClock.turn(2);
    },
  });
}
