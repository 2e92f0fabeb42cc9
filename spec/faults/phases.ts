// The work that is under way with an actor when a fault comes. Each phase resolves when it has been reached: the barrier of a case.
// Above story.ts; used by matrix.ts.
import {existsSync, readFileSync} from 'node:fs';
import {ContextCancelled, type Nursery, type Portal, SpawnFailed} from '../../lib/index.js';
import {eventually} from '../kit/eventually.js';
import {type ActorProcess, actorProcesses} from '../kit/processes.js';
import {type Ending, orDone, type Story} from './story.js';
import * as victim from './victim.js';

export interface Reached {
  readonly pid: number;
  readonly portal: Portal | undefined;
}

export interface Phase {
  readonly name: string;
  /** Whether nothing can be called in the actor, so that a fault can only come from outside. */
  readonly isClosed?: true;
  /** @param options of the actor @param note a file that does not exist yet */
  reach(story: Story, nursery: Nursery, options: object, note: string): Promise<Reached>;
}

const expose = [
  victim.echo,
  victim.hang,
  victim.large,
  victim.neverStarts,
  victim.staysOpen,
  victim.numbers,
  victim.takes,
  victim.closesItsHalf,
  victim.cleansUpLong,
  victim.meet,
];

/** A phase in which the actor serves. */
function serving(name: string, enter: (story: Story, portal: Portal, nursery: Nursery) => unknown): Phase {
  return {
    name,
    async reach(story, nursery, options) {
      const portal = await nursery.startActor('victim', {...options, expose, stdio: 'ignore'});
      await enter(story, portal, nursery);
      return {pid: portal.actor.pid, portal};
    },
  };
}

const closed = (phase: Phase): Phase => ({...phase, isClosed: true});

/** An answer that comes behind what was asked before: by then the actor has begun with that. */
const begun = (portal: Portal): Promise<number> => portal.run(victim.echo, 1);

const cancelled = (ending: Ending): string | undefined =>
  'error' in ending && ending.error instanceof ContextCancelled ? undefined : 'it was not ContextCancelled';
const settled = (ending: Ending): string | undefined =>
  'error' in ending ? `it rejected: ${ending.error}` : undefined;

/** The error with which a start rejects that a fault ends. */
const notStarted = (ending: Ending): string | undefined =>
  'error' in ending && ending.error instanceof SpawnFailed ? undefined : 'it was not SpawnFailed';

export const phases: readonly Phase[] = [
  {
    name: 'booting',
    isClosed: true,
    async reach(story, nursery, options) {
      story.call('startActor()', nursery.startActor('victim', {...options, expose, stdio: 'ignore'}), notStarted);
      const isVictim = ({parent, name}: ActorProcess): boolean => parent === process.pid && name === 'victim';
      const pid = await eventually(() => actorProcesses().find(isVictim)?.pid, 'a process of the victim', {pollMs: 1});
      return {pid, portal: undefined};
    },
  },
  {
    name: 'importing',
    isClosed: true,
    async reach(story, nursery, options, note) {
      const module = new URL('./imports-slowly.js', import.meta.url);
      story.call(
        'startActor()',
        nursery.startActor('victim', {...options, expose: [module], env: {FAULTS_NOTE: note}, stdio: 'ignore'}),
        notStarted,
      );
      await eventually(() => existsSync(note), 'a note of the module', {pollMs: 5});
      return {pid: Number(readFileSync(note, 'utf8')), portal: undefined};
    },
  },
  serving('idle', (story, portal) => {
    // It never rejects.
    story.call('ended', portal.ended, ending =>
      'value' in ending ? story.standard({error: ending.value}) : 'it rejected',
    );
  }),
  serving('a task runs', async (story, portal) => {
    story.call('run()', portal.run(victim.hang));
    await begun(portal);
  }),
  serving('a context opens', async (story, portal) => {
    story.call('openContext()', portal.openContext(victim.neverStarts));
    await begun(portal);
  }),
  serving('a context is open', async (story, portal) => {
    const context = await portal.openContext(victim.staysOpen);
    story.call('result()', context.result());
    story.call('next()', context.openStream()[Symbol.asyncIterator]().next());
  }),
  serving('values come', async (story, portal) => {
    story.stream('stream()', portal.with({window: 64}).stream(victim.numbers));
    await eventually(() => story.received >= 500, 'the first 500 values', {pollMs: 1});
  }),
  serving('values go', async (story, portal) => {
    const context = await portal.openContext(victim.takes);
    const wire = context.openStream();
    let sent = 0;
    const send = async (): Promise<never> => {
      for (;;) await wire.send(sent++);
    };
    story.call('send()', send());
    story.call('result()', context.result());
    await eventually(() => sent >= 500, 'room for 500 values', {pollMs: 1});
  }),
  serving('one half is closed', async (story, portal) => {
    const context = await portal.openContext(victim.closesItsHalf);
    const received: number[] = [];
    for await (const value of context.openStream()) received.push(value);
    if (received.join() !== '0,1,2,3,4,5,6,7,8,9') story.faults.push(`the closed half gave ${received}`);
    story.call('result()', context.result());
  }),
  serving('a large answer comes', (story, portal) => {
    // It may have come whole before the fault.
    const answer = portal.run(victim.large, 16 << 20).then(({length}) => {
      if (length !== 16 << 20) story.faults.push(`an answer of ${length} bytes came`);
    });
    story.call('run()', answer, orDone(story.standard));
  }),
  serving('a context is being cancelled', async (story, portal) => {
    const context = await portal.openContext(victim.cleansUpLong);
    // The death may come before the function has ended: then it has the last word (rule T17).
    story.call('result()', context.result(), ending => cancelled(ending) && story.standard(ending));
    story.call('cancel()', context.cancel('not wanted', {timeout: 60_000}), settled);
    await begun(portal);
  }),
  closed(
    serving('its nursery is being cancelled', async (story, portal, nursery) => {
      const context = await portal.openContext(victim.cleansUpLong);
      story.call('result()', context.result(), cancelled);
      story.call('cancel()', nursery.cancel('not wanted'), settled);
    }),
  ),
];
