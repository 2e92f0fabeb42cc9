/**
 * What a daemon holds for one program: the lease, which beats keep alive, and the processes that end with it.
 * Floor 6: above `lease`; `daemon` has one for each program that is connected.
 */
import {readFileSync} from 'node:fs';
import {plainClock, type Stop} from '../base/clock.js';
import {attempt} from '../base/foreign.js';
import {log} from '../base/log.js';
import type {DaemonProcess} from './daemon-process.js';
import {beginLease, type Lease, type LeaseEvent, leaseTimes, nextLookIn, stepLease} from './lease.js';

export class HeldSession {
  readonly #length: number;
  readonly #over: () => void;
  readonly #processes = new Set<DaemonProcess>();
  #lease: Lease | undefined;
  #stopLooking: Stop = () => {};
  /** By how much the clock of the host that counts sleep is ahead. */
  #slept = sleptMs();

  constructor(length: number, over: () => void) {
    this.#length = length;
    this.#over = over;
  }

  /** Sends a beat now and then. Returns how to stop. */
  sendBeats(send: (sentAt: number) => void): Stop {
    const beat = (): void => send(plainClock.now());
    beat();
    return plainClock.every(leaseTimes(this.#length).beat, beat);
  }

  /** The beat that was sent at this moment was answered. */
  heard(sentAt: number): void {
    this.#step({type: 'heard', at: plainClock.now(), provenAt: sentAt});
  }

  /** The first order begins the lease. False when it is too late for one. */
  begin(provenAt: number): boolean {
    const at = plainClock.now();
    const lease = this.#lease ?? beginLease('holder', this.#length, provenAt, at);
    if (lease.stage === 'cancelled' || lease.stage === 'over') return false;
    if (at - Math.max(lease.provenAt, Math.min(provenAt, at)) >= leaseTimes(this.#length).cancel) return false;
    if (!this.#lease) {
      this.#lease = lease;
      this.#look();
    }
    return true;
  }

  /** Ends a process with the lease. Returns how to let it go. */
  hold(started: DaemonProcess): () => void {
    this.#processes.add(started);
    if (this.#lease?.stage === 'over') started.kill();
    return () => this.#processes.delete(started);
  }

  /** A program has gone that has never placed an actor: there is no lease whose end would remove it. */
  leaveIfUnused(): void {
    if (!this.#lease) this.#over();
  }

  /** Kills what it holds. Resolves when that is gone. */
  async end(): Promise<void> {
    this.#stopLooking();
    this.#over();
    const held = [...this.#processes];
    for (const started of held) started.kill();
    await Promise.all(held.map(({exited}) => exited));
  }

  #look(): void {
    const wait = nextLookIn(this.#lease as Lease, plainClock.now());
    this.#stopLooking = plainClock.timer(wait, () => {
      this.#step({type: 'tick', at: plainClock.now()});
      if (this.#lease?.stage !== 'over') this.#look();
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
    if (!this.#lease) return;
    const {next, acts} = stepLease(this.#lease, event);
    this.#lease = next;
    for (const act of acts) {
      log(
        act === 'warn' ? 'runtime' : 'warn',
        `a program that has ${this.#processes.size} actors here is silent: ${act}`,
      );
      if (act === 'cancel') for (const started of this.#processes) started.cancel();
      if (act === 'kill') void this.end();
    }
  }
}

/** For how long this host has slept since it was started, with what its two clocks differ by. 0 where that is not known. */
function sleptMs(): number {
  const uptime = attempt(() => Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]));
  return uptime === undefined ? 0 : uptime * 1_000 - plainClock.now();
}
