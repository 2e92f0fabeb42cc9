// The faults of a simulated fleet, and their times. Below simulated-fleet.ts.

import type {Way} from './road.js';
import type {Fleet} from './simulated-fleet.js';

type Strike = (fleet: Fleet, host: number, ms: number) => void;

const someWays = (fleet: Fleet): readonly Way[] => fleet.dice.pick([['there', 'back'], ['there'], ['back']] as const);
const after = (fleet: Fleet, ms: number, act: () => void): void => fleet.agenda.add(fleet.agenda.now + ms, act);

/** Each lasts for `ms`, where it has a length. */
const strikes = {
  cut: (fleet, host, ms) => {
    fleet.roads[host]?.cut(someWays(fleet));
    after(fleet, ms, () => fleet.roads[host]?.heal());
  },
  slow: (fleet, host, ms) => {
    const road = fleet.roads[host];
    if (!road) return;
    const ways = someWays(fleet);
    const slowMs = fleet.dice.between(0, 1.5 * fleet.length);
    for (const way of ways) road.slowMs[way] = slowMs;
    after(fleet, ms, () => {
      for (const way of ways) road.slowMs[way] = 0;
    });
  },
  'slow, then cut': (fleet, host, ms) => {
    strikes.slow(fleet, host, ms);
    after(fleet, ms / 2, () => strikes.cut(fleet, host, ms));
  },
  'kill daemon': (fleet, host) => fleet.killDaemon(host),
  'stop daemon': (fleet, host, ms) => fleet.daemons[host]?.process.stop(ms),
  'stop root': (fleet, _host, ms) => fleet.root.process.stop(ms),
  'kill root': fleet => fleet.killRoot(),
  'suspend host': (fleet, host, ms) => fleet.machines[host]?.suspend(ms),
  'suspend root': (fleet, _host, ms) => fleet.rootMachine.suspend(ms),
  'pause host': (fleet, host, ms) => fleet.machines[host]?.pause(ms),
} satisfies Record<string, Strike>;

export type Damage = keyof typeof strikes;

/** While nothing else happens, at no moment two actors live: the lease alone sees to it. */
export const harmless: readonly Damage[] = [
  'cut',
  'slow',
  'slow, then cut',
  'kill daemon',
  'stop daemon',
  'stop root',
  'suspend root',
];
/** Here the token alone protects: a host that wakes does not know at once for how long it has slept, or never learns it. */
export const harmful: readonly Damage[] = ['kill root', 'suspend host', 'pause host'];

/** Up to six damages, each at any time, mostly where the actor is. Some of them overlap. */
export function strike(fleet: Fleet, damages: readonly Damage[]): void {
  const {dice, length} = fleet;
  if (damages.length === 0) return;
  for (let left = Math.ceil(dice.between(0, 6)); left > 0; left--) {
    const what = dice.pick(damages);
    fleet.agenda.add(dice.between(0, 7 * length), () => {
      fleet.count(what);
      strikes[what](fleet, dice.has(0.8) ? fleet.root.host : dice.pick([0, 1]), dice.between(0, 2.5 * length));
    });
  }
}
