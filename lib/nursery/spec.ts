/**
 * What a parent tells a new child: the payload of the Spawn message.
 * Floor 6: written by `offspring`, read by the child's boot.
 */
import type {TreeOptions} from '../actor/actor.js';
import type {ExposedHome} from '../actor/exposed.js';

export interface SpawnSpec {
  readonly homes: readonly ExposedHome[];
  readonly tree: TreeOptions;
  /** Whether the child must watch for the death of its parent by itself. */
  readonly watchParent: boolean;
}
