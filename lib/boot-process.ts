/**
 * The boot of an actor in a process of its own, as `child` and `remote-child` have it in common.
 * Floor 8: above `boot-spawned`; the two entries say over which connection the actor serves.
 */
import type {Actor} from './actor/actor.js';
import type {SpawnedIdentity} from './actor/serve.js';
import {plainClock} from './base/clock.js';
import {ContextCancelled} from './base/errors.js';
import {bootSpawned} from './boot-spawned.js';
import {endWithParent} from './nursery/backends/watch-parent.js';
import type {Transport} from './transport/transport.js';

/** The first lines of such a process. @param folder its current folder; empty: it stays where it was started */
export function beginProcess(parentPid: number, folder: string): void {
  // The parent died before it could be watched.
  if (process.ppid !== parentPid) process.exit(0);
  // Ctrl-C, the end of a terminal and the SIGUSR2 of nodemon go to many processes. The root decides what they mean. SIGUSR1 would
  // open an inspector, through which every user of the host could run code.
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGUSR2', 'SIGUSR1']) process.on(signal, () => {});
  // It was started where the root was, so that Node finds what its arguments name.
  if (folder !== '' && folder !== process.cwd()) process.chdir(folder);
}

/** Returns the actor. */
export function bootProcess(
  identity: SpawnedIdentity,
  transport: Transport,
  parentPid: number,
  urlOf?: (module: string) => string,
): Actor {
  const {actor, shutDown, leave} = bootSpawned(identity, transport, {
    urlOf,
    prepare: ({watchParent}) => endWithParent(parentPid, !watchParent),
    // `process.exit` drops what a full pipe has not taken yet.
    written: async outputSent => {
      await plainClock.turn();
      const printed = [process.stdout, process.stderr].map(writtenTo);
      await plainClock.within(Promise.all([outputSent(), ...printed]), actor.tree.timeouts.flush);
    },
  });

  process.on('SIGTERM', () => {
    const why = new ContextCancelled(`actor ${identity.name} got SIGTERM`, {
      canceller: actor.id,
      reason: 'shutdown',
      cause: 'SIGTERM',
    });
    // No parent enforces this end: a task that ignores its signal must not hold up the exit.
    actor.scope.clock.deadline(actor.scope.teardownBudget, () => void leave(143));
    void shutDown(why, actor.scope.teardownBudget, 143);
  });
  return actor;
}

function writtenTo(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise(resolve => {
    if (stream.writableLength === 0) resolve();
    else stream.write('', () => resolve());
  });
}
