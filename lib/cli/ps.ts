/**
 * `rxtractor ps`: the trees that this user runs here.
 * Floor 10: a command.
 */
import {findRoots} from '../window/roots.js';
import {type Command, exit, jsonOption} from './command.js';
import {line, widthOf} from './io.js';
import {drawTrees, summaries} from './list-trees.js';

export const ps: Command = {
  name: 'ps',
  summary: 'trees of this user on this host',
  operands: [],
  options: jsonOption,
  about: `
Lists the trees of actors that this user runs on this host: the process of the
root, its name and age, and how many actors the tree has. The share of a core and
the memory are those of its processes on this host; other hosts on which it has
actors are named. A tree is found when its root has opened itself to observers:
programs under main() do, a moment after their first actor serves.
`,
  async run({options}, {out}) {
    const trees = await summaries(findRoots());
    if (options.json) line(out, JSON.stringify(trees, undefined, 2));
    else for (const text of drawTrees(trees, widthOf(out))) line(out, text);
    return exit.fine;
  },
};
