// Timeouts for specs and programs in which no bound is what is tested: longer than a busy machine needs.
// Imports nothing but types: a program of spec/fixtures may load it.
import type {RootOptions} from '../../lib/index.js';

export const patient = {
  timeouts: {spawn: 60_000, handshake: 60_000, cancelAck: 30_000, exit: 60_000, flush: 30_000},
} as const satisfies RootOptions;

/** No lease is over because the machine is busy, where that is not what is tested. */
export const unhurried = {
  timeouts: {...patient.timeouts, lease: 300_000},
} as const satisfies RootOptions;
