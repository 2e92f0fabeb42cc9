/**
 * All commands, in the order of the help: to add one is a line here.
 * Floor 10: below `run`.
 */
import type {Command} from './command.js';
import {ps} from './ps.js';
import {top} from './top.js';
import {tree} from './tree.js';
import {why} from './why.js';

export const commands: readonly Command[] = [ps, tree, top, why];
