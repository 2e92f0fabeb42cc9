// The scan of examples/ on several hosts: `npm start -- --hosts …`.
import {availableParallelism} from 'node:os';
import {join} from 'node:path';
import {rootOptionsOf} from '../../examples/scan/hosts.js';
import {readOptions, UsageError} from '../../examples/scan/options.js';
import {run} from '../examples/program.js';
import {makePlainTree} from '../examples/tree.js';
import {eventually} from '../kit/eventually.js';
import {startNatsServer, withoutNatsServer} from '../kit/nats-server.js';
import {spawning} from '../kit/spawning.js';
import {folder, makeCertificates, ours, removeCertificates, startHost} from './daemons.js';

const test = spawning({takesLong: true, last: removeCertificates});

test.before(makeCertificates);

test('the scan surveys a tree with one actor for each core of the hosts, as far as they take them, and says where each has run', async t => {
  const tree = makePlainTree(400);
  t.teardown(tree.remove);
  const hosts = [await startHost(t, 'h1', ['--max-actors', '1']), await startHost(t, 'h2', ['--max-actors', '2'])];
  const list = hosts.map(({address}) => address).join();
  const {code, stdout, stderr, left} = await run(['--json', '--hosts', list, '--certs', ours, tree.path]);
  t.deepEqual([code, stderr, left], [0, '', []]);
  const {files, unreadable, actors} = JSON.parse(stdout);
  t.deepEqual([files, unreadable], [400, 0]);
  t.is(actors.length, 1 + Math.min(availableParallelism(), 2));
  t.deepEqual([...new Set(actors.map(({host}: {host: string}) => host))].toSorted(), ['h1', 'h2']);
  t.is(actors.filter(({host}: {host: string}) => host === 'h1').length, 1);
});

const overNats = withoutNatsServer === undefined ? test : test.skip;

overNats(
  `the scan finds its hosts at a broker${withoutNatsServer === undefined ? '' : ` (skipped: ${withoutNatsServer})`}`,
  async t => {
    const tree = makePlainTree(400);
    t.teardown(tree.remove);
    const server = await startNatsServer(t);
    const heard = new Set<string>();
    (await server.connect()).subscribe('beat.*', {callback: (_, {subject}) => void heard.add(subject)});
    for (const name of ['h1', 'h2']) await startHost(t, name, ['--nats', server.url]);
    await eventually(() => heard.size === 2, 'a beat of each host');
    const args = ['--hosts', server.url, '--certs', ours, '--actors', '2', tree.path];
    const {code, stdout, stderr, left} = await run(args);
    t.deepEqual([code, stderr, left], [0, '', []]);
    t.regex(stdout, /^files +400\n/);
    t.regex(stdout, /\nactor +files +files\/s\n(?:scan-\d on h\d +\d+ +\d{1,3}(?:,\d{3})*\n){2}$/);
    for (const host of ['h1', 'h2']) t.true(stdout.includes(` on ${host} `), stdout);
  },
);

test('what makes no sense of hosts is a mistake in the arguments', t => {
  for (const args of [
    ['--hosts', 'gpu1'],
    ['--hosts', 'tcp://gpu1:7400'],
    ['--hosts', ''],
    ['--hosts', 'tls://gpu1:7400,'],
    ['--certs', 'certs'],
    ['--nats-creds', 'file'],
  ])
    t.throws(() => readOptions(args), {instanceOf: UsageError}, args.join(' '));
  const {hosts} = readOptions(['--hosts', 'nats://broker:4222,tls://gpu1:7400', '--certs', join(folder, 'none')]);
  t.deepEqual(hosts?.addresses, ['nats://broker:4222', 'tls://gpu1:7400']);
  t.throws(() => rootOptionsOf(hosts as NonNullable<typeof hosts>), {
    instanceOf: UsageError,
    message: /ENOENT.*client/,
  });
});
