// Every fault in every phase, on real processes: one case makes the fault happen at its barrier and checks what must hold after it.
// Above phases.ts and faults.ts; run by matrix.spec.ts, and by report.ts for the page.
import {mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {ActorError, openNursery} from '../../lib/index.js';
import {actorProcesses, canInspect, isAlive} from '../kit/processes.js';
import {type Fault, faults} from './faults.js';
import {type Phase, phases} from './phases.js';
import {Story} from './story.js';
import type {Witness} from './witness.js';

/** After this time a wait counts as one that never ends. No bound is tested here, and a starved machine is slow. */
const hangMs = 60_000;
/** After this time a process that should be gone counts as an orphan. */
const orphanMs = 10_000;

/** Bounds of teardown that end a stubborn actor soon, and others that only a starved machine exceeds. */
export const times = {spawn: 60_000, handshake: 60_000, cancelAck: 1_500, exit: 3_000, flush: 3_000} as const;

export interface Case {
  readonly phase: Phase;
  readonly fault: Fault;
}

export interface Result {
  readonly phase: string;
  readonly fault: string;
  /** The faults that were found, in words. */
  readonly problems: readonly string[];
  /** From the fault until everybody who waited had been told, in ms. */
  readonly detectedMs: number;
  /** From the fault until the nursery had settled, in ms. */
  readonly settledMs: number;
}

export const cases: readonly Case[] = phases.flatMap(phase =>
  faults.filter(({fromOutside}) => fromOutside || !phase.isClosed).map(fault => ({phase, fault})),
);

/** Makes a fault happen in a nursery of its own, within the runtime that is open. */
export async function runCase({phase, fault}: Case, witness: Witness): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'rxtractor-faults-'));
  const before = holdings();
  const story = new Story(fault.judge);
  let pid = 0;
  let struckAt = 0;
  let failure: unknown;
  try {
    await openNursery(
      async nursery => {
        const reached = await phase.reach(story, nursery, fault.options ?? {}, join(folder, 'note'));
        pid = reached.pid;
        struckAt = performance.now();
        const struck = fault.strike(pid, reached.portal, join(folder, 'struck'));
        await story.end(hangMs);
        await struck;
      },
      {name: `${phase.name}: ${fault.name}`},
    );
  } catch (error) {
    failure = error;
  }
  const settledMs = performance.now() - struckAt;
  const problems = [
    ...story.judge(),
    ...(failure === undefined || failure instanceof ActorError ? [] : [`the nursery rejected with ${failure}`]),
    ...(isAlive(pid) ? [`its process ${pid} outlived the nursery`] : []),
    ...(await remains(before)),
    ...(await witness.testify()),
  ];
  rmSync(folder, {recursive: true});
  return {phase: phase.name, fault: fault.name, problems, detectedMs: story.endedAt - struckAt, settledMs};
}

interface Holdings {
  readonly descriptors: number;
  readonly processes: number;
  readonly resources: number;
}

/** Counts what this process holds (I5, I6). */
function holdings(): Holdings {
  return {
    descriptors: canInspect ? readdirSync('/proc/self/fd').length : 0,
    processes: canInspect ? actorProcesses().filter(({parent}) => parent === process.pid).length : 0,
    resources: process.getActiveResourcesInfo().filter(name => /Pipe|Socket|Process|TCP/.test(name)).length,
  };
}

/** Says what is there that was not there before. The system closes some of it a moment later. */
async function remains(before: Holdings): Promise<string[]> {
  for (const end = performance.now() + orphanMs; ; await delay(20)) {
    const now = holdings();
    const more = (Object.keys(before) as (keyof Holdings)[]).filter(what => now[what] > before[what]);
    if (more.length === 0) return [];
    if (performance.now() > end) return more.map(what => `${now[what] - before[what]} ${what} were left behind`);
  }
}
