/**
 * Measures the questions: each probe of each subject on each Node, round after round, so that all see the same moods of the machine.
 * Above `plan` and `run-probe`; `main` calls it.
 */
import {execFileSync} from 'node:child_process';
import {cpus, loadavg, release, totalmem, type} from 'node:os';
import {isOfGoal} from './goals.js';
import {peerVersions} from './install.js';
import {probes, type SubjectPlan, subjects} from './plan.js';
import {type Failure, type Machine, type Measured, put, type Samples} from './results.js';
import {runProbe} from './run-probe.js';

export interface Options {
  /** Paths. */
  readonly nodes: readonly string[];
  readonly rounds: number;
  /** No round is begun that would end later than this. */
  readonly minutes: number;
  readonly pace: readonly [number, number];
  /** Parts of names of probes; empty: all. */
  readonly only: readonly string[];
  /** Parts of titles of subjects; empty: all. */
  readonly subjects: readonly string[];
  /** Only what the goals need. */
  readonly goalsAlone?: boolean;
  /** Why the peers are not there. */
  readonly withoutPeers?: string;
}

interface Job {
  readonly node: string;
  readonly version: string;
  readonly plan: SubjectPlan;
  readonly probe: string;
  /** A goal needs it, so that it is measured in every round. */
  readonly isOfGoal: boolean;
}

/** A probe that is not of a goal is measured in so many rounds: on the first Node, and on others. */
const otherRounds = [2, 1] as const;
/** A probe that takes longer than this, in ms, hangs. */
const limitMs = 30_000;
/** On a machine with other work a probe may run out of time by chance; the second time it is said to hang. */
const attempts = 2;

export async function measureQuestions(options: Options): Promise<Measured> {
  const start = performance.now();
  const elapsed = (): number => performance.now() - start;
  const samples: Samples = {};
  const failures: Failure[] = [];
  const took = new Map<Job, number>();
  const late: string[] = [];
  const all = jobs(options, failures);
  const described = machine();
  let round = 0;
  for (; round < options.rounds; round++) {
    const list = inTime(jobsOf(round, all, options), took, options.minutes * 60_000 - elapsed());
    if (round > 0 && list.length === 0) break;
    for (const [i, job] of list.entries()) {
      const {version, plan, probe} = job;
      if (hasFailed(failures, job)) continue;
      if (elapsed() > options.minutes * 60_000) {
        if (round === 0) late.push(`${probe} of ${plan.title}, Node ${version}`);
        continue;
      }
      progress(`round ${round + 1}, ${i + 1} of ${list.length}: ${probe}, ${plan.title}, Node ${version}`);
      const begun = performance.now();
      try {
        const figures = await runProbe({...plan, probe, node: job.node, pace: options.pace, limit: limitMs});
        for (const [metric, figure] of Object.entries(figures))
          put(samples, [version, plan.title, probe, metric], round, figure);
      } catch (error) {
        failures.push({node: version, subject: plan.title, probe, reason: (error as Error).message});
      }
      took.set(job, performance.now() - begun);
    }
  }
  progress('');
  return {
    machine: described,
    nodes: options.nodes.map(versionOf),
    rounds: round,
    pace: options.pace,
    minutes: Number((elapsed() / 60_000).toFixed(1)),
    samples,
    failures: lasting(failures, samples),
    late,
    versions: peerVersions(),
  };
}

export function versionOf(node: string): string {
  return execFileSync(node, ['--version'], {encoding: 'utf8'}).trim().slice(1);
}

export function machine(): Machine {
  return {
    date: new Date().toISOString().slice(0, 10),
    cores: cpus().length,
    cpu: cpus()[0]?.model.trim() ?? '',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release().split('-')[0]}`,
    load: Number((loadavg()[0] ?? 0).toFixed(1)),
  };
}

/** In the order of a round: what is compared is measured side by side. */
function jobs({nodes, only, subjects: titles, goalsAlone = false, withoutPeers}: Options, failures: Failure[]): Job[] {
  const isWanted = (texts: readonly string[], name: string): boolean =>
    texts.length === 0 || texts.some(text => name.includes(text));
  const versions = nodes.map(versionOf);
  if (withoutPeers !== undefined)
    for (const {title} of subjects.filter(({isPeer}) => isPeer))
      failures.push({
        node: versions.join(', '),
        subject: title,
        probe: 'all',
        reason: `not installed: ${withoutPeers}`,
      });
  const isNeeded = (probe: string): boolean => subjects.some(({title}) => isOfGoal(title, probe));
  const present = subjects.filter(({isPeer}) => !(isPeer && withoutPeers !== undefined));
  // The figures that the goals need come first, for the case that the time is not enough for all.
  return [...probes.filter(isNeeded), ...probes.filter(probe => !isNeeded(probe))]
    .filter(probe => isWanted(only, probe))
    .flatMap(probe =>
      nodes.flatMap((node, i) =>
        present
          .filter(plan => plan.probes.includes(probe) && isWanted(titles, plan.title))
          .map(plan => ({
            node,
            version: versions[i] as string,
            plan,
            probe,
            isOfGoal: isOfGoal(plan.title, probe),
          })),
      ),
    )
    .filter(job => job.isOfGoal || !goalsAlone);
}

function jobsOf(round: number, all: readonly Job[], {nodes, only}: Options): Job[] {
  const [onFirst, onOthers] = otherRounds;
  return all.filter(job => job.isOfGoal || only.length > 0 || round < (job.node === nodes[0] ? onFirst : onOthers));
}

/** The jobs that are likely to end in time: all, or what the goals need, or nothing. */
function inTime(list: Job[], took: ReadonlyMap<Job, number>, left: number): Job[] {
  if (took.size === 0) return list;
  const ofGoals = list.filter(job => job.isOfGoal);
  const expected = (jobs: readonly Job[]): number => jobs.reduce((ms, job) => ms + (took.get(job) ?? 0), 0);
  return [list, ofGoals].find(jobs => expected(jobs) < left) ?? [];
}

function hasFailed(failures: readonly Failure[], job: Job): boolean {
  return failures.filter(failed => isOf(failed, job)).length >= attempts;
}

function isOf({node, subject, probe}: Failure, job: Job): boolean {
  return node === job.version && subject === job.plan.title && probe === job.probe;
}

/** Each once, and only where no other round has figures. */
function lasting(failures: readonly Failure[], samples: Samples): Failure[] {
  const last = new Map(failures.map(failure => [`${failure.node} ${failure.subject} ${failure.probe}`, failure]));
  return [...last.values()].filter(({node, subject, probe}) => samples[node]?.[subject]?.[probe] === undefined);
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
