// tinypool: a pool, here of processes, each with one task at a time.
import {Tinypool} from 'tinypool';

export const subject = {
  openPool: async () => {
    const filename = new URL('task.end.mjs', import.meta.url).href;
    const pool = new Tinypool({filename, runtime: 'child_process', minThreads: 2, maxThreads: 2});
    return {call: value => pool.run(value), close: () => pool.destroy()};
  },
};
