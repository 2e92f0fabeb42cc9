/**
 * The payload of the Spawn message: what a parent tells a new child.
 * Floor 5: written by `child-actor`, read by `serve`.
 */
import type {ExposedModule} from './exposed.js';
import type {TreeOptions} from './tree-options.js';

export interface SpawnSpec {
  readonly modules: readonly ExposedModule[];
  readonly tree: TreeOptions;
  /** Whether the child itself must watch for the death of its parent. */
  readonly watchParent: boolean;
}
