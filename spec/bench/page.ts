/**
 * The page of performance, made from figures.
 * Beneath `report`.
 */
import {type Goal, type Outcome, ours} from './goals.js';
import {subjects} from './plan.js';
import {
  type Before,
  type Failure,
  type Instructions,
  type Machine,
  type Measured,
  type Profiles,
  type Results,
  roundsOf,
  type Scale,
  summary,
} from './results.js';
import type {Share} from './self-profile.js';
import {type Column, type Section, scales, sections, type Table} from './tables.js';
import {nameOf, outcomes, short, spread, table} from './text.js';

/** Plots that are there, by name. */
type Drawn = ReadonlyMap<string, string>;

export function pageOf({questions, before, scale, instructions, profiles}: Results, drawn: Drawn): string {
  const parts = [
    introduction(questions),
    ...(questions
      ? [goalsPart(questions, before), ...sections.map(section => sectionPart(section, questions, drawn))]
      : []),
    ...(instructions ? [instructionsPart(instructions)] : []),
    ...(profiles ? [profilesPart(profiles)] : []),
    ...(scale ? [scalePart(scale, drawn)] : []),
    ...(questions
      ? [notMeasured([...questions.failures, ...(scale?.failures ?? [])], questions.late), peersPart(questions)]
      : []),
    howToRun,
  ];
  return `${parts.map(part => part.trim()).join('\n\n')}\n`;
}

function introduction(questions: Measured | undefined): string {
  return `# Performance

What a call, a value and a start cost, beside other libraries that do the same work, beside what Node itself has, and beside a bare socket, which is the limit.
\`npm run bench\` writes this page.

${questions ? conditions(questions) : ''}

How to read it:

- Each probe runs in a process of its own, and in each round all subjects take their turns, so that all see the same moods of the machine. Compare figures
  of one table. Figures of two machines, or of two runs, cannot be compared; ratios can.
- A figure is the median of the rounds, with the lowest and the highest round behind it: 31.2 (29.8–40.1).
- *Processor* is time of the processor for one unit in µs: at this end + at the other end. It is what remains comparable where the machine has other work.
- Every value is received and added up. A wrong sum fails the probe.
- Flow control, whole errors and cancellation are always on in rxtractor. The other libraries are used as their documentation says, with what they have of these.`;
}

function conditions({machine, nodes, rounds, pace, minutes}: Measured): string {
  const [warmUp, measured] = pace;
  return `Measured on ${describe(machine)}, with ${nodes.map(node => `Node ${node}`).join(' and ')}: ${rounds === 1 ? 'one round' : `up to ${rounds} rounds`} in ${minutes} minutes.
A probe warms up for ${warmUp} ms, and until it has made 4 000 calls or has had 20 000 values, and measures for ${measured} ms. What the goals need is measured in every round, and the rest in the first ones.${busy(machine)}`;
}

/** A run beside other work says little, and its page says so. */
function busy({load, cores}: Machine): string {
  return load <= cores / 2
    ? ''
    : `

**The machine had other work**: ${load} processes wanted its ${cores} cores when this run began. Its figures say little, and its ratios not much more.`;
}

function describe({date, cores, cpu, memoryGiB, system}: Machine): string {
  const named = cpu === '' ? '' : ` (${cpu})`;
  return `${date}, ${cores} cores${named}, ${memoryGiB} GiB of memory, ${system}`;
}

function goalsPart(measured: Measured, before: Before | undefined): string {
  const found = measured.nodes.map(node => outcomes(measured, node));
  const all = [...new Set(found.flat().map(({goal}) => goal))];
  const rows = all.map(goal => {
    const sign = goal.better === 'lower' ? '≤' : '≥';
    const cells = found.map((list, at) =>
      verdict(
        list.find(outcome => outcome.goal === goal),
        before?.medians[measured.nodes[at] as string]?.[nameOf(goal)],
      ),
    );
    return [goal.what, goal.than === '' ? '' : goal.than, `${sign} ${goal.bound}`, ...cells];
  });
  const missed = all.filter(goal => found.flat().some(outcome => outcome.goal === goal && !outcome.met));
  return `## Goals

A goal is a ratio to something of the same round. It is missed when it is missed in more than half of the rounds.${before ? ` *Before* is the median of the run before, of ${before.machine.date}: the library and its probes may have changed since.` : ''}

${table(['what', 'divided by', 'goal', ...measured.nodes.map(node => `Node ${node}`)], rows)}

${missed.length === 0 ? 'No goal is missed.' : `Where the rest goes, for the goals that are missed:\n\n${restsOf(missed)}`}

Not measured here: [tractor](https://github.com/goodboy/tractor), which is written in Python; on another machine its calls took 516 µs, and its actors
221 ms to start. And what validation, tracing and debugging cost where they are switched off: there is no build without them to compare with.`;
}

