// A machine of a simulated fleet: its clocks, what runs on it, and what stands still. Above agenda.ts, below simulated-fleet.ts.
import type {Agenda} from './agenda.js';

export class Machine {
  readonly #agenda: Agenda;
  /** How fast its clocks go, and what they show at the beginning. */
  readonly #rate: number;
  readonly #offset: number;
  /** The time for which its clocks stood still: all of them while it was paused, the monotonic one while it slept. */
  #paused = 0;
  #slept = 0;
  #standsUntil = 0;

  constructor(agenda: Agenda, rate: number, offset: number) {
    this.#agenda = agenda;
    this.#rate = rate;
    this.#offset = offset;
  }

  /** The monotonic clock. */
  get now(): number {
    return this.uptime - this.#rate * this.#slept;
  }

  /** The clock that counts sleep too. */
  get uptime(): number {
    return this.#offset + this.#rate * (this.#agenda.now - this.#paused);
  }

  /** A virtual machine is paused: no clock of its shows that. */
  pause(ms: number): void {
    if (this.#stand(ms)) this.#paused += ms;
  }

  /** It sleeps. */
  suspend(ms: number): void {
    if (this.#stand(ms)) this.#slept += ms;
  }

  /** Does something after `ms` of its monotonic clock. */
  after(ms: number, act: () => void): void {
    this.#at(this.#agenda.now + ms / this.#rate, act);
  }

  /** A timer does not go on while the machine stands still. */
  #at(time: number, act: () => void): void {
    const stood = this.#stood;
    this.#agenda.add(time, () => {
      const more = this.#stood - stood;
      if (more > 0) this.#at(time + more, act);
      else act();
    });
  }

  /** Does something now, or as soon as it goes on. */
  whenRunning(act: () => void): void {
    if (this.#agenda.now >= this.#standsUntil) act();
    else this.#agenda.add(this.#standsUntil, () => this.whenRunning(act));
  }

  get #stood(): number {
    return this.#paused + this.#slept;
  }

  #stand(ms: number): boolean {
    if (this.#agenda.now < this.#standsUntil) return false;
    this.#standsUntil = this.#agenda.now + ms;
    return true;
  }
}

/** A process: it may be stopped (SIGSTOP), and may end. What is to happen in it waits until it goes on, or never happens. */
export class Process {
  readonly machine: Machine;
  readonly #agenda: Agenda;
  #stoppedUntil = 0;
  isGone = false;

  constructor(agenda: Agenda, machine: Machine) {
    this.#agenda = agenda;
    this.machine = machine;
  }

  stop(ms: number): void {
    this.#stoppedUntil = Math.max(this.#stoppedUntil, this.#agenda.now + ms);
  }

  after(ms: number, act: () => void): void {
    this.machine.after(ms, () => this.whenRunning(act));
  }

  whenRunning(act: () => void): void {
    this.machine.whenRunning(() => {
      if (this.isGone) return;
      if (this.#agenda.now >= this.#stoppedUntil) act();
      else this.#agenda.add(this.#stoppedUntil, () => this.whenRunning(act));
    });
  }
}
