/**
 * All commands, in the order of the help: to add one is a line here.
 * Floor 10: below `run`.
 */
import type {Command} from './command.js';
import {ps} from './ps.js';
import {tree} from './tree.js';

export const commands: readonly Command[] = [ps, tree];
