/**
 * A process that a daemon has started for an actor: how it begins, what it writes, and how it ends.
 * Floor 6: below `daemon`; above the process backend of the nursery.
 */
import type {ChildProcess} from 'node:child_process';
import type {Socket} from 'node:net';
import type {Readable, Writable} from 'node:stream';
import type {App} from '../actor/codebase.js';
import type {Exit} from '../base/errors.js';
import {begin, birthOf} from '../nursery/backends/birth.js';
import {LineCutter} from '../nursery/backends/line-cutter.js';
import {endOf} from '../nursery/backends/process-end.js';
import {taken} from '../transport/handed-over.js';
import type {Lines, Order} from './contract.js';

/** The daemon tells this to the process over its pipe, because arguments can be read by every user of the host. */
export interface RemoteAssignment {
  readonly id: string;
  readonly name: string;
  readonly treeId: string;
  readonly argv: readonly string[];
  /** The name of this host. */
  readonly host: string;
  readonly ticket: string;
  /** In hex. */
  readonly key: string;
  /** The URLs of its modules: there, and here. */
  readonly modules: readonly (readonly [string, string])[];
}

export interface DaemonProcess {
  readonly pid: number;
  readonly setpriv: string | null;
  /** Resolves when it has ended, and all that it wrote was told. */
  readonly exited: Promise<Exit>;
  /** Asks it to end. */
  cancel(): void;
  kill(): void;
}

interface Wanted {
  readonly order: Order;
  readonly app: App;
  readonly host: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly modules: RemoteAssignment['modules'];
  readonly channel: Socket;
  /** Gets the lines that it writes. */
  told(lines: Lines): void;
}

export async function beginDaemonProcess({
  order,
  app,
  host,
  env,
  modules,
  channel,
  told,
}: Wanted): Promise<DaemonProcess> {
  const {id, name, treeId, argv, cwd = app.folder, execArgv, maxHeap, readsStdout, ticket, key} = order;
  const stdio = readsStdout ? 'pipe' : 'ignore';
  const birth = birthOf(
    {name, env: {}, cwd, execArgv, maxHeap, stdio, debug: undefined, startFolder: app.folder, setpriv: undefined},
    'remote-child.js',
  );
  const child = await begin({...birth, env: {...env}, channel}, {treeId, id, name, argv: []});
  const assignment: RemoteAssignment = {
    id,
    name,
    treeId,
    argv,
    host,
    ticket,
    key: Buffer.from(key).toString('hex'),
    modules,
  };
  const pipe = child.stdio[4] as Writable;
  pipe.on('error', () => {}).end(JSON.stringify(assignment));
  handOver(channel);
  const {exited, kill} = endOf(child, {name});
  tellLines(child.stderr, 'stderr', told);
  tellLines(child.stdout, 'stdout', told);
  return {
    pid: child.pid as number,
    setpriv: birth.setpriv,
    exited,
    cancel: () => void child.kill('SIGTERM'),
    kill,
  };
}

/** The process has the connection now, so this one says so and lets go of it. */
function handOver(channel: Socket): void {
  channel.on('error', () => {});
  channel.write(taken, () => channel.destroy());
}

function tellLines(from: ChildProcess['stdout'], name: Lines[0], told: (lines: Lines) => void): void {
  let whole: Buffer[] = [];
  const cutter = new LineCutter(line => whole.push(line));
  const tell = (): void => {
    if (whole.length > 0) told([name, Buffer.concat(whole)]);
    whole = [];
  };
  (from as Readable | null)
    ?.on('data', (chunk: Buffer) => {
      cutter.add(chunk);
      tell();
    })
    .on('close', () => {
      cutter.end();
      tell();
    })
    .on('error', () => {});
}
