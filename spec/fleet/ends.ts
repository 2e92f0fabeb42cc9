// The two ends of a lease in a simulated fleet: the root, which places one actor after the other, and the daemon of a host, which runs them.
// Above machine.ts, below simulated-fleet.ts.
import {
  beginLease,
  type Lease,
  type LeaseAct,
  type LeaseEvent,
  leaseTimes,
  nextLookIn,
  remainingOf,
  stepLease,
} from '../../lib/fleet/lease.js';
import {Process} from './machine.js';
import type {Fleet, Grant} from './simulated-fleet.js';

/** How late a timer is, and how long a kill takes, at most: together less than what the grantor waits longer. */
const timerLateMs = 100;
const killMs = 50;
/** How long a host is waited for that does not answer. It has got no order until then. */
const dialMs = 1_500;

/** The connection of the root and a daemon. It ends with either of the two processes. */
interface Session {
  readonly root: Root;
  readonly daemon: Daemon;
}

abstract class End {
  readonly process: Process;
  protected readonly fleet: Fleet;

  constructor(fleet: Fleet, process: Process) {
    this.fleet = fleet;
    this.process = process;
  }

  protected get now(): number {
    return this.process.machine.now;
  }

  /** Calls `look` again and again, as often as the lease wants it, until there is none any more. */
  protected watch(process: Process, lease: () => Lease | undefined, look: () => void): void {
    const held = lease();
    if (!held) return;
    const late = this.fleet.dice.between(0, timerLateMs);
    process.after(nextLookIn(held, this.now) + late, () => {
      look();
      this.watch(process, lease, look);
    });
  }
}

export class Root extends End {
  #session: Session | undefined;
  #lease: Lease | undefined;
  #lastToken: string | undefined;

  constructor(fleet: Fleet) {
    super(fleet, new Process(fleet.agenda, fleet.rootMachine));
  }

  /** The number of the host on which the last actor was placed. */
  get host(): number {
    return this.#session?.daemon.host ?? 0;
  }

