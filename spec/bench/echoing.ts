/**
 * The smallest module of an actor: it imports rxtractor and nothing else. What a start of the library takes is measured with it.
 * Imported by `ours` and by the actors that it starts.
 */
import {task} from '../../lib/index.js';

export const echo = task((value: number) => value);
