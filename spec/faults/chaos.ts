// A tree of actors at work, to one of which something happens every 50 to 300 ms. A program; arguments: seed, ms.
// Prints what happened, as JSON. Above chaos-actor.ts; chaos.spec.ts and report.ts run it.
import {setTimeout as delay} from 'node:timers/promises';
import {type Nursery, openNursery, sleep} from '../../lib/index.js';
import {assertNothingLeft} from '../../lib/testing/index.js';
import {actorProcesses, treeOf, untilTreeGone} from '../kit/processes.js';
import {growBelow, newTally, note, randomOf, type Tally} from './chaos-actor.js';
import {watch} from './invariants.js';
import {Witness} from './witness.js';

const [seed = 1, ms = 20_000] = process.argv.slice(2).map(Number);
const random = randomOf(seed);
const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];

/** A step for which the driver needs longer than this counts as a hang: no bound is tested here. */
const hangMs = 60_000;

/** With fewer actors the tree is left alone until it has grown, so that there is work under way when something happens. */
const fewActors = 4;

const faults: Readonly<Record<string, (pid: number) => void>> = {
  SIGKILL: pid => process.kill(pid, 'SIGKILL'),
  SIGTERM: pid => process.kill(pid, 'SIGTERM'),
  'stopped for a moment': pid => {
    process.kill(pid, 'SIGSTOP');
    setTimeout(() => attempt(() => process.kill(pid, 'SIGCONT')), 100 + random() * 400);
  },
  'stopped for good': pid => process.kill(pid, 'SIGSTOP'),
  // One of five things, see chaos-actor.ts.
  'by itself': pid => process.kill(pid, 'SIGUSR2'),
};

export interface Outcome extends Tally {
  readonly seed: number;
  /** How often each fault happened. */
  readonly faults: Readonly<Record<string, number>>;
  readonly mostActors: number;
  /** From the cancel of the root until its nursery had settled, in ms. */
  readonly teardownMs: number;
  readonly orphans: number;
  readonly hung: boolean;
}

const happened: Record<string, number> = {};
const tally = newTally();
let mostActors = 0;

const controller = new AbortController();
const grown = growUntilOver();
await strikeUntilOver();
const cancelledAt = performance.now();
const trees = new Set(mine().map(({pid}) => attempt(() => treeOf(pid))));
controller.abort();
const hung = await Promise.race([grown.then(() => false), delay(hangMs, true, {ref: false})]);
const teardownMs = performance.now() - cancelledAt;
let orphans = 0;
for (const tree of trees) if (tree !== undefined) orphans += (await untilTreeGone(tree)).length;
if (!hung) await assertNothingLeft().catch(error => note(String(error).replaceAll('\n', ' ')));
const outcome: Outcome = {seed, faults: happened, ...tally, mostActors, teardownMs, orphans, hung};
console.log(JSON.stringify(outcome));
process.exit(0);

async function growUntilOver(): Promise<void> {
  const times = {spawn: 60_000, handshake: 60_000, cancelAck: 1_500, exit: 3_000, flush: 3_000};
  await openNursery(nursery => work(nursery), {
    timeouts: times,
    logLevel: 'silent',
    signal: controller.signal,
    name: 'chaos',
  }).catch((error: {code?: string}) => {
    if (error.code !== 'ERR_CANCELLED') note(`the root rejected with ${String(error)}`);
  });
}

/** The tree grows, and beside it works an actor to which nothing happens. */
async function work(nursery: Nursery): Promise<void> {
  watch(note);
  const witness = await Witness.start(nursery);
  await Promise.all([testify(witness), growBelow(4, random, tally)]);
}

async function testify(witness: Witness): Promise<never> {
  for (;;) {
    (await witness.testify()).forEach(note);
    await sleep(100);
  }
}

/** The time begins when the tree has grown, because a machine with other work needs long for that. */
async function strikeUntilOver(): Promise<void> {
  for (const end = performance.now() + hangMs; performance.now() < end && mine().length < fewActors; ) await delay(100);
  for (const end = performance.now() + ms; performance.now() < end; await delay(50 + random() * 250)) {
    const actors = mine();
    mostActors = Math.max(mostActors, actors.length);
    const [name, strike] = pick(Object.entries(faults)) as [string, (pid: number) => void];
    const victim = pick(actors);
    if (!victim || actors.length < fewActors) continue;
    // It may have ended since it was listed.
    attempt(() => {
      strike(victim.pid);
      happened[name] = (happened[name] ?? 0) + 1;
    });
  }
}

/** All actors below this process, at whatever level, without the witness. */
function mine(): ReturnType<typeof actorProcesses> {
  const all = actorProcesses();
  const tree = all.find(({parent}) => parent === process.pid)?.tree;
  return all.filter(actor => actor.tree === tree && actor.name !== 'witness');
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
