/**
 * A warning of the process that explains a long wait, because the author of the program may not know what is waited for.
 * Floor 0: used by scopes and by the bodies of nurseries.
 */
import {plainClock, type Stop} from './clock.js';

/** Default time after which a wait is explained, in ms. */
export const patienceMs = 5_000;

/**
 * Emits a warning after `ms` milliseconds. It does not keep the process alive.
 *
 * @param text asked at that moment for what is waited for; undefined: no warning
 */
export function warnWhenStuck(ms: number, text: () => string | undefined): Stop {
  const warn = (): void => {
    const warning = text();
    if (warning !== undefined)
      process.emitWarning(`${warning} (after ${ms / 1000} s: timeouts.explain)`, {code: 'RXTRACTOR_STUCK'});
  };
  return plainClock.timer(ms, warn, {background: true});
}
