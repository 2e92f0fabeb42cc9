/**
 * A root whose starts meet a standby that is ready.
 * Beneath `ours` and `profiled`.
 */
import type {StandbyOptions} from '../../lib/index.js';
import {pause} from './measure.js';

/** A standby that has just come to rest is still busy with what it has loaded. In ms. */
const restMs = 50;

interface StandingBy {
  /** The options of the root. */
  readonly options: object;
  /** Resolves when a standby is ready for the next start. */
  next(): Promise<void>;
  /** No standby is waited for any more. */
  end(): void;
}

export function standingBy(surroundings: Omit<StandbyOptions, 'count'> = {}): StandingBy {
  const drop = (): void => {};
  let ready = 0;
  let tell = drop;
  // The log says when one is ready.
  const debug = (_: object, text: string): void => {
    if (!text.endsWith('waits')) return;
    ready++;
    tell();
  };
  // A standby does not keep this process running while it is waited for.
  const stay = setInterval(drop, 1_000);
  return {
    options: {
      standby: {count: 1, ...surroundings},
      logLevel: 'runtime',
      logger: {debug, info: drop, warn: console.error, error: console.error},
    },
    async next() {
      while (ready === 0)
        await new Promise<void>(resolve => {
          tell = resolve;
        });
      ready--;
      await pause(restMs);
    },
    end: () => clearInterval(stay),
  };
}
