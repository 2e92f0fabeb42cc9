/** All rules that simulations show. Above their tables. */
import {cancellation} from './cancellation.js';
import {contexts} from './contexts.js';
import {flow} from './flow.js';
import type {Rule} from './rule.js';
import {streams} from './streams.js';
import {tree} from './tree.js';

export const rules: readonly Rule[] = [...contexts, ...cancellation, ...streams, ...flow, ...tree];