  /** Only when the last actor has ended, or counts as such. */
  place(): void {
    const {dice, daemons} = this.fleet;
    const others = daemons.filter(({host}) => host !== this.host);
    const daemon = dice.pick(dice.has(0.8) ? others : daemons);
    const session = {root: this, daemon};
    this.#session = session;
    this.#lease = undefined;
    this.#send(daemon, () => daemon.dialled(session));
    this.process.after(dialMs, () => {
      if (this.#session === session && !this.#lease) this.place();
    });
  }

  /** @param sentAt the clock of the host when it sent this beat */
  beat(session: Session, sentAt: number): void {
    if (session !== this.#session) return;
    const {daemon} = session;
    if (this.#lease) {
      this.#step({type: 'heard', at: this.now, provenAt: this.now});
      return this.#send(daemon, () => daemon.answered(session, sentAt));
    }
    this.#lease = beginLease('grantor', this.fleet.length, this.now, this.now);
    const grant = this.fleet.grant(this.#lastToken);
    this.#lastToken = grant.token;
    this.#send(daemon, () => daemon.ordered(session, grant, sentAt));
    const isCurrent = (): Lease | undefined => (this.#session === session ? this.#lease : undefined);
    this.watch(this.process, isCurrent, () => isCurrent() && this.#step({type: 'tick', at: this.now}));
  }

  /** The daemon says that the actor has ended, or its end of the connection was closed. */
  ended(session: Session): void {
    if (session !== this.#session) return;
    this.fleet.count('told of an end');
    this.place();
  }

  #send(daemon: Daemon, arrive: () => void): void {
    this.fleet.roads[daemon.host]?.send('there', daemon.process, arrive);
  }

  #step(event: LeaseEvent): void {
    if (!this.#lease) return;
    const {next, acts} = stepLease(this.#lease, event);
    this.#lease = next;
    for (const act of acts) this.fleet.count(`root: ${act}`);
    if (acts.includes('fenced')) this.place();
  }
}

export class Daemon extends End {
  readonly host: number;
  /** Kills the actors when their lease is over and the daemon itself is stopped. It is told the end of the lease, and not the beats. */
  readonly #watchdog: Process;
  #session: Session | undefined;
  #lease: Lease | undefined;
  #grant: Grant | undefined;
  /** By how much its clocks differ because of sleep, as far as it has seen. */
  #sleptSeen: number;

  constructor(fleet: Fleet, host: number) {
    const machine = fleet.machines[host] ?? fleet.rootMachine;
    super(fleet, new Process(fleet.agenda, machine));
    this.host = host;
    this.#watchdog = new Process(fleet.agenda, machine);
    this.#sleptSeen = machine.uptime - machine.now;
  }

  /** Sends beats, to the root that is to place an actor here or has done so. */
  dialled(session: Session): void {
    if (this.#session) return;
    this.#session = session;
    this.#beat(session);
    this.process.after(dialMs, () => {
      if (this.#session === session && !this.#lease) this.#session = undefined;
    });
  }

  ordered(session: Session, grant: Grant, sentAt: number): void {
    if (session !== this.#session || this.#lease) return;
    const lease = beginLease('holder', this.fleet.length, sentAt, this.now);
    // It lay on its way for too long: the actor would be cancelled at once.
    if (this.now - lease.provenAt >= leaseTimes(lease.length).cancel) return;
    this.#lease = lease;
    this.#grant = grant;
    this.fleet.begins(grant);
    this.#run(grant);
    const held = (): Lease | undefined => (this.#grant === grant ? this.#lease : undefined);
    this.watch(this.process, held, () => held() && this.#step({type: 'tick', at: this.now}));
    this.watch(this.#watchdog, held, () => {
      const last = held();
      if (last && remainingOf(last, this.now) === 0) this.#kill('watchdog: kill');
    });
  }

  answered(session: Session, sentAt: number): void {
    if (session === this.#session) this.#step({type: 'heard', at: this.now, provenAt: sentAt});
  }

  /** SIGKILL. The system ends its actors, and closes its connections. */
  die(): void {
    this.process.isGone = true;
    this.#watchdog.isGone = true;
    this.#end();
  }

  #beat(session: Session): void {
    if (session !== this.#session) return;
    const sentAt = this.now;
    this.#send(session, () => session.root.beat(session, sentAt));
    this.process.after(leaseTimes(this.fleet.length).beat, () => this.#beat(session));
  }

  /** The actor writes until it is killed. */
  #run(grant: Grant): void {
    const {dice, length} = this.fleet;
    this.process.machine.after(dice.between(length / 80, length / 20), () =>
      this.process.machine.whenRunning(() => {
        if (this.#grant !== grant) return;
        this.fleet.write(grant);
        this.#run(grant);
      }),
    );
  }

  #step(event: LeaseEvent): void {
    this.#notice();
    this.#take(event);
  }

  /** Before anything else it looks whether the host has slept. */
  #notice(): void {
    const {uptime, now} = this.process.machine;
    const gap = uptime - now - this.#sleptSeen;
    this.#sleptSeen += gap;
    if (gap > 1) this.#take({type: 'suspend', at: now, gap});
  }

  #take(event: LeaseEvent): void {
    if (!this.#lease) return;
    const {next, acts} = stepLease(this.#lease, event);
    this.#lease = next;
    for (const act of acts) this.#do(act);
  }

  #do(act: LeaseAct): void {
    if (act === 'kill') this.#kill('daemon: kill');
    else this.fleet.count(`daemon: ${act}`);
  }

  #kill(what: string): void {
    this.fleet.count(what);
    const grant = this.#grant;
    this.process.machine.after(this.fleet.dice.between(0, killMs), () => {
      if (this.#grant === grant) this.#end();
    });
  }

  #end(): void {
    const session = this.#session;
    if (this.#grant) this.fleet.acts(this.#grant, 'the end');
    this.#session = undefined;
    this.#lease = undefined;
    this.#grant = undefined;
    if (session) this.#send(session, () => session.root.ended(session));
  }

  #send({root}: Session, arrive: () => void): void {
    this.fleet.roads[this.host]?.send('back', root.process, arrive);
  }
}
