/**
 * What a parent tells a new child: the payload of the Spawn message.
 * Floor 5: written by `child-actor`, read by `serve`.
 */
import type {TreeOptions} from './actor.js';
import type {ExposedHome} from './exposed.js';

export interface SpawnSpec {
  readonly homes: readonly ExposedHome[];
  readonly tree: TreeOptions;
  /** Whether the child must watch for the death of its parent by itself. */
  readonly watchParent: boolean;
}
