// How evenly actors are spread over many hosts, in virtual time: what a program knows of a host is always a little old, and other
// programs place actors too.
import test from 'ava';
import type {HostInfo} from '../../lib/fleet/host-info.js';
import {Membership} from '../../lib/fleet/membership.js';
import {chooseOffers} from '../../lib/fleet/offers.js';
import {OrderCounts} from '../../lib/fleet/order-counts.js';
import {seed} from '../kit/seed.js';
import {Agenda, Dice} from './agenda.js';

const hostCount = 50;
const actorCount = 1_000;
/** Hosts beat once a second, and a moment after a change. */
const [beatMs, changeMs] = [1_000, 50];
/** The times that a message takes, in ms. */
const [soonest, latest] = [1, 30];

/** A host, and what it has told last. */
class SimulatedHost {
  readonly name: string;
  actors = 0;
  #isChanged = false;

  constructor(name: string) {
    this.name = name;
  }

  get info(): HostInfo {
    const {name, actors} = this;
    const apps = [{name: 'shop', version: '1.0.0'}];
    const system = {labels: [], cores: 8, load1: 0, freeMemory: 1e9, node: 'v22.0.0', version: '1.0.0'};
    return {name, id: `${name}-1`, actors, maxActors: 64, apps, draining: false, ...system};
  }

  /** An order has come. @param tell called soon after the first of several */
  take(agenda: Agenda, tell: () => void): void {
    this.actors++;
    if (this.#isChanged) return;
    this.#isChanged = true;
    agenda.add(agenda.now + changeMs, () => {
      this.#isChanged = false;
      tell();
    });
  }
}

class SimulatedProgram {
  readonly members = new Membership({lease: 15_000, interval: 1_000, at: 0});
  readonly #counts = new OrderCounts<SimulatedHost>();
  readonly #hosts: ReadonlyMap<string, SimulatedHost>;
  readonly #chance: () => number;

  constructor(hosts: readonly SimulatedHost[], chance: () => number) {
    this.#hosts = new Map(hosts.map(host => [host.info.id, host]));
    this.#chance = chance;
  }

  /** The host to which an order is sent now. */
  place(): SimulatedHost {
    const offers = this.members.list().map(info => {
      const host = this.#hosts.get(info.id) as SimulatedHost;
      return {info, host, underWay: this.#counts.underWay(host, info), isSilent: this.members.isSilent(info.id)};
    });
    const {chosen} = chooseOffers(offers, {name: 'x', wanted: 'any', app: 'shop'}, this.#chance);
    const {host} = chosen[0] as (typeof offers)[number];
    this.#counts.sent(host);
    return host;
  }
}

/** Places the actors within so many ms. Returns how many each host has at the end. */
function placeAll(programCount: number, ms: number, dice: Dice): number[] {
  const agenda = new Agenda();
  const hosts = Array.from({length: hostCount}, (_, at) => new SimulatedHost(`h${at}`));
  const chance = (): number => dice.next();
  const programs = Array.from({length: programCount}, () => new SimulatedProgram(hosts, chance));
  const arrive = (act: () => void): void => agenda.add(agenda.now + dice.between(soonest, latest), act);
  const beat = (host: SimulatedHost): void => {
    const {info} = host;
    for (const {members} of programs) arrive(() => members.heard(info, agenda.now));
  };
  const beatOn = (host: SimulatedHost): void => {
    beat(host);
    agenda.add(agenda.now + beatMs, () => beatOn(host));
  };
  for (const host of hosts) agenda.add(dice.between(0, beatMs), () => beatOn(host));
  const begin = beatMs + latest;
  for (let order = 0; order < actorCount; order++) {
    const program = programs[order % programCount] as SimulatedProgram;
    agenda.add(begin + dice.between(0, ms), () => {
      const host = program.place();
      arrive(() => host.take(agenda, () => beat(host)));
    });
  }
  agenda.runUntil(begin);
  for (const {members} of programs)
    if (members.list().length !== hostCount) throw new Error(`${members.list().length} hosts are listed`);
  agenda.runUntil(begin + ms + beatMs);
  return hosts.map(({actors}) => actors);
}

const dice = new Dice(seed);

for (const [what, programs, ms] of [
  ['by one program at the same moment', 1, 0],
  ['by one program within 10 s', 1, 10_000],
  ['by ten programs at the same moment', 10, 0],
  ['by ten programs within 10 s', 10, 10_000],
] as const)
  test(`of 50 hosts that are listed each gets within 20 % of its even part of 1 000 actors, placed ${what}`, t => {
    const even = actorCount / hostCount;
    for (let run = 0; run < 2; run++) {
      const actors = placeAll(programs, ms, dice).toSorted((a, b) => a - b);
      t.is(
        actors.reduce((sum, each) => sum + each, 0),
        actorCount,
      );
      t.true((actors[0] ?? 0) >= 0.8 * even && (actors.at(-1) ?? 0) <= 1.2 * even, `${actors}, seed ${seed}`);
    }
  });
