// piscina: a pool of threads, each with one task at a time.
import {Piscina} from 'piscina';

export const subject = {
  openPool: async () => {
    const pool = new Piscina({filename: new URL('task.end.mjs', import.meta.url).href, minThreads: 2, maxThreads: 2});
    return {call: value => pool.run(value), close: () => pool.destroy()};
  },
};
