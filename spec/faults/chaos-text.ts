// The findings of runs of chaos, as a section of a page. Below report.ts.
import type {Outcome} from './chaos.js';
import type {Chaos} from './run-chaos.js';

export function chaosText(runs: readonly Chaos[], machine: string): string {
  const outcomes = runs.map(({outcome}) => outcome);
  const sum = (of: (outcome: Outcome) => number): number => outcomes.reduce((all, one) => all + of(one), 0);
  const findings = runs.reduce((all, one) => all + one.findings.length, 0);
  const struck = sum(({faults}) => Object.values(faults).reduce((all, times) => all + times, 0));
  return `${runs.length} runs of 20 s, with the seeds ${outcomes[0]?.seed} to ${outcomes.at(-1)?.seed}, on ${machine}: ${struck} faults at trees of
up to ${Math.max(...outcomes.map(({mostActors}) => mostActors))} actors, which did ${sum(({operations}) => operations)} pieces of work and passed ${sum(({values}) => values)} values.
**${sum(({orphans}) => orphans)} orphans, ${outcomes.filter(({hung}) => hung).length} hangs, ${findings} silent losses or other findings.** ${sum(({failed}) => failed)} pieces of work of the root ended with an
error of the library. The slowest teardown of a whole tree took ${Math.round(Math.max(...outcomes.map(({teardownMs}) => teardownMs)))} ms; stopped actors are part of it.

| fault | how often |
|---|---:|
${rows(outcomes)}`;
}

function rows(outcomes: readonly Outcome[]): string {
  const names = [...new Set(outcomes.flatMap(({faults}) => Object.keys(faults)))].sort();
  const often = (name: string): number => outcomes.reduce((all, {faults}) => all + (faults[name] ?? 0), 0);
  return names.map(name => `| ${name} | ${often(name)} |`).join('\n');
}
