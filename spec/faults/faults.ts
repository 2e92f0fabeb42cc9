// The faults that happen to an actor, each with what its parent must be told.
// Beside phases.ts, which says what is under way when a fault comes.
import {existsSync} from 'node:fs';
import {ActorDied, ActorError, type ActorOptions, ContextCancelled, type Portal} from '../../lib/index.js';
import {eventually} from '../kit/eventually.js';
import type {Ending, Judge} from './story.js';
import {type Doom, meet} from './victim.js';

export interface Fault {
  readonly name: string;
  /** Options of the actor that it needs. */
  readonly options?: Partial<ActorOptions>;
  /** Makes it happen. @param portal absent while the actor is still being started @param note a file that does not exist yet */
  strike(pid: number, portal: Portal | undefined, note: string): unknown;
  /** Whether it can happen to an actor that has not imported its modules. */
  readonly fromOutside: boolean;
  /** Why an error that the parent was told is wrong; undefined when it is right. */
  readonly judge: Judge;
}

type Exit = ActorDied['exit'];

const shown = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : String(error));

/** The error must be an ActorDied, with that exit where one is certain. */
const died =
  (exit?: Exit): Judge =>
  ending => {
    if ('value' in ending) return `it gave ${String(ending.value)}`;
    const {error} = ending;
    if (!(error instanceof ActorDied)) return `it failed with ${shown(error)}`;
    const isRight = !exit || (exit.code === error.exit.code && exit.signal === error.exit.signal);
    return isRight ? undefined : `the exit was ${JSON.stringify(error.exit)}`;
  };

/** For an actor that this end has ended: the cancellation, or the death that came of it. */
const endedHere = (ending: Ending): string | undefined => {
  if ('value' in ending) return `it gave ${String(ending.value)}`;
  const {error} = ending;
  // The promise of its end has undefined.
  return error === undefined || error instanceof ContextCancelled || error instanceof ActorDied
    ? undefined
    : `it failed with ${shown(error)}`;
};

function signal(name: NodeJS.Signals, judge: Judge): Fault {
  return {name, fromOutside: true, strike: pid => process.kill(pid, name), judge};
}

function doom(name: Doom, exit: Exit | undefined, options?: Partial<ActorOptions>): Fault {
  return {
    name,
    fromOutside: false,
    ...(options && {options}),
    strike: (_, portal, note) => portal?.run(meet, name, note).catch(ignoreDeath),
    judge: died(exit),
  };
}

/** The answer of `meet` may be lost with its actor. */
function ignoreDeath(error: unknown): void {
  if (!(error instanceof ActorError)) throw error;
}

/** The actor hears nothing any more, and is ended. */
function deaf(name: string, deafen: (pid: number, portal: Portal, note: string) => unknown): Fault {
  return {
    name,
    fromOutside: false,
    strike: async (pid, portal, note) => {
      await deafen(pid, portal as Portal, note);
      await portal?.cancelActor();
    },
    judge: endedHere,
  };
}

export const faults: readonly Fault[] = [
  signal('SIGKILL', died({code: null, signal: 'SIGKILL'})),
  // Its clean-up may take longer than it has, and then it is killed.
  signal('SIGTERM', died()),
  doom('exit 0', {code: 0, signal: null}),
  doom('exit 3', {code: 3, signal: null}),
  doom('abort', {code: null, signal: 'SIGABRT'}),
  doom('uncaught', {code: 1, signal: null}),
  doom('rejection', {code: 1, signal: null}),
  doom('out of memory', undefined, {maxHeap: 64}),
  doom('channel closed', undefined),
  deaf('stopped, then ended', pid => process.kill(pid, 'SIGSTOP')),
  deaf('busy, then ended', async (_, portal, note) => {
    // Its answer stays in the actor where the loop begins before there was room for it.
    void portal.run(meet, 'busy', note).catch(ignoreDeath);
    await eventually(() => existsSync(note), 'a note of the loop', {pollMs: 5});
  }),
];
