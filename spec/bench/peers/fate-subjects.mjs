// Libraries that start processes: each starts one, and calls a function in it by its name. Each is loaded when it is asked for.
import {fork} from 'node:child_process';
import {once} from 'node:events';
import {createRequire} from 'node:module';
import {fileURLToPath} from 'node:url';

const fileOf = name => fileURLToPath(new URL(name, import.meta.url));

/** @returns call(name, ...args) */
export const subjects = {
  // The code of a user who has no library: the next message is the answer, and an exit is a failure.
  fork: async () => {
    const child = fork(fileOf('fate-fork.end.mjs'), {serialization: 'advanced'});
    return async (name, ...args) => {
      child.send({name, args});
      const answer = once(child, 'message').then(([message]) => message);
      const exit = once(child, 'exit').then(([code]) => ({error: new Error(`the process has exited with ${code}`)}));
      const {value, error} = await Promise.race([answer, exit]);
      if (error) throw error;
      return value;
    };
  },
  tinypool: async () => {
    const {Tinypool} = await import('tinypool');
    const filename = new URL('fate-tinypool.end.mjs', import.meta.url).href;
    const pool = new Tinypool({filename, runtime: 'child_process', minThreads: 1, maxThreads: 1});
    return (name, ...args) => pool.run({name, args});
  },
  'jest-worker': async () => {
    const {Worker} = await import('jest-worker');
    const worker = new Worker(fileOf('fate-work.cjs'), {exposedMethods: ['run'], numWorkers: 1});
    return (name, ...args) => worker.run(name, ...args);
  },
  workerpool: async () => {
    const {default: workerpool} = await import('workerpool');
    const pool = workerpool.pool(fileOf('fate-workerpool.end.mjs'), {workerType: 'process', maxWorkers: 1});
    return (name, ...args) => pool.exec('run', [name, ...args]);
  },
  comedy: async () => {
    // It takes the path of a module from the folder of the application.
    process.env.APP_ROOT_PATH = fileOf('.');
    const {default: comedy} = await import('comedy');
    const system = comedy({loggerConfig: {categories: {Default: 'Error'}}});
    const root = await system.rootActor();
    const actor = await root.createChild('/fate-comedy.end.cjs', {mode: 'forked'});
    return (name, ...args) => actor.sendAndReceive('run', {name, args});
  },
  rxtractor: async () => {
    const [{openNursery}, {runs}] = await Promise.all([
      import('../../../dist/lib/index.js'),
      import('./fate-ours.end.mjs'),
    ]);
    const nursery = await openNursery({logLevel: 'silent'});
    const portal = await nursery.startActor('worker', {expose: [new URL('fate-ours.end.mjs', import.meta.url)]});
    return (name, ...args) => portal.run(runs, name, ...args);
  },
};

/** The class of the error, as the caller has it. */
export const {QuotaError} = createRequire(import.meta.url)('./fate-work.cjs');
