/**
 * The time that a lease leaves to an actor, in words for other processes of the same host: the actor itself, and the watchdog.
 * Floor 6: above `lease`; `held-session` tells it, `lease-here` and the watchdog act by it when the daemon stands still.
 */
import type {Readable} from 'node:stream';
import {hostMicros, plainClock} from '../base/clock.js';
import {type Lease, leaseTimes} from './lease.js';

/** In ms of the clock that all processes of a host share. Infinity travels as null. */
export interface Term {
  /** The actor is asked to end. */
  readonly cancelAt: number;
  /** The actor is killed. */
  readonly killAt: number;
}

/** Now, on the clock that all processes of a host share, in ms. */
export const hostNow = (): number => hostMicros() / 1_000;

/** For the holder. */
export function termOf({length, provenAt}: Lease): Term {
  const {cancel, kill} = leaseTimes(length);
  const provenThere = provenAt - plainClock.now() + hostNow();
  return {cancelAt: provenThere + cancel, killAt: provenThere + kill};
}

export const lineOf = (said: object): string => `${JSON.stringify(said)}\n`;

/** Reads what `lineOf` has written. A field that is null was Infinity. */
export function readLines<T>(from: Readable, each: (said: T) => void): void {
  let rest = '';
  from.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() as string;
    for (const line of lines) each(JSON.parse(line, (_, value) => value ?? Number.POSITIVE_INFINITY));
  });
}
