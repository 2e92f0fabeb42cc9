// Planted faults of the lease, which the simulated fleet or the model must find. Beside attempt.ts, above spec/kit/mutants.ts; run by
// mutants.spec.ts, or by hand: `node dist/spec/fleet/mutants.js`.
import {fileURLToPath} from 'node:url';
import {Copy, type Find, findBy, huntByHand, type Mutant} from '../kit/mutants.js';

const lease = (name: string, from: string, to: string): Mutant => ({name, file: 'fleet/lease', from, to});

export const mutants: readonly Mutant[] = [
  lease('kills a tenth later', 'kill: length,', 'kill: 1.1 * length,'),
  lease('has no margin for clocks of different rates', 'const rateMargin = 1.05;', 'const rateMargin = 1;'),
  lease('has no margin for a late tick and the kill', 'const killMargin = 500;', 'const killMargin = 0;'),
  lease(
    'takes the arrival of an answer for the moment that it proves',
    'heard(aged, Math.min(event.provenAt, event.at))',
    'heard(aged, event.at)',
  ),
  lease('lets an older proof replace a newer one', ` || provenAt <= lease.provenAt)`, ')'),
  lease('gives an actor more time that was told to end', `lease.stage === 'cancelled' || provenAt`, 'provenAt'),
  lease(
    'lets a late answer bring back what is over',
    `role === 'holder' && at - provenAt >=`,
    `role === 'holder' && at - provenAt > 1e9 + `,
  ),
  lease('looks only at each beat', 'Math.min(beat, lease.provenAt + due - at)', 'beat'),
  lease('forgets that the host has slept', `event.type === 'suspend' ? slept(lease, event.gap) : lease`, 'lease'),
  lease(
    'judges before it has read what came while it stood still',
    'if (sinceTick > ownStall * times.beat)',
    'if (sinceTick > 1e9)',
  ),
  lease('does not warn of its own stall', `lease.role === 'grantor' && sinceTick >= times.warn ? ['warn'] : []`, '[]'),
  lease('warns at each tick', ` && lease.stage === 'held')`, ')'),
  lease('never asks an actor to end', `acts: ['cancel'] }`, 'acts: [] }'),
  lease('begins with the arrival of the order', 'provenAt: Math.min(provenAt, at)', 'provenAt: at'),
  {
    name: 'begins the tokens of each run anew',
    file: 'fleet/token',
    from: 'BigInt(Math.floor(wallMs * 1_000))',
    to: '0n',
  },
  {name: 'gives one token twice', file: 'fleet/token', from: 'BigInt(last) + 1n', to: 'BigInt(last)'},
];

export const findByFleet: Find<Mutant> = (copy, mutant) => findBy(copy, mutant, 'dist/spec/fleet/attempt.js');

export const newLeaseCopy = (): Copy => new Copy(['spec/fleet/attempt.ts']);

if (process.argv[1] === fileURLToPath(import.meta.url)) await huntByHand(mutants, findByFleet, newLeaseCopy);
