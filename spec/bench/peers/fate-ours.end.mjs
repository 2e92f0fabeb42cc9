// The actor of rxtractor for the tables of orphans and of errors.
import {registerError, task} from '../../../dist/lib/index.js';
import {QuotaError, run} from './fate-work.cjs';

registerError(QuotaError);
export const runs = task((name, ...args) => run(name, ...args));
export {QuotaError};
