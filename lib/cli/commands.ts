/**
 * All commands, in the order of the help: to add one is a line here.
 * Floor 10: below `run`.
 */
import {cancel} from './cancel.js';
import type {Command} from './command.js';
import {completionOf} from './completion.js';
import {devtools} from './devtools.js';
import {host} from './host.js';
import {kill} from './kill.js';
import {marbles} from './marbles.js';
import {ps} from './ps.js';
import {top} from './top.js';
import {trace} from './trace.js';
import {tree} from './tree.js';
import {watch} from './watch.js';
import {why} from './why.js';

const ofTrees: readonly Command[] = [ps, tree, top, why, watch, trace, marbles, cancel, kill, devtools, host];

export const commands: readonly Command[] = [...ofTrees, completionOf(ofTrees)];