/** Goals that are missed for one reason share a line. */
function restsOf(missed: readonly Goal[]): string {
  const named = new Map<string, string[]>();
  for (const goal of missed) named.set(goal.rest, [...(named.get(goal.rest) ?? []), nameOf(goal)]);
  return [...named].map(([rest, names]) => `- *${names.join('*; *')}*: ${rest}`).join('\n');
}

function verdict(outcome: Outcome | undefined, before: number | undefined): string {
  if (!outcome) return '';
  const {met, median, rounds, missedIn, best} = outcome;
  const against = best === '' ? '' : `, ${best}`;
  return `${met ? 'met' : '**missed**'}: ${short(median)} (missed in ${missedIn} of ${rounds.length} rounds${against})${before === undefined ? '' : `; before ${short(before)}`}`;
}

function sectionPart({title, prose, plots = [], tables}: Section, measured: Measured, drawn: Drawn): string {
  const parts = tables.map(table => tablePart(table, measured)).filter(Boolean);
  return parts.length === 0
    ? ''
    : [`## ${title}`, prose, ...plots.map(name => image(name, drawn)), ...parts].filter(Boolean).join('\n\n');
}

function image(name: string, drawn: Drawn): string {
  const alt = drawn.get(name);
  return alt === undefined ? '' : `![${alt}](performance/${name}.svg)`;
}

function tablePart({title, prose, probe, columns}: Table, measured: Measured): string {
  const {nodes, samples} = measured;
  const has = (node: string, subject: string): boolean => samples[node]?.[subject]?.[probe] !== undefined;
  const present = subjects.filter(({title}) => nodes.some(node => has(node, title)));
  if (present.length === 0) return '';
  const shown = nodes.filter(node => present.some(({title}) => has(node, title)));
  const head = shown.flatMap(node => columns.map(column => `${column.title} (Node ${node.split('.')[0]})`));
  const rows = present.map(({title, isProcess}) => [
    title === ours ? `**${title}**` : title,
    ...shown.flatMap(node => columns.map(column => cell(measured, node, title, probe, column, isProcess))),
  ]);
  return [`### ${title}`, prose, table(['', ...head], rows)].filter(Boolean).join('\n\n');
}

function cell(
  {samples}: Measured,
  node: string,
  subject: string,
  probe: string,
  {metric}: Column,
  isProcess: boolean,
): string {
  if (!metric.startsWith('cpu')) return spread(roundsOf(samples, node, subject, probe, metric));
  const [here, there] = ['here', 'there'].map(end =>
    summary(roundsOf(samples, node, subject, probe, metric.replace('cpu', end))),
  );
  if (!here) return '';
  return isProcess && there ? `${short(here.median)} + ${short(there.median)}` : `${short(here.median)} both`;
}

function instructionsPart({machine, node, rows, skipped}: Instructions): string {
  const text = `## Instructions

Instructions of the processor for one unit, counted by valgrind's callgrind at both ends. They do not change with the other work of the machine.`;
  if (skipped !== undefined) return `${text}\n\nNot counted in this run: ${skipped}.`;
  const lines = rows.map(({road, here, there}) => [road, short(here), short(there), short(here + there)]);
  return `${text} Counted on ${describe(machine)}, Node ${node}, after the work has warmed up.
*A start* is all of a program: of the caller, until its actor has answered the first call, and of the actor, until its answer.

${table(['', 'caller', 'actor', 'both'], lines)}`;
}

