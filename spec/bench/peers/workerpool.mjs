// workerpool: a pool, here of processes, each with one task at a time.
import {fileURLToPath} from 'node:url';
import workerpool from 'workerpool';

export const subject = {
  openPool: async () => {
    const file = fileURLToPath(new URL('workerpool.end.mjs', import.meta.url));
    const pool = workerpool.pool(file, {workerType: 'process', minWorkers: 2, maxWorkers: 2});
    return {call: value => pool.exec('echo', [value]), close: () => pool.terminate(true)};
  },
};
