/**
 * `rxtractor watch`: what happens in a tree, as lines.
 * Floor 10: a command.
 */
import {takeUntil} from 'rxjs';
import type {TraceEvent} from '../discovery/tree-events.js';
import {traceTree} from '../window/trace-tree.js';
import {type Command, exit, jsonOption, tlsOptions} from './command.js';
import {EventLines} from './event-lines.js';
import {endOf, line} from './io.js';
import {placeOf} from './trees.js';

export const watch: Command = {
  name: 'watch',
  summary: 'events and logs of a tree, as lines',
  operands: ['[ROOT]'],
  options: {...jsonOption, ...tlsOptions},
  about: `
Prints what happens in a tree, a line for each event: calls and functions with
their outcomes, actors that come and go, streams that stall, direct links, and
the lines of the log. It ends with Ctrl-C. With --json each line is a TraceEvent
of rxtractor/window, the counters of each actor included.
`,
  async run(given, {out, interrupted}) {
    const lines = new EventLines();
    const show = (event: TraceEvent): void => {
      const text = given.options.json ? JSON.stringify(event) : lines.lineOf(event);
      if (text !== undefined) line(out, text);
    };
    await traceTree(await placeOf(given))
      .pipe(takeUntil(endOf({interrupted})))
      .forEach(show);
    return exit.fine;
  },
};
