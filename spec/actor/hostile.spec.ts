// Whatever is thrown, rejected, returned or streamed, and however it looks at whoever looks at it: the caller gets a typed outcome, and the
// actor lives. A table: each value of fixtures/hostile.ts, in each way of hostile-ways.ts, on each backend. Above base/foreign.spec.ts, which tests the looks.
import {type Backend, type Nursery, openNursery, openShared, type Portal} from '../../lib/index.js';
import * as remote from '../fixtures/hostile.js';
import {patient} from '../kit/patient.js';
import {spawning} from '../kit/spawning.js';
import {failureBeside, outcomeOf, ways} from './hostile-ways.js';

const inCi = Boolean(process.env.RXTRACTOR_CI);
const backends: readonly Backend[] = inCi ? ['process', 'thread', 'inline'] : ['inline'];
const {hostile, ping, hold, ...functions} = remote;
const expose = [ping, hold, ...Object.values(functions)];
const values = Object.entries(hostile);
/** The errors of clean-ups are logged, and there are many. */
const quiet = {...patient, logLevel: 'error'} as const;

let nursery: Nursery;
const victims = new Map<Backend, Portal>();

const test = spawning({last: () => nursery[Symbol.asyncDispose]()});

test.before(async () => {
  // A task whose result never settles does not obey its cancel.
  nursery = await openNursery({...quiet, timeouts: {...patient.timeouts, exit: 1_000}});
  for (const backend of backends) victims.set(backend, await nursery.startActor('victim', {expose, backend}));
});

/** The reason with which a promise rejects, within an object: an `await` would take a thenable for something to wait for. */
function thrownBy(promise: PromiseLike<unknown>): Promise<{readonly error: unknown}> {
  return promise.then(
    () => ({error: 'it resolved'}),
    error => ({error}),
  ) as Promise<{readonly error: unknown}>;
}

if (!inCi)
  test.skip('E3: the same in a process and in a thread (takes long: set RXTRACTOR_CI=1 to run)', t => t.pass());

for (const backend of backends) {
  for (const [way, {give, right}] of Object.entries(ways)) {
    test(`E3: ${backend}: whatever ${way}, the outcome is typed and the actor lives`, async t => {
      const portal = victims.get(backend) as Portal;
      const check = async (what: string): Promise<void> => {
        const outcome = await outcomeOf(give(portal, what));
        t.true(right.includes(outcome), `${what}: ${outcome}`);
        t.is(await portal.run(ping), 'pong', what);
      };
      await Promise.all(values.map(([what]) => check(what)));
    });
  }

  test(`E3: ${backend}: whatever a body throws, its nursery rejects with that very thing, and its actors are gone`, t =>
    openNursery(async () => {
      for (const [what, make] of values) {
        const thrown = make();
        let actor: Portal | undefined;
        const failure = openNursery(async inner => {
          actor = await inner.startActor('kept', {expose: [hold], backend});
          actor.run(hold).catch(() => {});
          throw thrown;
        });
        t.true((await thrownBy(failure)).error === thrown, what);
        t.is(await actor?.ended, undefined, what);
      }
    }, quiet));
}

test('E3: whatever the opening of a shared resource throws, its users get that very thing, and the next one tries again', async t => {
  await openNursery(async () => {
    for (const [what, make] of values) {
      const thrown = make();
      const open = async (): Promise<never> => {
        throw thrown;
      };
      t.true((await thrownBy(openShared(make, open))).error === thrown, what);
      const second = await openShared(make, async () => ({[Symbol.asyncDispose]: async () => {}}));
      t.true(second.fresh, what);
    }
  });
});

test('E5: whatever fails beside another error, the nursery tells of both', t =>
  openNursery(async () => {
    for (const [what, make] of values) t.regex(await failureBeside(make()), /another failure/, what);
  }, quiet));
