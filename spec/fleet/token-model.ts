// The rules that the tokens of a root must keep, through its restarts. Below lease.spec.ts and attempt.ts.
import {nextToken} from '../../lib/fleet/token.js';

/** Undefined, or the first fault. Many grants come within one microsecond; the wall clock is put back while the root runs. */
export function tokenFault(): string | undefined {
  const begin = Date.UTC(2026, 10, 30);
  const given: string[] = [];
  const give = (last: string | undefined, wallMs: number): string => {
    const token = nextToken(last, wallMs);
    given.push(token);
    return token;
  };
  let last: string | undefined;
  for (const wallMs of [begin, begin, begin, begin - 3_600_000, begin + 5]) last = give(last, wallMs);
  // The next run of the root.
  give(undefined, begin + 1_000);
  const wrong = given.findIndex((token, index) => index > 0 && token <= (given[index - 1] as string));
  if (wrong > 0) return `${given[wrong]} comes after ${given[wrong - 1]}`;
  return given.find(token => !/^\d{20}$/.test(token));
}
