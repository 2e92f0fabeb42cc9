// A tree on several hosts, as observers and its own actors see it: where an actor runs, and which hosts there are.
import {hostname} from 'node:os';
import {openNursery, RemoteActorError} from '../../lib/index.js';
import {findRoots} from '../../lib/window/roots.js';
import * as looks from '../fixtures/looks-at-hosts.js';
import {rxtractor} from '../kit/command.js';
import {eventually} from '../kit/eventually.js';
import {patient, unhurried} from '../kit/patient.js';
import {spawning} from '../kit/spawning.js';
import {makeCertificates, removeCertificates, startHost, withHosts} from './daemons.js';

const test = spawning({takesLong: true, last: removeCertificates});

test.before(makeCertificates);

const {hostNames, hostNamesBelow, watched, withLeaf, seenHere} = looks;
const expose = [hostNames, hostNamesBelow, watched, withLeaf, seenHere];

test('observers see on which host an actor runs, and no process there is taken for one here', async t => {
  // A machine of the same name, as clones of one image are. The pids of its actors mean something here too.
  const twin = hostname();
  const hosts = [await startHost(t, twin), await startHost(t, 'h2')];
  await withHosts(
    hosts,
    async nursery => {
      const local = await nursery.startActor('local', {expose});
      await nursery.startActor('clone', {expose, host: twin});
      const far = await nursery.startActor('far', {expose, host: 'h2'});
      const held = await far.openContext(withLeaf);
      const own = {host: hostname(), isElsewhere: false};
      const seen = [
        {name: 'root', ...own, isMeasured: true},
        {name: 'local', ...own, isMeasured: true},
        {name: 'clone', host: twin, isElsewhere: true, isMeasured: false},
        {name: 'far', host: 'h2', isElsewhere: true, isMeasured: false},
        {name: 'leaf', host: 'h2', isElsewhere: true, isMeasured: false},
      ];
      t.deepEqual(await local.run(seenHere), seen);
      // For an actor on another host the processes of the root are those that are elsewhere.
      t.deepEqual(
        await far.run(seenHere),
        seen.map(actor => ({...actor, isMeasured: false})),
      );
      await eventually(() => findRoots().some(({pid}) => pid === process.pid), 'the socket for observers');
      const root = String(process.pid);
      const tree = await rxtractor(['tree', root]);
      t.regex(
        tree.stdout,
        new RegExp(
          `├─ clone on ${twin} +\\d+ +\\d+ s +serving\n└─ far on h2 +\\d+ +\\d+ s +serving\n   └─ leaf on h2 `,
        ),
      );
      const ps = await rxtractor(['ps']);
      t.regex(ps.stdout, new RegExp(`OTHER HOSTS\n(.*\n)*${root} .* serving +${[twin, 'h2'].toSorted().join(', ')}\n`));
      const killed = await rxtractor(['kill', root, 'clone']);
      t.deepEqual([killed.code, killed.stdout], [64, '']);
      t.regex(killed.stderr, /clone runs on another host/);
      const cancelled = await rxtractor(['cancel', root, 'leaf']);
      t.regex(cancelled.stdout, /^leaf ended by itself/);
      await held.cancel();
    },
    {window: true},
  );
});

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
