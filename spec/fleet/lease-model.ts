// The duties of a lease, derived after each event from all that has happened, and held against lib/fleet/lease. Below lease.spec.ts and
// attempt.ts.

import {
  beginLease,
  type Lease,
  type LeaseAct,
  type LeaseRole,
  leaseTimes,
  nextLookIn,
  remainingOf,
  stepLease,
} from '../../lib/fleet/lease.js';
import {fc} from '../kit/fast-check.js';

/** One event of a run. Times are in thousandths of the lease; `old` is the age of a proof when it is heard. */
type Move =
  | {readonly type: 'heard'; readonly wait: number; readonly old: number}
  | {readonly type: 'tick'; readonly wait: number}
  | {readonly type: 'suspend'; readonly wait: number; readonly gap: number};

export interface Run {
  readonly role: LeaseRole;
  readonly length: number;
  /** The age of the first proof, in thousandths. */
  readonly first: number;
  readonly moves: readonly Move[];
}

const within = (min: number, max: number): fc.Arbitrary<number> => fc.integer({min, max});
const tick = (longest: number): fc.Arbitrary<Move> => fc.record({type: fc.constant('tick'), wait: within(1, longest)});
const age = fc.oneof(within(0, 50), within(-50, 1_500));

/** Mostly ticks that come in time, because a lease gets old by them. */
const move: fc.Arbitrary<Move> = fc.oneof(
  {weight: 12, arbitrary: tick(120)},
  {weight: 1, arbitrary: tick(1_200)},
  {weight: 3, arbitrary: fc.record({type: fc.constant('heard'), wait: within(1, 150), old: age})},
  {weight: 1, arbitrary: fc.record({type: fc.constant('suspend'), wait: within(1, 100), gap: within(1, 900)})},
);

export const runs: fc.Arbitrary<Run> = fc.record({
  role: fc.constantFrom('holder', 'grantor'),
  first: within(0, 500),
  length: fc.constantFrom(2_000, 10_000, 15_000, 60_000),
  moves: fc.array(move, {minLength: 1, maxLength: 60}),
});

/** All that has happened, by a clock that goes on while the host sleeps. */
class Past {
  readonly #run: Run;
  /** The moments that were proved, each with the moment at which that was heard. */
  readonly #proofs: {readonly provenAt: number; readonly at: number}[];
  #lastTick = 0;
  #warnedAt = Number.NEGATIVE_INFINITY;
  #isCancelled = false;
  isOver = false;

  constructor(run: Run, provenAt: number) {
    this.#run = run;
    this.#proofs = [{provenAt, at: 0}];
  }

  get #newest(): {readonly provenAt: number; readonly at: number} {
    return this.#proofs.reduce((a, b) => (b.provenAt > a.provenAt ? b : a));
  }

  silenceAt(at: number): number {
    return at - this.#newest.provenAt;
  }

  /** Adds an event, and says what must follow. */
  add(type: Move['type'], at: number, provenAt: number): readonly LeaseAct[] {
    const acts = this.isOver ? [] : this.#due(type, at);
    if (type === 'tick') this.#lastTick = at;
    if (type === 'heard' && !this.isOver && !acts.includes('kill') && !this.#isCancelled)
      this.#proofs.push({provenAt: Math.min(provenAt, at), at});
    if (acts.includes('warn')) this.#warnedAt = at;
    if (acts.includes('cancel')) this.#isCancelled = true;
    if (acts.includes('kill') || acts.includes('fenced')) this.isOver = true;
    return acts;
  }

  #due(type: Move['type'], at: number): readonly LeaseAct[] {
    const {role, length} = this.#run;
    const silence = this.silenceAt(at);
    const sinceTick = at - this.#lastTick;
    if (role === 'holder' && silence >= length) return ['kill'];
    if (type !== 'tick') return [];
    const isLate = sinceTick > 2 * Math.min(1_000, length / 10);
    if (isLate) return role === 'grantor' && sinceTick >= 0.3 * length ? ['warn'] : [];
    if (role === 'grantor') return silence >= 1.05 * length + 500 ? ['fenced'] : [];
    if (this.#isCancelled) return [];
    if (silence >= 0.6 * length) return ['cancel'];
    return silence >= 0.3 * length && this.#warnedAt < this.#newest.at ? ['warn'] : [];
  }
}

/** Plays a run. Undefined when the lease does what the model says, or how it differs. */
export function faultOf(run: Run): string | undefined {
  // The clock of the lease stands still while the host sleeps.
  let slept = 0;
  let at = 0;
  const ms = (thousandths: number): number => Math.round((thousandths * run.length) / 1_000);
  const past = new Past(run, -ms(run.first));
  let lease = beginLease(run.role, run.length, -ms(run.first), 0);
  for (const [index, move] of run.moves.entries()) {
    at += ms(move.wait);
    const provenAt = move.type === 'heard' ? at - ms(move.old) : 0;
    const gap = move.type === 'suspend' ? ms(move.gap) : 0;
    at += gap;
    slept += gap;
    const clock = at - slept;
    const {next, acts} = stepLease(lease, eventOf(move.type, clock, provenAt - slept, gap));
    const wanted = past.add(move.type, at, provenAt);
    const fault = actsFault(acts, wanted) ?? viewFault(run, next, clock, past, at);
    if (fault !== undefined) return `move ${index} (${move.type} at ${at} of ${run.length}, ${run.role}): ${fault}`;
    lease = next;
  }
  return undefined;
}

const eventOf = (type: Move['type'], at: number, provenAt: number, gap: number): Parameters<typeof stepLease>[1] =>
  type === 'heard' ? {type, at, provenAt} : type === 'suspend' ? {type, at, gap} : {type, at};

function actsFault(acts: readonly LeaseAct[], wanted: readonly LeaseAct[]): string | undefined {
  const [is, must] = [acts.join(), wanted.join()];
  return is === must ? undefined : `it says '${is}' and must say '${must}'`;
}

/** A fault in the answers of the other functions about the lease after the event. */
function viewFault(run: Run, lease: Lease, clock: number, past: Past, at: number): string | undefined {
  if (run.role !== 'holder') return undefined;
  const left = past.isOver ? 0 : Math.max(0, run.length - past.silenceAt(at));
  if (Math.abs(remainingOf(lease, clock) - left) > 1e-6)
    return `${remainingOf(lease, clock)} ms remain and must be ${left}`;
  const look = nextLookIn(lease, clock);
  if (!past.isOver && (look > left || look > leaseTimes(run.length).beat))
    return `it looks again in ${look} ms: too late`;
  return undefined;
}
