/**
 * `rxtractor tree`: a tree as it is now.
 * Floor 10: a command.
 */
import {type Command, exit, jsonOption, tlsOptions} from './command.js';
import {drawTree} from './draw-tree.js';
import {isColoured, line, widthOf} from './io.js';
import {lookAt, placeOf} from './trees.js';

export const tree: Command = {
  name: 'tree',
  summary: 'a tree as it is now',
  operands: ['[ROOT]'],
  options: {
    contexts: {type: 'boolean', short: 'c', help: 'Print the open contexts of each actor too.'},
    ...jsonOption,
    ...tlsOptions,
  },
  about: `
Prints the actors of a tree with their processes, states, and what they use.
It looks for half a second, because that is what the share of a core needs.
With --json it prints a TreeView of rxtractor/window, contexts included.
`,
  async run(given, {out, env}) {
    const {json, contexts} = given.options;
    const view = await lookAt(await placeOf(given), Boolean(json || contexts));
    if (json) line(out, JSON.stringify(view, undefined, 2));
    else for (const text of drawTree(view, {width: widthOf(out), colours: isColoured(out, env)})) line(out, text);
    return exit.fine;
  },
};
