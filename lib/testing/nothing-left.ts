/**
 * Looks for what the trees of this process have left behind.
 * Floor 9, room of the testing kit: above `recorder`; public.
 */
import {readdirSync, readFileSync, readlinkSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {callFrames} from '../base/call-frames.js';
import {plainClock} from '../base/clock.js';
import {ActorError} from '../base/errors.js';
import {attempt, readProperty} from '../base/foreign.js';
import {libraryFile} from '../base/library.js';
import {checkAmount, checkKeys} from '../base/option-checks.js';
import {isRuntimeName} from '../base/runtime-name.js';
import {describeContext} from '../base/tree-survey.js';
import {Link} from '../context/protocol/link.js';
import {contextRow} from '../context/protocol/row.js';
import {liveFolders} from '../transport/folder.js';
import {type Note, recorded, recordedActors} from './recorder.js';

/** Options of `assertNothingLeft`. */
export interface NothingLeftOptions {
  /** How long it waits for what is about to end, in ms. Default 2 000. */
  readonly within?: number;
}

/** The program that every process of an actor runs. */
const childFile = libraryFile('child.js');
const childEntry = childFile && fileURLToPath(childFile);

/** The descriptors up to this one are input, output and errors of the process. */
const lastStandardFd = 2;
/** How often it looks again, in ms. */
const againMs = 10;
const defaultMs = 2_000;

/** The descriptors that were open when the kit was loaded, or at the last look that has found nothing. */
let before = descriptors();

/**
 * Asserts that the trees of this process have left nothing behind: no processes, no open contexts, no sockets, no timers that keep the
 * process running, no descriptors, and no entries in the folder for sockets. Things that code outside actors has made do not count,
 * except descriptors, which do not tell who has opened them. What was made before the kit was loaded does not count either.
 *
 * Resolves as soon as nothing is left. Rejects with an ActorError (`ERR_ACTOR`) that lists what is left, each with where it was made as
 * far as that is known; with TypeError or RangeError for wrong options.
 *
 * @example
 * ```ts
 * afterEach(() => assertNothingLeft({within: 500}));
 * ```
 */
export async function assertNothingLeft(options: NothingLeftOptions = {}): Promise<void> {
  checkKeys(options, new Set(['within']), 'assertNothingLeft(): ');
  const {within = defaultMs} = options;
  checkAmount('assertNothingLeft(): within', within, 'milliseconds');
  const due = plainClock.now() + within;
  for (;;) {
    const left = leftNow();
    if (left.length === 0) {
      before = descriptors();
      return;
    }
    if (plainClock.now() >= due)
      throw new ActorError(
        `${left.length === 1 ? '1 thing is' : `${left.length} things are`} left:\n${left.map(line => `  ${line}`).join('\n')}`,
      );
    await plainClock.pause(Math.min(againMs, Math.max(0, due - plainClock.now())));
  }
}

/** One line for each thing. */
function leftNow(): string[] {
  return [...contexts(), ...made(), ...openedDescriptors(), ...folders()];
}

function contexts(): string[] {
  return recordedActors().flatMap(({id, channels}) =>
    [...channels]
      .flatMap(channel => [...channel.endpoints])
      .filter(end => end instanceof Link)
      .filter(({role}) => !isRuntimeName(role.name))
      .map(link => `context: ${id.name} ${describeContext(contextRow(link))}${siteOf(link)}`),
  );
}

function siteOf({role}: Link): string {
  const [frame] = callFrames(role.site?.stack);
  return frame === undefined ? '' : `, made ${frame.trim()}`;
}

function made(): string[] {
  return recorded().flatMap(note => {
    const resource = note.resource.deref();
    const what = resource && describe(note, resource);
    if (what === undefined) return [];
    const owner = note.actor === undefined ? '' : ` of ${note.actor}`;
    return [`${what}${owner}${note.madeAt === undefined ? '' : `, made ${note.madeAt}`}`];
  });
}

/** Undefined when it does not count. */
function describe({kind, actor}: Note, resource: object): string | undefined {
  switch (kind) {
    case 'timer':
      return isActiveTimer(resource) ? `timer of ${String(readProperty(resource, '_idleTimeout'))} ms` : undefined;
    case 'process': {
      const pid = readProperty(resource, 'pid');
      if (typeof pid !== 'number' || !isAlive(pid)) return undefined;
      const command = commandOf(pid);
      const isOurs = actor !== undefined || (childEntry !== undefined && command.includes(childEntry));
      return isOurs ? `process: ${command} (pid ${pid})` : undefined;
    }
    case 'socket':
      return isOpen(resource) ? `socket: descriptor ${String(readProperty(resource, 'fd'))}` : undefined;
  }
}

function isActiveTimer(resource: object): boolean {
  return (
    readProperty(resource, '_destroyed') === false &&
    attempt(() => (resource as NodeJS.Timeout).hasRef(), false) === true
  );
}

/** Input and output of the process belong to it, whichever code has looked at them first. */
function isOpen(resource: object): boolean {
  return Number(readProperty(resource, 'fd') ?? -1) > lastStandardFd;
}

function isAlive(pid: number): boolean {
  return attempt(() => process.kill(pid, 0), false) === true;
}

/** The command of a process; a dash where the system does not tell. */
function commandOf(pid: number): string {
  const line = attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'), '') as string;
  return line === '' ? '-' : line.split('\0').filter(Boolean).join(' ');
}

/** The open descriptors by what they lead to. Empty where the system does not tell. */
function descriptors(): Map<number, string> {
  const names = attempt(() => readdirSync('/proc/self/fd'), []) as string[];
  return new Map(
    names.map(name => [Number(name), targetOf(Number(name))] as const).filter(([, target]) => target !== ''),
  );
}

function targetOf(fd: number): string {
  return attempt(() => readlinkSync(`/proc/self/fd/${fd}`), '') as string;
}

/** Files that were opened. Sockets, pipes and what Node has for itself are not files: `recorder` knows the sockets. */
function openedDescriptors(): string[] {
  return [...descriptors()]
    .filter(([fd, target]) => target.startsWith('/') && !target.startsWith('/proc/') && before.get(fd) !== target)
    .map(([fd, target]) => `descriptor ${fd}: ${target}`);
}

function folders(): string[] {
  return ownFolders().flatMap(folder => {
    const entries = attempt(() => readdirSync(folder), []) as string[];
    return entries.length === 0 ? [`folder: ${folder}`] : entries.map(entry => `folder entry: ${folder}/${entry}`);
  });
}

/** The folders of the trees whose root is this process. */
function ownFolders(): string[] {
  const found = attempt(liveFolders, []) as ReturnType<typeof liveFolders>;
  return found.filter(({pid}) => pid === process.pid).map(({path}) => path);
}
