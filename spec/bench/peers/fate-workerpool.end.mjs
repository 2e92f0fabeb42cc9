// The worker of workerpool for the tables of orphans and of errors.
import workerpool from 'workerpool';
import {run} from './fate-work.cjs';

workerpool.worker({run});
