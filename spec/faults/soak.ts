// A tree at work for a long time: contexts come and go, streams flow, actors die. A program; argument: seconds. Prints what this
// process held at the end of each second, as JSON. Run with --expose-gc. soak.spec.ts judges it.
import {readdirSync} from 'node:fs';
import type {Actor} from '../../lib/actor/actor.js';
import {current} from '../../lib/base/current.js';
import {ActorError, type Nursery, openNursery, type Portal} from '../../lib/index.js';
import {assertNothingLeft} from '../../lib/testing/index.js';
import {count, echo, expose, note, numbers} from './chaos-actor.js';
import {watch} from './invariants.js';

const seconds = Number(process.argv[2] ?? 60);
const collect = (globalThis as {gc?: () => void}).gc as () => void;

export interface Outcome {
  /** The resources that were held at the end of each second. */
  readonly samples: readonly Sample[];
  /** Contexts that were opened. */
  readonly opened: number;
  readonly values: number;
  /** Actors that were started and killed. */
  readonly deaths: number;
}

interface Sample {
  readonly heap: number;
  readonly descriptors: number;
  readonly handles: number;
  readonly contexts: number;
}

const samples: Sample[] = [];
let opened = 0;
let values = 0;
let deaths = 0;

await openNursery(
  async nursery => {
    watch(note);
    const portal = await nursery.startActor('worker', {expose});
    const streams = Array.from({length: 4}, () => flow(portal));
    for (let second = 0; second < seconds; second++) {
      const over = new Promise(resolve => setTimeout(resolve, 1_000));
      for (let round = 0; round < 20; round++) await Promise.all(Array.from({length: 10}, () => openAndClose(portal)));
      await spawnAndKill(nursery);
      await over;
      samples.push(sample());
    }
    for (const stream of streams) stream.end();
  },
  {logLevel: 'silent'},
);
await assertNothingLeft();
const outcome: Outcome = {samples, opened, values, deaths};
console.log(JSON.stringify(outcome));

/** A stream that never rests, and that no death of another actor may touch (I3, I11): an error of it ends this program. */
function flow(portal: Portal): {end(): void} {
  let isOver = false;
  void (async () => {
    let due = 0;
    for await (const n of portal.with({window: 32}).stream(numbers, Number.MAX_SAFE_INTEGER)) {
      if (n !== due++) note(`${n} came where ${due - 1} was due`);
      if (++values % 100 === 0) await new Promise(resolve => setTimeout(resolve, 1));
      if (isOver) return;
    }
  })();
  return {
    end: () => {
      isOver = true;
    },
  };
}

/** A context that returns, one that is cancelled, and a call. */
async function openAndClose(portal: Portal): Promise<void> {
  opened++;
  if (opened % 3 === 0) return void (await portal.run(echo, opened));
  const context = await portal.openContext(count);
  const wire = context.openStream();
  await wire.send(0);
  if (opened % 3 === 1) {
    await context.cancel();
    await context.result().catch(() => {});
    return;
  }
  wire.complete();
  await context.result();
}

async function spawnAndKill(nursery: Nursery): Promise<void> {
  await openNursery(async inner => {
    const mortal = await inner.startActor('mortal', {expose});
    process.kill(mortal.actor.pid, 'SIGKILL');
    await mortal.ended;
    deaths++;
  }).catch(error => {
    if (!(error instanceof ActorError)) throw error;
  });
  nursery.signal.throwIfAborted();
}

function sample(): Sample {
  collect();
  collect();
  const actor = current()?.runtime as Actor;
  return {
    heap: process.memoryUsage().heapUsed,
    descriptors: readdirSync('/proc/self/fd').length,
    handles: process.getActiveResourcesInfo().length,
    contexts: [...actor.channels].reduce((sum, channel) => sum + channel.size, 0),
  };
}
