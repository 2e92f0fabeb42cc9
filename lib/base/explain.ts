/**
 * A wait that its author may not understand is explained after a while, by a warning of the process.
 * Floor 0.
 */
import {plainClock, type Stop} from './clock.js';

/** Where nothing else is set, in ms. */
export const patienceMs = 5_000;

/** Warns after `ms` with what `text` says by then, if it says anything. Returns how to stop it. */
export function explainLater(ms: number, text: () => string | undefined): Stop {
  const explain = (): void => {
    const warning = text();
    if (warning !== undefined) process.emitWarning(`${warning} (after ${ms / 1000} s)`, {code: 'RXTRACTOR_STUCK'});
  };
  return plainClock.timer(ms, explain, {background: true});
}
