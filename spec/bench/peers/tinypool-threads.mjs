// tinypool: a pool, here of threads, each with one task at a time.
import {Tinypool} from 'tinypool';

export const subject = {
  openPool: async () => {
    const filename = new URL('task.end.mjs', import.meta.url).href;
    const pool = new Tinypool({filename, runtime: 'worker_threads', minThreads: 2, maxThreads: 2});
    return {call: value => pool.run(value), close: () => pool.destroy()};
  },
};
