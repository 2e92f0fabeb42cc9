/**
 * The door `rxtractor/window`: looks at a running tree of actors, and finds who waits for whom.
 * Floor 7: named re-exports, grouped for the page of the API; no logic.
 */

// Window
export {watchTree, type WatchTreeOptions} from './watch-tree.js';
export type {TreeView, ActorView, ActorState, ContextView, Wait} from './types.js';
export {findWaits} from './find-waits.js';
export type {Findings, WaitCycle, WaitChain, Stall} from './types.js';
export {traceTree, type TraceTreeOptions} from './trace-tree.js';
export type {TraceEvent} from '../discovery/tree-events.js';
export {toPerfetto} from './perfetto.js';
