/**
 * `rxtractor trace`: records what happens in a tree, for Perfetto.
 * Floor 10: a command.
 */
import {writeFile} from 'node:fs/promises';
import {lastValueFrom, merge, take, takeUntil, timer, toArray} from 'rxjs';
import {toPerfetto} from '../window/perfetto.js';
import {traceTree} from '../window/trace-tree.js';
import {type Command, exit, tlsOptions, UsageError} from './command.js';
import {endOf, line} from './io.js';
import {placeOf} from './trees.js';

export const trace: Command = {
  name: 'trace',
  summary: 'records a tree for Perfetto: --for 10s -o t.json',
  operands: ['[ROOT]'],
  options: {
    for: {type: 'string', value: 'TIME', help: 'How long, as 500ms, 10s, 2min. Default: until Ctrl-C.'},
    output: {type: 'string', short: 'o', value: 'FILE', help: 'Where the trace goes; - is stdout.'},
    events: {type: 'boolean', help: 'Write the events themselves, a line of JSON each.'},
    ...tlsOptions,
  },
  about: `
Records what happens in a tree, and writes it in the format of chrome://tracing
and ui.perfetto.dev: an actor is a process there, a call is a slice in the actor
that calls, and its function a slice in the other one. Ctrl-C ends the recording
and writes what there is.
`,
  async run(given, {out, err, interrupted}) {
    const {output, for: time, events: asEvents} = given.options;
    if (output === undefined) throw new UsageError('trace needs -o FILE');
    const ends = [endOf({interrupted}), ...(time === undefined ? [] : [timer(msOf(String(time)))])];
    const recording = traceTree(await placeOf(given)).pipe(takeUntil(merge(...ends).pipe(take(1))), toArray());
    const events = await lastValueFrom(recording);
    const lines = events.map(event => JSON.stringify(event)).join('\n');
    const text = asEvents ? `${lines}\n` : `${JSON.stringify(toPerfetto(events))}\n`;
    if (output === '-') out.write(text);
    else await writeFile(String(output), text);
    line(err, `${events.length} events`);
    return exit.fine;
  },
};

const units: Readonly<Record<string, number>> = {ms: 1, s: 1_000, '': 1_000, min: 60_000, m: 60_000};

/** @throws UsageError */
export function msOf(text: string): number {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|min|m)?$/.exec(text) ?? [];
  if (amount === undefined) throw new UsageError(`--for takes a time as 500ms, 10s or 2min, not ${text}`);
  return Number(amount) * (units[unit] as number);
}
