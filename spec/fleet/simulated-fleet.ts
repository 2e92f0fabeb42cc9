// A fleet in virtual time: a root, two hosts, the roads between them, and a lock that one actor at a time shall hold. Both ends of the
// lease run, and everything around them goes wrong. Above ends.ts and damage.ts; fleet.spec.ts and attempt.ts run it with many seeds.
//
// The actor is as bad as it can be: it ignores its cancel, and it reaches the lock whatever is cut. The lock hears of it late.
import {nextToken} from '../../lib/fleet/token.js';
import {Agenda, Dice} from './agenda.js';
import {type Damage, strike} from './damage.js';
import {Daemon, Root} from './ends.js';
import {Machine} from './machine.js';
import {Road} from './road.js';

/** The findings of a run. */
export interface Told {
  /** How often something has happened. */
  readonly counts: Readonly<Record<string, number>>;
  /** The work that an actor did after a later one had begun. The tokens do not matter here: this is what the leases alone give. */
  readonly overlaps: readonly string[];
  /** Writes that the lock took or refused against the order in which the actors were placed. */
  readonly broken: readonly string[];
}

/** The right to act as the holder of the lock. */
export interface Grant {
  /** The grants are numbered in their order. */
  readonly number: number;
  readonly token: string;
}

/** The wall clock at the beginning. */
const beginMs = Date.UTC(2026, 0, 1);

export class Fleet implements Told {
  readonly agenda = new Agenda();
  readonly dice: Dice;
  /** The length of the lease. */
  readonly length: number;
  readonly counts: Record<string, number> = {};
  readonly overlaps: string[] = [];
  readonly broken: string[] = [];
  readonly rootMachine: Machine;
  readonly machines: readonly Machine[];
  readonly roads: readonly Road[];
  readonly daemons: Daemon[];
  root: Root;
  #grants = 0;
  /** The last grant whose actor has begun. */
  #begun = 0;
  /** The grant that the lock has taken last. */
  #holder: Grant = {number: 0, token: ''};

  constructor(seed: number, damages: readonly Damage[]) {
    this.dice = new Dice(seed);
    this.length = this.dice.between(2_000, 15_000);
    // No rate differs by more than 4 % from another one.
    const machine = (): Machine => new Machine(this.agenda, this.#rate(), this.dice.between(0, 1e9));
    this.rootMachine = machine();
    this.machines = [machine(), machine()];
    this.roads = this.machines.map(() => new Road(this.agenda, this.dice));
    this.daemons = this.machines.map((_, host) => new Daemon(this, host));
    this.root = new Root(this);
    strike(this, damages);
  }

  /** No rate differs by more than 4 % from another one. Most are at the ends of what is allowed. */
  #rate(): number {
    return this.dice.has(0.7) ? this.dice.pick([0.981, 1.02]) : this.dice.between(0.981, 1.02);
  }

  run(): this {
    this.root.place();
    this.agenda.runUntil(8 * this.length);
    return this;
  }

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  /** @param last the token before, in this run of the root */
  grant(last: string | undefined): Grant {
    this.#grants++;
    return {number: this.#grants, token: nextToken(last, beginMs + this.agenda.now)};
  }

  begins({number}: Grant): void {
    this.count('actor');
    this.#begun = Math.max(this.#begun, number);
  }

  /** An actor does something, or ends: no later one may have begun. */
  acts({number}: Grant, what: string): void {
    if (number < this.#begun)
      this.overlaps.push(
        `${what} of actor ${number} at ${Math.round(this.agenda.now)}: actor ${this.#begun} has begun`,
      );
  }

  /** An actor asks the lock. */
  write(grant: Grant): void {
    this.acts(grant, 'a write');
    const late = this.dice.has(0.1) ? this.dice.between(0, this.length) : this.dice.between(0, 20);
    this.agenda.add(this.agenda.now + late, () => this.#decide(grant));
  }

  /** The lock knows nothing but tokens. */
  #decide(grant: Grant): void {
    const isTaken = grant.token >= this.#holder.token;
    const isRight = isTaken === grant.number >= this.#holder.number;
    if (!isRight)
      this.broken.push(`actor ${grant.number} after actor ${this.#holder.number}: ${isTaken ? 'taken' : 'refused'}`);
    if (isTaken) this.#holder = grant;
    this.count(isTaken ? 'write' : 'refused write');
  }

  /** The root ends without a word, and is started again. */
  killRoot(): void {
    this.root.process.isGone = true;
    this.agenda.add(this.agenda.now + this.dice.between(100, 1_000), () => {
      this.root = new Root(this);
      this.root.place();
    });
  }

  /** A daemon ends without a word, and its actors with it. It is started again. */
  killDaemon(host: number): void {
    this.daemons[host]?.die();
    this.agenda.add(this.agenda.now + this.dice.between(100, 1_000), () => {
      this.daemons[host] = new Daemon(this, host);
    });
  }
}
