/**
 * The public names of `rxtractor/debugger`.
 * Floor 7: named re-exports; no logic.
 */
export {DebuggerQuit} from '../base/errors.js';
export {breakpoint, postMortem} from './breakpoint.js';
