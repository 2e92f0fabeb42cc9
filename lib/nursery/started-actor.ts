/**
 * An actor as its owner in the nursery sees it: on its way, serving, gone.
 * Floor 6: the contract between `running-nursery`, which starts actors, and what owns them: a pool, a subscription, a restart.
 */
import type {Portal} from '../actor/portal.js';
import type {ActorDied, ContextCancelled} from '../base/errors.js';
import type {OutputLines} from '../base/output-lines.js';

/** An actor that is being started, and how to end it. */
export interface StartedActor {
  readonly portal: Promise<Portal>;
  /** The lines that it prints, with `stdio: 'pipe'`. */
  readonly output: OutputLines | undefined;
  /** Resolves when it is gone: with the reason for which its end was asked for, or with undefined. */
  readonly gone: Promise<ContextCancelled | undefined>;
  /** Whether it serves, and as far as is known it goes on to do so. */
  isThere(): boolean;
  /** Ends it. Resolves when it is gone: true when it went by itself. Never rejects. */
  close(why: ContextCancelled): Promise<boolean>;
  /** Ends it because a task in it does not obey its cancel. Resolves when it is gone. Never rejects. */
  force(why: ContextCancelled, task: string): Promise<void>;
}

/**
 * Called with a death that nobody asked for, once the actor has served.
 *
 * @param error the error to report: the one that nothing in the actor has caught, or else the death
 */
export type OnDeath = (error: unknown, death: ActorDied) => void;
