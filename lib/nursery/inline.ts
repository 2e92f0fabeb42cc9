/**
 * Actors within this very process: for tests and for trees that need no parallelism. Everything crosses as bytes, as
 * between processes, but a busy loop blocks all, nothing can be killed, and an uncaught error is the process's own.
 * Floor 6: a backend beside `process`.
 */
import {Actor, defaultTimeouts} from '../actor/actor.js';
import {serve} from '../actor/serve.js';
import type {SpawnSpec} from '../actor/spawn-spec.js';
import {newActorId} from '../base/actor-id.js';
import {plainClock} from '../base/clock.js';
import {ContextCancelled, type Exit} from '../base/errors.js';
import {hooks} from '../base/hooks.js';
import type {Roads} from '../discovery/links.js';
import {closeNames, openNames} from '../discovery/names.js';
import {loadCodec} from '../msg/codec.js';
import {maxFrameBytes} from '../msg/frame.js';
import {memoryPair} from '../transport/memory.js';
import type {Body, SpawnRequest} from './spawner.js';

export async function spawnInline(request: SpawnRequest): Promise<Body> {
  const [here, there] = memoryPair({maxFrameBytes});
  let exit!: (exit: Exit) => void;
  const exited = new Promise<Exit>(resolve => {
    exit = resolve;
  });
  const actor = new Actor({
    id: newActorId(request.name, request.id),
    root: false,
    codec: loadCodec(),
    tree: {treeId: request.treeId, depth: 1, logLevel: 'warn', timeouts: defaultTimeouts},
  });
  const end = (code: number): void => {
    // What was said last crosses before the end.
    plainClock.soon(() => {
      void closeNames(actor);
      there.close();
      exit({code, signal: null});
    });
  };
  const prepare = ({tree}: SpawnSpec): undefined => {
    openNames(actor, tree.roads as Roads | undefined);
    const closed = tree.debug && hooks.actorOpened?.(actor);
    if (closed) void exited.then(closed);
  };
  serve(actor, there, {here: true, prepare, exit: end, orphaned: () => end(1)});
  const kill = (): void => {
    // By force is here: told to end, and no longer waited for.
    void actor.cancel(new ContextCancelled(`actor ${request.name} was ended`, {canceller: undefined, reason: 'actor'}));
    there.destroy();
    exit({code: null, signal: 'SIGKILL'});
  };
  return {pid: process.pid, transport: here, diesWithParent: true, exited, stderrTail: () => '', kill};
}
