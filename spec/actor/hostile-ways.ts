// The ways in which a remote function, or its caller, can give a hostile value, and the outcomes that are right.
// Above fixtures/hostile.ts; hostile.spec.ts and hostile-attempt.ts try them.
import {inspect} from 'node:util';
import {firstValueFrom, lastValueFrom} from 'rxjs';
import {ActorError, openNursery, type Portal, sleep} from '../../lib/index.js';
import * as remote from '../fixtures/hostile.js';

const {hostile, hold} = remote;

/** How a promise settles, in one word: the code of an error of ours, or that it resolves. */
export async function outcomeOf(promise: PromiseLike<unknown>): Promise<string> {
  try {
    await promise;
    return 'a value';
  } catch (error) {
    return error instanceof ActorError ? error.code : `an error that is not ours: ${typeof error}`;
  }
}

export interface Way {
  readonly give: (portal: Portal, what: string) => PromiseLike<unknown>;
  /** The outcomes that are right at the caller. */
  readonly right: readonly string[];
}

/** Every way in which a remote function, or its caller, can give a value. */
export const ways: Readonly<Record<string, Way>> = {
  'is thrown by a task': {give: (portal, what) => portal.run(remote.throwIt, what), right: ['ERR_REMOTE']},
  'rejects a task': {give: (portal, what) => portal.run(remote.rejectIt, what), right: ['ERR_REMOTE']},
  'is the result of a task': {
    // One that never settles is cancelled, as every task may be.
    give: (portal, what) => (/never/.test(what) ? portal.with({timeout: 100}) : portal).run(remote.returnIt, what),
    right: ['a value', 'ERR_REMOTE', 'ERR_CANCELLED'],
  },
  'is a value of a stream': {
    give: (portal, what) => lastValueFrom(portal.stream(remote.yieldIt, what)),
    right: ['a value', 'ERR_REMOTE'],
  },
  'is what a stream function gives': {
    // A mock can be subscribed to, and never says anything.
    give: (portal, what) =>
      firstValueFrom(portal.with({timeout: /never/.test(what) ? 100 : 60_000}).stream(remote.giveIt, what), {
        defaultValue: undefined,
      }),
    right: ['a value', 'ERR_REMOTE', 'ERR_CANCELLED'],
  },
  'is thrown by a generator': {
    give: (portal, what) => lastValueFrom(portal.stream(remote.failAfterOne, what)),
    right: ['ERR_REMOTE'],
  },
  'is the error of an Observable': {
    give: (portal, what) => lastValueFrom(portal.stream(remote.errorAtOnce, what)),
    right: ['ERR_REMOTE'],
  },
  'is thrown by the clean-up of a stream': {
    give: async (portal, what) => {
      for await (const value of portal.stream(remote.cleanUpBadly, what)) if (value === 3) break;
    },
    right: ['a value'],
  },
  'is the value of started': {
    give: async (portal, what) => (await portal.openContext(remote.startWith, what)).result(),
    right: ['a value', 'ERR_REMOTE'],
  },
  'is the error of started': {
    give: (portal, what) => portal.openContext(remote.failStarted, what),
    right: ['ERR_REMOTE'],
  },
  'is thrown where a resource is opened': {
    give: (portal, what) => portal.run(remote.openBadly, what),
    right: ['ERR_REMOTE'],
  },
  'is thrown where a resource is closed': {
    give: (portal, what) => portal.run(remote.closeBadly, what),
    right: ['ERR_REMOTE'],
  },
  'is the reason of a cancelled call': {
    give: (portal, what) => {
      const controller = new AbortController();
      const call = portal.with({signal: controller.signal}).run(hold);
      controller.abort(hostile[what]?.());
      return call;
    },
    right: ['ERR_CANCELLED'],
  },
};

/** A nursery in which a hostile value is a failure beside another one. Gives the text of the error that holds both. */
export async function failureBeside(thrown: unknown): Promise<string> {
  const failure = openNursery(async () => {
    // Nobody asks for it, so that it is a failure of the outer nursery.
    void openNursery(async () => {
      throw thrown;
    });
    await sleep(1e9).catch(() => {
      throw new Error('another failure');
    });
  });
  return failure.then(
    () => 'it resolved',
    error => inspect(error),
  );
}
