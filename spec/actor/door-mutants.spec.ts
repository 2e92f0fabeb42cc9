// The hostile table must find a look at a foreign value that has no guard: a table that cannot fail checks nothing (E3).
// Above door-mutants.ts, which plants such looks one at a time in a copy of what is compiled.
import {huntsAll} from '../kit/hunts-all.js';
import {doorMutants, findByTable, newDoorCopy} from './door-mutants.js';

huntsAll('the door to foreign values', doorMutants, findByTable, newDoorCopy);
