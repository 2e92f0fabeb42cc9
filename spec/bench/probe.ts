/**
 * One probe in a process of its own: `probe.js SUBJECT NAME` prints its figures as JSON.
 * Started by `main` for each probe, subject and round, so that no measurement lives on the warmth or the litter of another.
 */
import {bare} from './bare.js';
import {ipcAdvanced, ipcJson, worker} from './node-own.js';
import {peersFolder} from './peers-folder.js';
import {probeOf, type Subject} from './roads.js';

const subjects: Readonly<Record<string, () => Promise<Subject>>> = {
  bare: async () => bare,
  'ipc json': async () => ipcJson,
  'ipc advanced': async () => ipcAdvanced,
  worker: async () => worker,
  ours: async () => (await import('./ours.js')).ours,
  scale: async () => (await import('./scale.js')).scale,
};

/** A peer is a module beside its packages, which users and the other specs do not have. */
async function peer(name: string): Promise<Subject> {
  const file = new URL(`${name}.mjs`, peersFolder).href;
  return ((await import(file)) as {subject: Subject}).subject;
}

const [subjectName = '', name = ''] = process.argv.slice(2);
const subject = await (subjects[subjectName]?.() ?? peer(subjectName));
const figures = await probeOf(subject, name)();
await subject.end?.();
console.log(JSON.stringify(figures));
// Not every peer lets its process end.
process.exit();
