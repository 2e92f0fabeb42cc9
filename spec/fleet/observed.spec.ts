// A tree on several hosts, as observers and its own actors see it: where an actor runs, and which hosts there are.
import {openNursery, RemoteActorError} from '../../lib/index.js';
import * as looks from '../fixtures/looks-at-hosts.js';
import {patient, unhurried} from '../kit/patient.js';
import {spawning} from '../kit/spawning.js';
import {makeCertificates, removeCertificates, startHost, withHosts} from './daemons.js';

const test = spawning({takesLong: true, last: removeCertificates});

test.before(makeCertificates);

const {hostNames, hostNamesBelow, watched, withLeaf, seenHere} = looks;
const expose = [hostNames, hostNamesBelow, watched, withLeaf, seenHere];

test('every actor may ask which hosts there are, wherever it runs', async t => {
  const hosts = [await startHost(t, 'h1'), await startHost(t, 'h2')];
  await withHosts(
    hosts,
    async nursery => {
      const local = await nursery.startActor('local', {expose});
      const far = await nursery.startActor('far', {expose, host: 'h2'});
      for (const portal of [local, far]) {
        t.deepEqual(await portal.run(hostNames), ['h1', 'h2']);
        t.deepEqual(await portal.run(hostNamesBelow), ['h1', 'h2']);
        t.deepEqual((await portal.run(watched, 2)).toSorted(), ['h1', 'h2']);
      }
    },
    unhurried,
  );
});

test('an actor of a program without hosts is told so, as its root is', async t => {
  await openNursery(async nursery => {
    const local = await nursery.startActor('local', {expose});
    for (const asking of [local.run(hostNames), local.run(watched, 1)]) {
      const {cause} = await t.throwsAsync(asking, {instanceOf: RemoteActorError});
      t.true(cause instanceof TypeError);
      t.regex(String(cause), /this program has no other hosts: they are named by the option hosts of main\(\)/);
    }
  }, patient);
});
