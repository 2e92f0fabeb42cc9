/**
 * A process that a daemon has started for an actor: how it begins, what it writes, and how it ends.
 * Floor 6: below `daemon`; above the process backend of the nursery.
 */
import type {ChildProcess} from 'node:child_process';
import {Socket} from 'node:net';
import type {Duplex, Readable, Writable} from 'node:stream';
import type {App} from '../actor/codebase.js';
import type {Exit} from '../base/errors.js';
import {begin, birthOf} from '../nursery/backends/birth.js';
import {LineCutter} from '../nursery/backends/line-cutter.js';
import {endOf} from '../nursery/backends/process-end.js';
import {taken} from '../transport/handed-over.js';
import type {Lines, Order} from './contract.js';
import {lineOf, type Term} from './term.js';

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
  /** The fencing token. */
  readonly token: string;
  /** The URLs of its modules: there, and here. */
  readonly modules: readonly (readonly [string, string])[];
}

export interface DaemonProcess {
  readonly pid: number;
  readonly setpriv: string | null;
  /** Resolves when it has ended, and all that it wrote was told. */
  readonly exited: Promise<Exit>;
  /** Tells it how long it may run. It begins when it is told for the first time. */
  renew(term: Term): void;
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
  /** The connection that becomes its channel. */
  readonly channel: Duplex;
  /** Gets each line that it writes. */
  told(from: Lines[0], line: Uint8Array): void;
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
  const {id, name, treeId, argv, cwd = app.folder, execArgv, maxHeap, readsStdout, ticket, key, token} = order;
  const stdio = readsStdout ? 'pipe' : 'ignore';
  const birth = birthOf(
    {name, env: {}, cwd, execArgv, maxHeap, stdio, debug: undefined, startFolder: app.folder, setpriv: undefined},
    'remote-child.js',
  );
  const child = await begin(
    {...birth, env: {...env}, channel: channel instanceof Socket ? channel : 'pipe'},
    {treeId, id, name, argv: []},
  );
  const assignment: RemoteAssignment = {
    id,
    name,
    treeId,
    argv,
    host,
    ticket,
    key: Buffer.from(key).toString('hex'),
    token,
    modules,
  };
  const pipe = child.stdio[4] as Writable;
  pipe.on('error', () => {}).write(lineOf(assignment));
  if (channel instanceof Socket) handOver(channel);
  else passOn(channel, child.stdio[3] as Duplex);
  const {exited, kill} = endOf(child, {name});
  tellLines(child.stderr, 'stderr', told);
  tellLines(child.stdout, 'stdout', told);
  return {
    pid: child.pid as number,
    setpriv: birth.setpriv,
    exited,
    renew: latestInto(pipe),
    cancel: () => void child.kill('SIGTERM'),
    kill,
  };
}

/** The process has the connection now, so this one says so and lets go of it. */
function handOver(channel: Socket): void {
  channel.on('error', () => {});
  channel.write(taken, () => channel.destroy());
}

/** A stream that a broker relays has no descriptor, so the daemon passes on what it has. It cannot read it: TLS ends in the process. */
function passOn(relayed: Duplex, process: Duplex): void {
  relayed.on('error', () => {}).on('close', () => process.destroy());
  process.on('error', () => {}).on('close', () => relayed.end());
  relayed.write(taken);
  relayed.pipe(process);
  process.pipe(relayed);
}

/** While an actor does not read, because it is busy, only the latest term waits for it. */
function latestInto(pipe: Writable): (term: Term) => void {
  let waiting: Term | undefined;
  const write = (term: Term): void => {
    if (pipe.writableNeedDrain) waiting = term;
    else pipe.write(lineOf(term));
  };
  pipe.on('drain', () => {
    if (waiting) write(waiting);
    waiting = undefined;
  });
  return write;
}

function tellLines(from: ChildProcess['stdout'], name: Lines[0], told: Wanted['told']): void {
  const cutter = new LineCutter(line => told(name, line));
  (from as Readable | null)
    ?.on('data', (chunk: Buffer) => cutter.add(chunk))
    .on('close', () => cutter.end())
    .on('error', () => {});
}
