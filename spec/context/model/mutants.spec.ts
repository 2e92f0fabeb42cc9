// The model must find faults that are planted: a check that cannot fail checks nothing.
// Above mutants.ts, which plants them one at a time in a copy of what is compiled.
import {huntsAll} from '../../kit/hunts-all.js';
import {findByModel, mutants, newCopy} from './mutants.js';

huntsAll('the protocol', mutants, findByModel, newCopy, 'ci');
