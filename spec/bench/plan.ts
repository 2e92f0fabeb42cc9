/**
 * The plan of a run: which probes, of which subjects, on which Node.
 * Beneath `main`; data only. A new probe of `ours` gets its line in `probes`.
 */
import {existsSync, readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {ours as oursSubject} from './ours.js';
import {peersFolder, root} from './peers-folder.js';
import {isGeneral} from './roads.js';

export interface SubjectPlan {
  /** Column and legend. */
  readonly title: string;
  /** The name that `probe` knows. */
  readonly subject: string;
  /** Whether the other end is a process, and not a thread of this one. */
  readonly isProcess: boolean;
  /** Whether it is a library with calls, and not Node itself. */
  readonly isPeer: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Probes that it has. */
  readonly probes: readonly string[];
}

const calls = ['call', 'calls'];
const spawns = ['spawn'];
const streams = (...names: string[]): string[] => names.map(name => `stream: ${name}`);

/** In the order of the report. */
export const probes: readonly string[] = [
  ...calls,
  'fan-out',
  ...streams('objects', 'objects each', 'numbers', 'numbers each', 'records', 'records each', 'operators'),
  ...streams('window 4096', 'async source', 'Observable'),
  ...streams('64 KiB', '1 MiB', 'echo'),
  'beside nothing',
  'beside buffers',
  'beside binary down',
  'beside binary up',
  'beside objects down',
  'beside objects up',
  'one stalled of 1000',
  'spawn',
  'spawn rxjs',
  'spawn cached',
  'spawn standby',
  'spawn ten',
  'spawn empty',
  'spawn empty ten',
  'one of ten fails',
  'ten end',
  'memory',
  'pool tasks',
  'found',
  'names',
];

const ofOthers = ['spawn empty', 'spawn empty ten', 'ten end'];
/** The probes that only `ours` has: a probe that is not there yet is not planned. */
const own = new Set(Object.keys(oursSubject.own ?? {}));
const ofOurs = probes.filter(name => !ofOthers.includes(name) && (own.has(name) || isGeneral(name)));

const peer = (title: string, isProcess: boolean, subject: string, ...probes: string[]): SubjectPlan => ({
  title,
  subject,
  isProcess,
  isPeer: true,
  probes,
});
const node = (title: string, isProcess: boolean, subject: string, ...probes: string[]): SubjectPlan => ({
  ...peer(title, isProcess, subject, ...probes),
  isPeer: false,
});

const ofNode = [...calls, ...streams('objects', 'numbers', 'records'), 'spawn'];
const large = streams('64 KiB', '1 MiB');

export const ours = 'rxtractor';
export const bare = 'bare socket';

export const subjects: readonly SubjectPlan[] = [
  node(bare, true, 'bare', ...ofNode, ...large, 'fan-out', 'spawn ten', 'memory', ...ofOthers),
  node(ours, true, 'ours', ...ofOurs),
  ...otherCodecs(),
  node('Node IPC json', true, 'ipc json', ...ofNode, 'fan-out', 'memory'),
  node('Node IPC advanced', true, 'ipc advanced', ...ofNode, ...large, 'fan-out'),
  node('Node worker port', false, 'worker', ...ofNode, ...large),
  peer('comedy', true, 'comedy', ...calls, ...spawns, 'memory'),
  peer('rsocket', true, 'rsocket', ...calls, ...streams('objects each', '64 KiB', 'echo'), ...spawns),
  peer('grpc-js', true, 'grpc', ...calls, ...streams('objects each', '64 KiB', '1 MiB', 'echo'), ...spawns),
  peer('Effect RPC', true, 'effect', ...calls, ...streams('objects', 'objects each', 'operators', '64 KiB'), ...spawns),
  peer(
    'threads.js',
    false,
    'threads',
    ...calls,
    ...streams('objects', 'numbers', 'records', 'operators', '64 KiB', '1 MiB'),
    ...spawns,
  ),
  peer('comlink', false, 'comlink', ...calls, ...streams('objects', 'objects each', '64 KiB'), ...spawns),
  peer('birpc', false, 'birpc', ...calls, ...streams('objects', 'objects each', '64 KiB'), ...spawns),
  peer('capnweb', false, 'capnweb', ...calls, ...streams('objects each', '64 KiB'), ...spawns),
  peer('workerpool', true, 'workerpool', 'pool tasks'),
  peer('tinypool (processes)', true, 'tinypool', 'pool tasks'),
  peer('tinypool (threads)', false, 'tinypool-threads', 'pool tasks'),
  peer('piscina', false, 'piscina', 'pool tasks'),
];

/** Beside the codec that is chosen by itself, while there are two. */
function otherCodecs(): SubjectPlan[] {
  const {optionalDependencies = {}} = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
  if (!('msgpackr' in optionalDependencies)) return [];
  const plan = node(`${ours}, msgpack-lite`, true, 'ours', ...calls, ...streams('objects', 'objects each'));
  return [{...plan, env: {RXTRACTOR_CODEC: 'msgpack-lite'}}];
}

/** The newest Node, as a package has it for this system; absent elsewhere. */
export function newestNode(): string | undefined {
  const path = fileURLToPath(new URL(`node_modules/node-${process.platform}-${process.arch}/bin/node`, peersFolder));
  return existsSync(path) ? path : undefined;
}
