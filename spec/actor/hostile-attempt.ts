// One attempt to find a fault by the hostile table, for door-mutants.ts: prints the first fault, or nothing.
// Above hostile-ways.ts. Inline actors alone: they share the door with their parent, and a crash in one is a crash here.
import {openNursery, openShared, type Portal} from '../../lib/index.js';
import * as remote from '../fixtures/hostile.js';
import {patient} from '../kit/patient.js';
import {failureBeside, outcomeOf, ways} from './hostile-ways.js';

const {hostile, ping, hold, ...functions} = remote;
const values = Object.entries(hostile);
/** A mutant may leave a promise pending for ever. */
const hangsMs = 30_000;

function found(fault: string): never {
  console.log(fault);
  process.exit();
}

for (const event of ['uncaughtException', 'unhandledRejection'])
  process.on(event, () => found(`nothing has caught an error (${event})`));
setTimeout(() => found('it does not end'), hangsMs).unref();
// A line of the log is none of the table's outcomes.
process.stderr.write = () => true;

async function tryWays(portal: Portal): Promise<void> {
  for (const [way, {give, right}] of Object.entries(ways))
    await Promise.all(
      values.map(async ([what]) => {
        const outcome = await outcomeOf(give(portal, what));
        if (!right.includes(outcome)) found(`${what} ${way}: ${outcome}`);
        if ((await outcomeOf(portal.run(ping))) !== 'a value') found(`${what} ${way}: the actor does not answer`);
      }),
    );
}

/** Whether the promise rejects with this very thing. */
const rejectsWith = (promise: PromiseLike<unknown>, thrown: unknown): Promise<boolean> =>
  promise.then(
    () => false,
    error => error === thrown,
  ) as Promise<boolean>;

async function tryBodies(): Promise<void> {
  for (const [what, make] of values) {
    const thrown = make();
    const body = openNursery(async () => {
      throw thrown;
    });
    if (!(await rejectsWith(body, thrown))) found(`${what} is thrown by a body: its nursery gives something else`);
    if (!/another failure/.test(await failureBeside(make())))
      found(`${what} fails beside another error, which is lost`);
    const shared = openShared(make, async () => {
      throw thrown;
    });
    if (!(await rejectsWith(shared, thrown)))
      found(`${what} is thrown where a resource is opened: its users get something else`);
  }
}

await openNursery(
  async nursery => {
    const expose = [ping, hold, ...Object.values(functions)];
    await tryWays(await nursery.startActor('victim', {expose, backend: 'inline'}));
    await tryBodies();
  },
  {...patient, logLevel: 'debug', timeouts: {...patient.timeouts, exit: 1_000}},
).catch(error => found(`the nursery rejects: ${typeof error}`));
process.exit();
