/**
 * The option `standby` of a root: how many processes wait to become actors, and which actors they can become.
 * Floor 6: beside `actor-options`; the boot of a root reads it, `child-actor` looks for the standbys of its actor here.
 */
import {Attached} from '../base/attached.js';
import {textOf} from '../base/foreign.js';
import {checkKeys} from '../base/option-checks.js';
import {type ActorOptions, surroundingsOf} from './actor-options.js';
import type {StandbyProcesses} from './backends/spawner.js';
import type {StandbyPlan} from './backends/standbys.js';

/**
 * Standbys for actors that have options of their own: an actor is started in a standby only when these options are equal.
 *
 * @example
 * ```ts
 * await main(body, {standby: {count: 2, stdio: 'prefix', maxHeap: 512}});
 * ```
 */
export interface StandbyOptions extends Pick<ActorOptions, 'env' | 'cwd' | 'execArgv' | 'maxHeap' | 'stdio'> {
  /** How many processes wait: a whole number from 0 to 1 024. */
  readonly count: number;
}

/** More is a mistake: by default a tree has no more actors. */
const maxCount = 1_024;
const standbyOptions = new Set(['count', 'env', 'cwd', 'execArgv', 'maxHeap', 'stdio']);

/** The standbys of a root. */
export const standbysOf = new Attached<StandbyProcesses>();

/** Checks the option of a user. @throws TypeError */
export function standbyPlanOf(given: unknown): StandbyPlan {
  if (typeof given !== 'object' || given === null) return {count: countOf(given), ...surroundingsOf({}, 'standby')};
  checkKeys(given, standbyOptions, 'standby: ');
  const {count, ...surroundings} = given as StandbyOptions;
  return {count: countOf(count), ...surroundingsOf(surroundings, 'standby')};
}

/** @throws TypeError */
function countOf(count: unknown): number {
  if (Number.isInteger(count) && (count as number) >= 0 && (count as number) <= maxCount) return count as number;
  throw new TypeError(`standby is a number of processes from 0 to ${maxCount}, not ${textOf(count)}`);
}
