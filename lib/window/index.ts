/**
 * The door `rxtractor/window`: looks at a running tree of actors, and finds who waits for whom.
 * Floor 7: named re-exports; no logic.
 */

export type {TraceEvent} from '../discovery/tree-events.js';
export {findWaits} from './find-waits.js';
export {toPerfetto} from './perfetto.js';
export {type TraceTreeOptions, traceTree} from './trace-tree.js';
export type {
  ActorState,
  ActorView,
  ContextView,
  Findings,
  Stall,
  TreeView,
  Wait,
  WaitChain,
  WaitCycle,
} from './types.js';
export {type WatchTreeOptions, watchTree} from './watch-tree.js';
