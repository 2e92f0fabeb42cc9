/**
 * The seed of what is drawn at random. It is the same in each run, because no change should be refused for a fault that it has
 * not made; `RXTRACTOR_SEED=random` hunts for faults that nobody knows, and a number draws the runs of that seed again.
 */
const wanted = process.env.RXTRACTOR_SEED ?? '1';

export const seed = wanted === 'random' ? Math.floor(Math.random() * 2 ** 30) : Number(wanted);
