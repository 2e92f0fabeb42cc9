/**
 * The public door of the testing kit, `rxtractor/testing`.
 * Floor 9: named re-exports, grouped; no logic. It stands beside `index.ts`, and nothing imports it.
 */

export {type Explored, type ExploreOptions, explore} from './explore.js';
export {localContext} from './local-context.js';
export type {ExpectedStream} from './marbles.js';
export {assertNothingLeft, type NothingLeftOptions} from './nothing-left.js';
export type {SimulationBody} from './run-simulation.js';
// Testing
export {type SimulateOptions, simulate} from './simulate.js';
export type {Faults} from './simulation/faults.js';
export {SimulationFailed} from './simulation-failed.js';
export {testNursery} from './test-nursery.js';
export type {FaultHit, FaultPoint, World, WorldNetwork} from './world.js';
