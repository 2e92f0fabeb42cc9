/**
 * Actors within this very process: for tests, and for trees that need no parallelism. Everything crosses as bytes, as
 * between processes. But a busy loop blocks all of them, none can be killed, and an uncaught error is the process's own.
 * Floor 6: a backend, beside `spawn-process`.
 */
import {serve} from '../../actor/serve.js';
import {plainClock} from '../../base/clock.js';
import {deferred} from '../../base/deferred.js';
import {ContextCancelled, type Exit} from '../../base/errors.js';
import {hooks} from '../../base/hooks.js';
import {closeNames, openNames} from '../../discovery/names.js';
import type {Reachability} from '../../discovery/reachability.js';
import {maxFrameBytes} from '../../msg/frame.js';
import {memoryPair} from '../../transport/memory.js';
import type {Spawned, SpawnRequest} from './spawner.js';

export async function spawnInline(request: SpawnRequest): Promise<Spawned> {
  const [here, there] = memoryPair({maxFrameBytes});
  const exited = deferred<Exit>();
  const end = (code: number): void => {
    // In a later turn, so that the last messages cross before the end.
    plainClock.soon(() => {
      void closeNames(actor);
      there.close();
      exited.resolve({code, signal: null});
    });
  };
  const {actor} = serve(request, there, {
    sharesModules: true,
    prepare: ({tree}, serving): undefined => {
      openNames(serving, tree.reachability as Reachability | undefined);
      const closed = tree.debug && hooks.actorOpened?.(serving);
      if (closed) void exited.promise.then(closed);
    },
    exit: end,
    orphaned: () => end(1),
  });
  const kill = (): void => {
    // Nothing can end it by force: it is told to end, and nobody waits for it any more.
    void actor.cancel(new ContextCancelled(`actor ${request.name} was ended`, {canceller: undefined, reason: 'actor'}));
    there.destroy();
    exited.resolve({code: null, signal: 'SIGKILL'});
  };
  return {
    pid: process.pid,
    transport: here,
    actor,
    diesWithParent: true,
    exited: exited.promise,
    stderrTail: () => '',
    kill,
  };
}
