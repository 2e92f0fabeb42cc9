// The simulated fleet and the model must find each planted fault of the lease: a check that cannot fail checks nothing.
import {huntsAll} from '../kit/hunts-all.js';
import {findByFleet, mutants, newLeaseCopy} from './mutants.js';

huntsAll('the lease', mutants, findByFleet, newLeaseCopy);
