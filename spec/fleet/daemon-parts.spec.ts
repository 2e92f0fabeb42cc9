// The parts of the daemon that meet strangers and malformed questions, each alone.
import {once} from 'node:events';
import {Socket} from 'node:net';
import test from 'ava';
import {SpawnFailed} from '../../lib/base/errors.js';
import {UsageError} from '../../lib/cli/command.js';
import {host} from '../../lib/cli/host.js';
import type {Io} from '../../lib/cli/io.js';
import {checkBeats, checkOrder} from '../../lib/fleet/check-order.js';
import type {DaemonProcess} from '../../lib/fleet/daemon-process.js';
import {HeldSession} from '../../lib/fleet/held-session.js';
import {isSubject, subjectOf, subjectText} from '../../lib/fleet/subject.js';
import {Tickets} from '../../lib/fleet/tickets.js';
import {newToken} from '../../lib/fleet/token.js';
import {WaitingSockets} from '../../lib/fleet/waiting-sockets.js';
import {newKey, newTicket} from '../../lib/transport/handed-over.js';

const order = {
  id: 'a1',
  name: 'worker',
  treeId: 't1',
  session: 's1',
  provenAt: 5,
  ticket: newTicket(),
  key: newKey(),
  token: newToken(),
  app: 'shop',
  modules: [['file:///shop/work.js', 'work.js', '']],
  argv: [],
  env: {NODE_ENV: 'test', TZ: undefined},
  cwd: undefined,
  execArgv: [],
  maxHeap: undefined,
  readsStdout: true,
  timeout: 1_000,
};

test('an order with a field of another shape is refused, and the field is named', t => {
  t.notThrows(() => checkOrder(order));
  for (const [field, wrong] of Object.entries({
    provenAt: Number.NaN,
    ticket: 'x',
    key: new Uint8Array(1),
    token: '7',
    modules: [['one', 'two']],
    argv: 'text',
    env: {A: 1},
    cwd: 7,
    execArgv: [1],
    maxHeap: '1 --inspect',
    timeout: Number.NaN,
  }))
    t.throws(() => checkOrder({...order, [field]: wrong}), {instanceOf: SpawnFailed, message: new RegExp(field)});
  t.throws(() => checkOrder(undefined), {instanceOf: SpawnFailed});
  for (const length of [Number.NaN, 0, -1, '9']) t.throws(() => checkBeats('s1', length), {instanceOf: TypeError});
});

test('a comma within a name of a certificate does not make two names of it', t => {
  const shop = subjectOf({subject: {CN: 'deploy', O: 'shop'}} as never);
  t.true(isSubject('O=shop, CN=deploy', shop));
  const posing = subjectOf({subject: {CN: 'deploy,O=shop'}} as never);
  t.false(isSubject('CN=deploy,O=shop', posing));
  t.true(isSubject(subjectText(posing), posing));
});

test('more than 64 connections never wait, and the second one with a key is ended', t => {
  const waiting = new WaitingSockets<number>(1_000);
  const sockets = Array.from({length: 200}, () => new Socket());
  for (const [key, socket] of sockets.entries()) waiting.add(key, socket);
  t.is(waiting.size, 64);
  t.is(sockets.filter(({destroyed}) => !destroyed).length, 64);
  const second = new Socket();
  waiting.add(199, second);
  t.true(second.destroyed);
  t.is(waiting.take(199), sockets[199]);
});

test('a connection without an order is ended after a while, and an order without a connection is refused', async t => {
  const waiting = new WaitingSockets<number>(10);
  const socket = new Socket();
  waiting.add(1, socket);
  // The timer is a background one.
  const awake = setTimeout(() => {}, 60_000);
  await once(socket, 'close');
  clearTimeout(awake);
  t.is(waiting.size, 0);
  const error = await t.throwsAsync(new Tickets().take('x', 10, new AbortController().signal), {
    instanceOf: SpawnFailed,
  });
  t.regex(error.message, /did not come within 10 ms/);
});

test('after the end of a lease the same program can place actors again, and an order of before begins nothing', async t => {
  const session = new HeldSession(200, () => {}, nobody);
  const stop = session.sendBeats(() => {});
  const before = session.begin(performance.now());
  const killed = new Promise<void>(resolve => before?.(processOf(resolve)));
  await killed;
  const after = session.begin(performance.now());
  t.truthy(after);
  let kills = 0;
  before?.(processOf(() => kills++));
  t.is(kills, 1);
  after?.(processOf(() => kills++));
  t.is(kills, 1);
  await session.end();
  t.is(kills, 2);
  stop();
});

test('a session is kept while one of its connections gets beats', t => {
  let isUnused = false;
  const session = new HeldSession(
    15_000,
    () => {
      isUnused = true;
    },
    nobody,
  );
  const [stopOld, stopNew] = [session.sendBeats(() => {}), session.sendBeats(() => {})];
  stopOld();
  t.false(isUnused);
  stopNew();
  t.true(isUnused);
});

function processOf(kill: () => void): DaemonProcess {
  return {
    pid: 1,
    setpriv: null,
    exited: Promise.resolve({code: null, signal: 'SIGKILL'}),
    renew: () => {},
    cancel: () => {},
    kill,
  };
}

/** No watchdog. */
const nobody = () => () => {};

test('addresses that nobody could use do not start the daemon', async t => {
  for (const [options, message] of [
    [{advertise: 'none'}, /^--advertise none needs --nats: nobody else could reach this host$/],
    [{listen: 'tls://0.0.0.0:0'}, /^--listen with all interfaces and port 0 needs --advertise$/],
  ] as const)
    await t.throwsAsync(host.run({options: {'may-spawn': ['CN=ci'], ...options}}, {} as Io), {
      instanceOf: UsageError,
      message,
    });
});
