/**
 * The lease of an actor on another host: who has not heard from whom for how long, and what follows. A pure function without a clock.
 * Floor 6: the host of such an actor runs it as the holder, and the process that has placed the actor as the grantor.
 *
 * The host sends beats, each with the time of its own clock, and the grantor repeats that time in its answer. So a lease lasts from
 * the moment at which the host has *sent* the last beat that was answered. The grantor has got this beat later than that, so the
 * actor is killed before the grantor takes it for ended, however slow the answer was. Only the rates of the two clocks matter, and
 * they may differ by 5 %. Their offsets do not.
 */

/** The end of a lease: `holder` runs the actor, `grantor` has placed it. */
export type LeaseRole = 'holder' | 'grantor';

/**
 * An action that an end must take now.
 *
 * - `warn`: at the holder, the grantor is silent; at the grantor, this process stood still for so long that its actors are in danger
 * - `cancel`: the holder asks the actor to end, within `LeaseTimes.budget`
 * - `kill`: the holder ends the actor by force
 * - `fenced`: for the grantor, the actor counts as ended from now on, and no beat of it is answered any more
 */
export type LeaseAct = 'warn' | 'cancel' | 'kill' | 'fenced';

/** All times are in ms, of the monotonic clock of this end. */
export type LeaseEvent =
  /** @param provenAt holder: when it sent the beat that is answered; grantor: when the beat came */
  | {readonly type: 'heard'; readonly at: number; readonly provenAt: number}
  /** Comes when `nextLookIn` says so. */
  | {readonly type: 'tick'; readonly at: number}
  /** The host slept for `gap` ms, which the monotonic clock has not counted. */
  | {readonly type: 'suspend'; readonly at: number; readonly gap: number};

export interface Lease {
  readonly role: LeaseRole;
  /** Its length in ms: `timeouts.lease`. */
  readonly length: number;
  /** The last moment at which the other end is known to have been there. */
  readonly provenAt: number;
  readonly lastTick: number;
  /** The last thing that was done because of silence. */
  readonly stage: 'held' | 'warned' | 'cancelled' | 'over';
}

export interface LeaseStep {
  readonly next: Lease;
  readonly acts: readonly LeaseAct[];
}

/** The times of a lease in ms. Those of the holder are shorter than those of the grantor: it must have ended its actor before. */
export interface LeaseTimes {
  /** How often the holder sends a beat. Both ends look at least as often. */
  readonly beat: number;
  readonly warn: number;
  readonly cancel: number;
  /** The time that the actor gets for its clean-up. */
  readonly budget: number;
  readonly kill: number;
  readonly fenced: number;
}

/** The longest time between two beats, in ms. */
const longestBeat = 1_000;
/** The grantor waits longer than the holder by this: a part of the lease for clocks of different rates, and ms for a late tick and the kill. */
const rateMargin = 1.05;
const killMargin = 500;
/** A tick that comes after this many beats shows that this process itself stood still. */
const ownStall = 2;

export function leaseTimes(length: number): LeaseTimes {
  return {
    beat: Math.min(longestBeat, length / 10),
    warn: 0.3 * length,
    cancel: 0.6 * length,
    budget: 0.3 * length,
    kill: length,
    fenced: rateMargin * length + killMargin,
  };
}

/** @param provenAt as of `heard`: no lease begins without a beat that was heard, because an order may have lain on its way for long */
export function beginLease(role: LeaseRole, length: number, provenAt: number, at: number): Lease {
  return {role, length, provenAt: Math.min(provenAt, at), lastTick: at, stage: 'held'};
}

/** How long the actor of this lease may still run, in ms, when nothing more is heard. For the holder. */
export function remainingOf({provenAt, length, stage}: Lease, at: number): number {
  return stage === 'over' ? 0 : Math.max(0, provenAt + length - at);
}

/** In how many ms the next tick must come. A tick only with each beat would kill up to a beat too late. */
export function nextLookIn(lease: Lease, at: number): number {
  const {beat, cancel, kill} = leaseTimes(lease.length);
  if (lease.role === 'grantor' || lease.stage === 'over') return beat;
  const due = lease.stage === 'cancelled' ? kill : cancel;
  return Math.max(0, Math.min(beat, lease.provenAt + due - at));
}

export function stepLease(lease: Lease, event: LeaseEvent): LeaseStep {
  if (lease.stage === 'over') return still(lease);
  const aged = event.type === 'suspend' ? slept(lease, event.gap) : lease;
  // Before anything else: an answer that comes after the end of the lease does not bring it back.
  if (isExpired(aged, event.at)) return {next: {...aged, stage: 'over'}, acts: ['kill']};
  switch (event.type) {
    case 'heard':
      return still(heard(aged, Math.min(event.provenAt, event.at)));
    case 'tick':
      return tick(aged, event.at);
    case 'suspend':
      return still(aged);
  }
}

/** As if the clock had gone on while the host slept. So the next tick is a late one. */
function slept(lease: Lease, gap: number): Lease {
  return {...lease, provenAt: lease.provenAt - gap, lastTick: lease.lastTick - gap};
}

/** The kill does not wait for a tick that was in time: a host that stood still may already have lost its actors at the grantor. */
function isExpired({role, length, provenAt}: Lease, at: number): boolean {
  return role === 'holder' && at - provenAt >= leaseTimes(length).kill;
}

/** An actor that was told to end is ending: nothing that is heard gives it more time. */
function heard(lease: Lease, provenAt: number): Lease {
  if (lease.stage === 'cancelled' || provenAt <= lease.provenAt) return lease;
  return {...lease, provenAt, stage: 'held'};
}

function tick(lease: Lease, at: number): LeaseStep {
  const times = leaseTimes(lease.length);
  const sinceTick = at - lease.lastTick;
  const next = {...lease, lastTick: at};
  // Messages that came to this process meanwhile lie unread, so it judges nobody before the next tick (rule T14).
  if (sinceTick > ownStall * times.beat)
    return {next, acts: lease.role === 'grantor' && sinceTick >= times.warn ? ['warn'] : []};
  const silence = at - lease.provenAt;
  return lease.role === 'holder' ? holderTick(next, silence, times) : grantorTick(next, silence, times);
}

function holderTick(lease: Lease, silence: number, times: LeaseTimes): LeaseStep {
  if (lease.stage === 'cancelled') return still(lease);
  if (silence >= times.cancel) return {next: {...lease, stage: 'cancelled'}, acts: ['cancel']};
  if (silence >= times.warn && lease.stage === 'held') return {next: {...lease, stage: 'warned'}, acts: ['warn']};
  return still(lease);
}

function grantorTick(lease: Lease, silence: number, times: LeaseTimes): LeaseStep {
  return silence >= times.fenced ? {next: {...lease, stage: 'over'}, acts: ['fenced']} : still(lease);
}

const still = (next: Lease): LeaseStep => ({next, acts: []});