function profilesPart({machine, rows}: Profiles): string {
  const named = (shares: readonly Share[]): string =>
    shares.map(({what, percent}) => `${what.replaceAll('|', '\\|')} ${percent} %`).join(', ');
  const lines = rows.map(({road, node, end, parts, functions}) => [
    `${road}: ${end}`,
    node,
    named(parts),
    named(functions),
  ]);
  return `## Where the time goes

The three parts and the three functions that took most of the processor's time, in percent of the time in which the process was not idle, by V8's profiler.
\`(program)\`, \`writeBuffer\` and \`writev\` are not JavaScript: the kernel, and Node's own C++. Taken on ${describe(machine)}.

${table(['', 'Node', 'largest parts', 'largest functions'], lines).replaceAll('---:|', '---|')}`;
}

function scalePart({machine, node, points}: Scale, drawn: Drawn): string {
  const parts = scales.map(scale => {
    const from = 'from' in scale ? scale.from : scale.name;
    const metrics = Object.entries(scale.metrics);
    const rows = (points[from] ?? []).map(point => [
      String(point.size).replaceAll(/\B(?=(?:\d{3})+$)/g, ' '),
      ...metrics.map(([metric]) => short(point[metric] ?? Number.NaN)),
    ]);
    const head = [scale.size, ...metrics.map(([, what]) => `${what}, ${scale.unit}`)];
    return [`### ${scale.title}`, scale.prose, image(`scale-${scale.name}`, drawn), table(head, rows)]
      .filter(Boolean)
      .join('\n\n');
  });
  return `## Scale

What a unit costs as there are more of them. Measured on ${describe(machine)}, Node ${node}, once for each size.

${parts.join('\n\n')}`;
}

function notMeasured(failures: readonly Failure[], late: readonly string[]): string {
  const lines = failures.map(
    ({node, subject, probe, reason}) => `- ${subject}, \`${probe}\`, Node ${node}: ${reason.replaceAll(/\s+/g, ' ')}`,
  );
  const inVain = lines.length === 0 ? '' : lines.join('\n');
  const noTime =
    late.length === 0 ? '' : `The machine was too slow for this run. There was no time for: ${late.join('; ')}.`;
  return `## What could not be measured

${[inVain, noTime].filter(Boolean).join('\n\n') || 'Everything that was planned was measured.'}`;
}

function peersPart({versions}: Measured): string {
  const of = (...names: string[]): string => names.map(name => `${name} ${versions[name] ?? ''}`.trim()).join(', ');
  return `## How the others are used

[spec/bench/peers](../../spec/bench/peers) has the program of each, and the lock of their versions; users do not install them.

${table(
  ['what', 'how'],
  [
    [
      'bare socket',
      'a socketpair that the child inherits, as rxtractor has it; a length and an id in front of each message, no codec',
    ],
    ['Node IPC json, advanced', 'fork with its two serializations; a number tells which answer belongs to which call'],
    ['Node worker port', 'a thread and its port'],
    [of('comedy'), 'actors in processes (forked), sendAndReceive'],
    [of('rsocket-core'), 'a process over a Unix socket, JSON in its payloads, 1 024 values asked for at a time'],
    [of('@grpc/grpc-js'), 'a process over a Unix socket, unary calls and streams'],
    [of('effect', '@effect/rpc'), 'a process over a Unix socket, MessagePack'],
    [of('threads'), 'a thread; its Observables are the streams'],
    [of('comlink'), 'a thread; a callback for each value is the stream'],
    [of('birpc'), 'a thread; events, or awaited calls, are the stream'],
    [of('capnweb'), 'a thread over a MessagePort; a ReadableStream'],
    [of('workerpool'), 'a pool of two processes'],
    [of('tinypool'), 'a pool of two processes, and a pool of two threads'],
    [of('piscina'), 'a pool of two threads'],
  ],
).replace('---:|', '---|')}`;
}

const howToRun = `## How to run it

\`\`\`
npm run bench                       the questions, on this Node and on the newest one: up to 15 minutes
npm run bench -- --quick            the same in 3 minutes, on this Node
npm run bench -- --all              the questions, the instructions, the profiles, and the scale
npm run bench -- --compare          prints what has become worse than in the figures that are committed
npm run bench -- --only 'stream: objects' --subject rxtractor
\`\`\`

The figures of the last run are in [performance/figures.json](performance/figures.json). The first lines of \`spec/bench/main.ts\` list all options.`;
