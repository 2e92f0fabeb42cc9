// A source that pushes without end in an actor with little memory: the bound lets it go before the memory is full.
import {lastValueFrom, take, toArray} from 'rxjs';
import {openNursery, RemoteActorError, StreamOverrun} from '../../../lib/index.js';
import {endlessObjects, endlessRange, timesLetGo} from '../../fixtures/endless.js';
import {patient} from '../../kit/patient.js';
import {spawning} from '../../kit/spawning.js';

const test = spawning();

/** The heap of the actor in MB. The values that bufferBytes alone would let wait are ten times as large. */
const heap = ['--max-old-space-size=64'];

test('F2: an endless burst of tiny values does not fill the memory of its actor, and its reader has what it wants', async t => {
  await openNursery(async nursery => {
    const source = await nursery.startActor('source', {
      expose: [endlessRange, endlessObjects, timesLetGo],
      execArgv: heap,
    });
    t.deepEqual(await lastValueFrom(source.stream(endlessRange).pipe(take(5), toArray())), [0, 1, 2, 3, 4]);
    t.deepEqual(await lastValueFrom(source.stream(endlessObjects).pipe(take(2), toArray())), [{n: 0}, {n: 1}]);
    t.is(await source.run(timesLetGo), 1);
  }, patient);
});

test('F2, F3: who reads on gets the values before the overrun, then an error that says: return an iterable', async t => {
  await openNursery(async nursery => {
    const source = await nursery.startActor('source', {expose: [endlessRange], execArgv: heap});
    let next = 0;
    const error = await t.throwsAsync(
      source.stream(endlessRange).forEach(n => {
        if (n !== next++) t.fail(`${n} came where ${next - 1} was due`);
      }),
    );
    t.true(error instanceof RemoteActorError && error.cause instanceof StreamOverrun, String(error));
    t.regex(error.message, /return or pump\(\) an iterable/);
    t.true(next > 0);
  }, patient);
});
