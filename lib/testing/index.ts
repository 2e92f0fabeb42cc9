/**
 * The public door of the testing kit, `rxtractor/testing`.
 * Floor 9: named re-exports, grouped; no logic. It stands beside `index.ts`, and nothing imports it.
 */

// Testing
export {simulate, type SimulateOptions} from './simulate.js';
export type {SimulationBody} from './run-simulation.js';
export type {World, WorldNetwork, FaultPoint, FaultHit} from './world.js';
export type {ExpectedStream} from './marbles.js';
export {explore, type ExploreOptions, type Explored} from './explore.js';
export type {Faults} from './simulation/faults.js';
export {SimulationFailed} from './simulation-failed.js';
export {testNursery} from './test-nursery.js';
export {assertNothingLeft, type NothingLeftOptions} from './nothing-left.js';
export {localContext} from './local-context.js';
