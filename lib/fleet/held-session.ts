/**
 * A daemon holds this for one program: the lease, which beats keep alive, and the processes that end with it.
 * Floor 6: above `lease`; `daemon` has one for each program that is connected.
 */
import {readFileSync} from 'node:fs';
import {plainClock, type Stop} from '../base/clock.js';
import {attempt} from '../base/foreign.js';
import {log} from '../base/log.js';
import type {DaemonProcess} from './daemon-process.js';
import {beginLease, type Lease, type LeaseEvent, leaseTimes, nextLookIn, stepLease} from './lease.js';
import {termOf} from './term.js';
import type {Guard} from './watchdog.js';

/** Gives a process to the lease under which it was ordered. Returns how to let it go. */
export type Hold = (started: DaemonProcess) => Stop;

interface Held {
  lease: Lease;
  readonly processes: Set<DaemonProcess>;
  readonly guard: Guard;
}

export class HeldSession {
  readonly #length: number;
  readonly #unused: () => void;
  readonly #watch: () => Guard;
  /** Undefined until the first order, and when the lease is over. The next order begins a new one. */
  #held: Held | undefined;
  /** The number of connections to which beats are sent. */
  #listeners = 0;
  #stopLooking: Stop = () => {};
  /** By how much the clock of the host that counts sleep is ahead. */
  #slept = sleptMs();

  /**
   * @param unused called when it has neither a lease nor a connection
   * @param watch called for each lease: who ends its processes when this one stands still
   */
  constructor(length: number, unused: () => void, watch: () => Guard) {
    this.#length = length;
    this.#unused = unused;
    this.#watch = watch;
  }

  /** Sends a beat now and then. Returns how to stop. */
  sendBeats(send: (sentAt: number) => void): Stop {
    const beat = (): void => send(plainClock.now());
    beat();
    this.#listeners++;
    const stop = plainClock.every(leaseTimes(this.#length).beat, beat);
    return () => {
      stop();
      this.#listeners--;
      this.#leaveIfUnused();
    };
  }

  /** The beat that was sent at this moment was answered. */
  heard(sentAt: number): void {
    this.#step({type: 'heard', at: plainClock.now(), provenAt: sentAt});
  }

  /** The first order begins the lease. Undefined when it is too late for one, or too early after a silence. */
  begin(provenAt: number): Hold | undefined {
    const at = plainClock.now();
    const lease = this.#held?.lease ?? beginLease('holder', this.#length, provenAt, at);
    if (lease.stage === 'cancelled') return undefined;
    if (at - Math.max(lease.provenAt, Math.min(provenAt, at)) >= leaseTimes(this.#length).cancel) return undefined;
    if (!this.#held) {
      this.#held = {lease, processes: new Set(), guard: this.#watch()};
      this.#look();
    }
    return holdIn(this.#held);
  }

  /** Kills what it holds. Resolves when that is gone. */
  async end(): Promise<void> {
    const held = this.#held;
    if (!held) return;
    this.#stopLooking();
    this.#held = undefined;
    held.lease = {...held.lease, stage: 'over'};
    for (const started of held.processes) started.kill();
    this.#leaveIfUnused();
    await Promise.all([...held.processes].map(({exited}) => exited));
  }

  #leaveIfUnused(): void {
    if (!this.#held && this.#listeners === 0) this.#unused();
  }

  #look(): void {
    const wait = nextLookIn((this.#held as Held).lease, plainClock.now());
    this.#stopLooking = plainClock.timer(wait, () => {
      this.#step({type: 'tick', at: plainClock.now()});
      if (this.#held) this.#look();
    });
  }

  #step(event: LeaseEvent): void {
    const gap = sleptMs() - this.#slept;
    this.#slept += gap;
    // The two clocks are not read at the same moment.
    if (gap > 100) this.#take({type: 'suspend', at: event.at, gap});
    this.#take(event);
  }

  #take(event: LeaseEvent): void {
    const held = this.#held;
    if (!held) return;
    const {next, acts} = stepLease(held.lease, event);
    const isRenewed = next.provenAt !== held.lease.provenAt;
    held.lease = next;
    if (isRenewed) tellTerm(held);
    for (const act of acts) {
      log(
        act === 'warn' ? 'runtime' : 'warn',
        `a program that has ${held.processes.size} actors here is silent: ${act}`,
      );
      if (act === 'cancel') for (const started of held.processes) started.cancel();
      if (act === 'kill') void this.end();
    }
  }
}

/** The process may begin when its lease is not held any more. */
function holdIn(held: Held): Hold {
  return started => {
    held.processes.add(started);
    tellTerm(held);
    if (held.lease.stage === 'over') started.kill();
    if (held.lease.stage === 'cancelled') started.cancel();
    return () => {
      held.processes.delete(started);
      tellTerm(held);
    };
  };
}

/** Tells everybody who must act when this process stands still. */
function tellTerm({lease, processes, guard}: Held): void {
  const term = termOf(lease);
  for (const started of processes) started.renew(term);
  guard(
    term.killAt,
    [...processes].map(({pid}) => pid),
  );
}

/** For how long this host has slept since it was started, with what its two clocks differ by. 0 where that is not known. */
function sleptMs(): number {
  const uptime = attempt(() => Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]));
  return uptime === undefined ? 0 : uptime * 1_000 - plainClock.now();
}
