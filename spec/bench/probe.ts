/**
 * One probe in a process of its own: `probe.js SUBJECT NAME` prints its figures as JSON.
 * Started by `main` for each row, subject and round, so that no measurement lives on the warmth or the litter of another.
 */
import {bare} from './bare.js';
import type {Probe} from './measure.js';
import {ipcAdvanced, ipcJson, worker} from './node-own.js';

const subjects: Readonly<Record<string, () => Promise<Readonly<Record<string, Probe>>>>> = {
  bare: async () => bare,
  'ipc json': async () => ipcJson,
  'ipc advanced': async () => ipcAdvanced,
  worker: async () => worker,
  ours: async () => (await import('./ours.js')).ours,
};

const [subject = '', name = ''] = process.argv.slice(2);
const probe = (await subjects[subject]?.())?.[name];
if (!probe) throw new Error(`there is no probe ${subject} ${name}`);
const figures = await probe();
console.log(JSON.stringify(figures));
