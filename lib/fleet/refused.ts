/**
 * The error with which a daemon refuses an order.
 * Floor 6: below `admission` and `bundle-door`.
 */
import {SpawnFailed} from '../base/errors.js';

/** The program that has asked puts the name of the host before the text. */
export function refusedError(why: string): SpawnFailed {
  return new SpawnFailed(why, {phase: 'place'});
}
