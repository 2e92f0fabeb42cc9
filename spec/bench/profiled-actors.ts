/**
 * The profile of an actor, asked for by its caller.
 * Imported by `profiled` and by the actors that it starts.
 */
import {task} from '../../lib/index.js';
import {monotonicMs} from './actors.js';
import {startProfile, stopProfile} from './self-profile.js';

export const startThere = task(startProfile);
export const stopThere = task(() => stopProfile());
export const answeredAt = task(() => monotonicMs());
