/** fast-check, whose properties draw from the seed of this run. Above seed.ts; what checks a property imports it from here. */
import fc from 'fast-check';
import {seed} from './seed.js';

fc.configureGlobal({...fc.readConfigureGlobal(), seed});

export {fc};
