/**
 * The boot of a spawned actor, as a process and a thread have it in common: it serves its parent, tells of errors that nothing
 * has caught, and exits when everything is said.
 * Floor 8: below `child` and `thread`.
 */
import {debuggerDoor} from './actor/debug-mode.js';
import {type Served, type SpawnedIdentity, serve} from './actor/serve.js';
import type {SpawnSpec} from './actor/spawn-spec.js';
import {markSpawned} from './base/current.js';
import {hooks} from './base/hooks.js';
import {sayLastWords} from './base/instruments.js';
import {configureLog} from './base/log.js';
import {openNames, unlisten} from './discovery/names.js';
import type {Reachability} from './discovery/reachability.js';
import {othersDecide} from './process-events.js';
import type {Transport} from './transport/transport.js';

export interface SpawnedBoot {
  /** See `Boot`. */
  readonly urlOf?: ((module: string) => string) | undefined;
  /** The parent has said what it wants; nothing of the user's has been imported yet. */
  prepare?(spec: SpawnSpec): void;
  /**
   * Waits until what was printed has been written; after that the process exits.
   *
   * @param outputSent resolves when the output of this actor's children has reached the root, in debug mode
   */
  written(outputSent: () => Promise<unknown> | undefined): Promise<void>;
}

export interface BootedActor extends Served {
  /** Ends the process, or the thread, when what was printed has been written. */
  leave(code: number): Promise<void>;
}

export function bootSpawned(identity: SpawnedIdentity, transport: Transport, boot: SpawnedBoot): BootedActor {
  markSpawned();
  debuggerDoor.open = async (actor, mode) => (await import('./debugger/attach.js')).attachLater(actor, mode);
  const leave = async (code: number): Promise<void> => {
    process.exitCode = code;
    if (code === 0) await sayLastWords(served.actor.tree.timeouts.flush);
    await boot.written(() => hooks.outputSent?.());
    process.exit(code);
  };
  const served = serve(identity, transport, {
    urlOf: boot.urlOf,
    prepare: (spec, actor) => {
      configureLog(spec.tree.logLevel, {format: spec.tree.logFormat, actor});
      openNames(actor, spec.tree.reachability as Reachability | undefined);
      boot.prepare?.(spec);
      // Before a task can crash.
      return spec.tree.debug && import('./debugger/attach.js').then(({attach}) => attach(actor));
    },
    exit: code => void leave(code),
    orphaned: () => process.exit(1),
  });
  process.on('uncaughtException', error => {
    if (!othersDecide('uncaughtException')) served.fail(error);
  });
  process.on('unhandledRejection', error => {
    if (othersDecide('unhandledRejection')) return;
    // Without a listener for rejections Node takes them for exceptions: then a listener for those decides.
    if (othersDecide('uncaughtException'))
      (process as NodeJS.EventEmitter).emit('uncaughtException', error, 'unhandledRejection');
    else served.fail(error);
  });
  process.on('exit', () => {
    const {actor, peer} = served;
    peer.channel.drainSync(actor.tree.timeouts.flush);
    unlisten(actor);
  });
  return {...served, leave};
}
