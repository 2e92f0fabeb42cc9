// The lease in a simulated fleet: cuts, slow roads, kills, stops, sleep and pauses, with clocks whose rates differ by up to 4 %.
import test from 'ava';
import {harmful, harmless} from './damage.js';
import {runSeeds} from './many-seeds.js';

/** A second for about a thousand. */
const seeds = process.env.RXTRACTOR_CI ? 10_000 : 500;

test(`${seeds} fleets in which nothing goes wrong: nobody is warned, and no actor ends`, t => {
  const quiet = Math.min(seeds, 500);
  const {counts, overlaps, broken} = runSeeds(quiet, []);
  t.deepEqual([overlaps, broken], [[], []]);
  t.deepEqual(Object.keys(counts).toSorted(), ['actor', 'write']);
  t.is(counts.actor, quiet);
});

test(`${seeds} fleets with cuts, slow roads, kills and stops: no actor acts when a later one has begun, whatever the clocks`, t => {
  const {counts, overlaps} = runSeeds(seeds, harmless);
  t.deepEqual(overlaps, []);
  for (const what of [
    ...harmless,
    'daemon: warn',
    'daemon: cancel',
    'daemon: kill',
    'watchdog: kill',
    'root: warn',
    'root: fenced',
    'told of an end',
  ])
    t.true((counts[what] ?? 0) > 10, `${what}: ${counts[what]} times`);
  t.log(counts);
});

test(`${seeds} fleets with restarts, sleep and pauses too: a lock that compares tokens never has two holders`, t => {
  const {counts, overlaps, broken} = runSeeds(seeds, [...harmless, ...harmful]);
  t.deepEqual(broken, []);
  // It is the token that protects here: without it there are two holders, and the lock refuses the older one.
  t.true(overlaps.length > 0);
  for (const what of [...harmless, ...harmful, 'refused write'])
    t.true((counts[what] ?? 0) > 10, `${what}: ${counts[what]} times`);
  t.log(counts);
});
