// Pools whose workers run on other hosts: how they are spread, and what the loss of a host does to them.
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {ActorDied, type Pool} from '../../lib/index.js';
import * as spread from '../fixtures/spread.js';
import {patient} from '../kit/patient.js';
import {spawning} from '../kit/spawning.js';
import {folder, makeCertificates, removeCertificates, startHost, withHosts} from './daemons.js';

const test = spawning({takesLong: true, last: removeCertificates});

test.before(makeCertificates);

const {whereAmI, untilThere} = spread;
const expose = Object.values(spread);

/** Each worker has one of so many tasks. */
const hostsOf = async (pool: Pool): Promise<string[]> =>
  (await Promise.all(Array.from({length: pool.size}, () => pool.run(whereAmI)))).toSorted();

test('a pool over hosts is spread. A lost host fails its tasks with `lost`, and its workers are replaced on another host', async t => {
  const lost = await startHost(t, 'h1');
  const hosts = [lost, await startHost(t, 'h2')];
  const file = join(folder, 'is-lost');
  await withHosts(
    hosts,
    async nursery => {
      const pool = await nursery.openPool(4, {expose, host: 'any'});
      t.deepEqual(await hostsOf(pool), ['h1', 'h1', 'h2', 'h2']);
      const running = Array.from({length: pool.size}, () => pool.run(untilThere, file));
      lost.daemon.kill('SIGSTOP');
      // The tasks on the host that is lost are the first to settle, because the others wait for the file.
      await Promise.race(running).catch(() => {});
      writeFileSync(file, '');
      const outcomes = await Promise.allSettled(running);
      const died = outcomes.flatMap(outcome => (outcome.status === 'rejected' ? [outcome.reason] : []));
      t.deepEqual(
        died.map(error => error instanceof ActorDied && error.lost),
        [true, true],
        String(died),
      );
      t.deepEqual(
        outcomes.flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value] : [])),
        ['h2', 'h2'],
      );
      // The host that is lost takes connections, and answers nothing: it holds up the placement for a moment only.
      t.deepEqual(await hostsOf(pool), ['h2', 'h2', 'h2', 'h2']);
    },
    {timeouts: {...patient.timeouts, lease: 12_000}},
  );
  lost.daemon.kill('SIGCONT');
});
