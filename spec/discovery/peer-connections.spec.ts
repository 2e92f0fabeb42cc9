// lib/discovery/peer-connections, peer-connection and listeners: one channel for each pair of actors, whoever connects; how it is let go, and how it ends.
import test, {type ExecutionContext} from 'ava';
import {interval} from 'rxjs';
import {newActorId} from '../../lib/base/actor-id.js';
import {plainClock} from '../../lib/base/clock.js';
import {HandshakeRejected, TransportClosed} from '../../lib/base/errors.js';
import {configureLog} from '../../lib/base/log.js';
import type {Lease} from '../../lib/discovery/peer-connection.js';
import {encodeCancel} from '../../lib/msg/cancel.js';
import {Kind} from '../../lib/msg/types.js';
import {parseAddress} from '../../lib/transport/address.js';
import {errorOf} from '../conformance/over.js';
import {fc} from '../kit/fast-check.js';
import {type Callee, turn, turns, until} from '../kit/pair.js';
import {type Linked, linked, over, relayTo} from './linked.js';

const tcp = ['tcp://127.0.0.1:0'];
const timeout = 30_000;

/** By an address, as `connect()` does. */
async function byAddress(from: Linked, to: Linked, kind = 'unix'): Promise<Lease> {
  const address = (await to.connections.addresses()).find(text => text.startsWith(kind)) as string;
  return (await from.connections.connect(parseAddress(address), {timeout})) as Lease;
}

const isGone = (...actors: Linked[]) =>
  until(
    () => actors.every(({actor, connections}) => connections.size === 0 && actor.channels.size === 0),
    () => `links are left: ${actors.map(({connections, actor}) => `${connections.size} (${actor.channels.size})`)}`,
  );

/** Every pair has one channel, and can talk in both directions. */
async function areLinked(t: ExecutionContext, ...actors: Linked[]): Promise<void> {
  await until(
    () =>
      actors.every(
        ({actor, connections}) => connections.size === actors.length - 1 && actor.channels.size === connections.size,
      ),
    () => `connections: ${actors.map(({connections, actor}) => `${connections.size} (${actor.channels.size})`)}`,
  );
  for (const from of actors)
    for (const to of actors) {
      if (from === to) continue;
      const lease = await from.to(to);
      t.is(await over(lease).run(() => to.actor.id.name), to.actor.id.name);
      lease.release();
    }
}

test('D3: however many portals lead from one actor to another, and back, they share one channel', async t => {
  const [a, b] = [await linked(t, 'a'), await linked(t, 'b')];
  const leases = await Promise.all(Array.from({length: 20}, () => a.to(b)));
  leases.push(...(await Promise.all(Array.from({length: 20}, () => b.to(a)))));
  await areLinked(t, a, b);
  t.deepEqual(new Set(leases.map(({peer}) => peer)).size, 2);
  for (const {release} of leases.slice(1)) release();
  await turns();
  t.is(await over(leases[0] as Lease).run(() => 1), 1);
  leases[0]?.release();
  await isGone(a, b);
});

for (const kind of ['unix', 'tcp'])
  test(`D3: an address of an actor that is linked already leads over that link, from either side [${kind}]`, async t => {
    const [a, b] = [await linked(t, 'a', {listen: tcp}), await linked(t, 'b', {listen: tcp})];
    const first = await a.to(b);
    const leases = [first];
    for (let i = 0; i < 4; i++) leases.push(await byAddress(a, b, kind), await byAddress(b, a, kind));
    t.deepEqual(new Set(leases.map(({peer}) => peer)), new Set([first.peer, b.connections.peer(a.actor.id.id)]));
    await areLinked(t, a, b);
    t.is(first.peer.channel.closed, undefined);
    for (const {release} of leases) release();
    await isGone(a, b);
  });

test('C10: an address of its own leads an actor to nobody else, and no connection is left', async t => {
  const a = await linked(t, 'a', {listen: tcp});
  for (const address of await a.connections.addresses())
    t.is(await a.connections.connect(parseAddress(address), {timeout}), undefined);
  await isGone(a);
});

test('D3: two that look for one another at the same moment settle on one channel, whatever the moment', async t => {
  const step = fc.record({
    from: fc.boolean(),
    wait: fc.nat(12),
    how: fc.constantFrom('by id', 'by id', 'by address'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, {minLength: 2, maxLength: 6}), async steps => {
      const [a, b] = [await linked(t, 'a'), await linked(t, 'b')];
      await Promise.all([a.connections.addresses(), b.connections.addresses()]);
      const leases = await Promise.all(
        steps.map(async ({from, wait, how}) => {
          const [mine, other] = from ? [a, b] : [b, a];
          await turns(wait);
          const one = await (how === 'by id' ? mine.to(other) : byAddress(mine, other));
          t.is(await over(one).run(() => other.actor.id.name), other.actor.id.name);
          return one;
        }),
      );
      await areLinked(t, a, b);
      // Nobody has been given one that was not to stay.
      for (const {peer} of leases) t.is(peer.channel.closed, undefined);
      for (const {release} of leases) release();
      await isGone(a, b);
    }),
    {includeErrorInReport: true, numRuns: process.env.RXTRACTOR_CI ? 500 : 100},
  );
});

for (const how of ['by id', 'by address'])
  test(`D3: eight actors that all look for one another at once have one channel for each pair [${how}]`, async t => {
    const actors = await Promise.all(Array.from({length: 8}, (_, i) => linked(t, `a${i}`)));
    const leases = await Promise.all(
      actors.flatMap(from =>
        actors.filter(to => to !== from).map(to => (how === 'by id' ? from.to(to) : byAddress(from, to))),
      ),
    );
    t.is(leases.length, 56);
    await areLinked(t, ...actors);
    for (const {release} of leases) release();
    await isGone(...actors);
  });

test('D3: a link is there for whoever holds it or has a context over it, and gone when nobody does, whatever the moment', async t => {
  const move = fc.record({
    who: fc.nat(1),
    what: fc.constantFrom('hold', 'hold', 'release', 'release', 'run', 'open', 'finish'),
    pause: fc.nat(4),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(move, {maxLength: 30}), async moves => {
      const actors = [await linked(t, 'a'), await linked(t, 'b')] as const;
      const leases: Promise<Lease>[][] = [[], []];
      const running: {finish(): void; result: Promise<unknown>}[] = [];
      const work: Promise<unknown>[] = [];
      for (const {who, what, pause} of moves) {
        const [mine, other] = [actors[who], actors[1 - who]] as [Linked, Linked];
        const own = leases[who] as Promise<Lease>[];
        const last = own.at(-1);
        if (what === 'hold') own.push(mine.to(other));
        else if (what === 'release') work.push(own.pop()?.then(({release}) => release()) ?? Promise.resolve());
        else if (what === 'run' && last) work.push(last.then(one => over(one).run(() => 1)));
        else if (what === 'open' && last) {
          let finish = (): void => {};
          const finished = new Promise<void>(resolve => {
            finish = resolve;
          });
          // It is held until its Start has left; its context alone keeps it then.
          const result = last.then(async one => over(one).run(() => finished));
          running.push({finish, result});
        } else if (what === 'finish') running.pop()?.finish();
        for (let i = 0; i < pause; i++) await turn();
      }
      for (const one of await Promise.all(leases.flat())) one.release();
      for (const {finish} of running) finish();
      await Promise.all([...work, ...running.map(({result}) => result)]);
      t.pass();
      await isGone(...actors);
    }),
    {includeErrorInReport: true, numRuns: process.env.RXTRACTOR_CI ? 1_000 : 150},
  );
});

test('D3: holding a link again while it is being let go gives one that serves, to everybody who asks at once', async t => {
  const [a, b] = [await linked(t, 'a'), await linked(t, 'b')];
  const keeper = await b.to(a);
  for (let i = 0; i < 20; i++) {
    const first = await a.to(b);
    first.release();
    const several = await Promise.all([a.to(b), a.to(b), a.to(b)]);
    t.is(new Set(several.map(({peer}) => peer)).size, 1);
    t.is(several[0]?.peer, first.peer, 'the other end holds it: it was not closed');
    for (const one of several) {
      t.is(await over(one).run(() => i), i);
      one.release();
    }
  }
  keeper.release();
  await isGone(a, b);
});

test('C9: what was asked for over a link is cancelled when that ends, and whoever asked gets TransportClosed', async t => {
  const [a, b] = [await linked(t, 'a'), await linked(t, 'b')];
  const lease = await a.to(b);
  let aborted: unknown;
  const context = await over(lease).openContext(async (ctx: Callee) => {
    ctx.started.next('begun');
    await new Promise<void>(resolve => ctx.signal.addEventListener('abort', () => resolve()));
    aborted = ctx.signal.reason;
  });
  const result = errorOf(context.result());
  lease.peer.channel.destroy();
  const error = await result;
  t.true(error instanceof TransportClosed && error.kind === 'closed', String(error));
  await until(() => aborted !== undefined);
  t.like(aborted, {code: 'ERR_CANCELLED'});
  await isGone(a, b);
  const again = await a.to(b);
  t.is(await over(again).run(() => 1), 1);
  again.release();
});

test('X6: nobody cancels a task that another has asked for, though it goes by the same number', async t => {
  const [far, one, two] = [await linked(t, 'far'), await linked(t, 'one'), await linked(t, 'two')];
  const [mine, theirs] = [await one.to(far), await two.to(far)];
  let finish = (): void => {};
  let signal: AbortSignal | undefined;
  const context = await over(mine).openContext(async (ctx: Callee) => {
    signal = ctx.signal;
    ctx.started.next('begun');
    await new Promise<void>(resolve => {
      finish = resolve;
    });
    return 'whole';
  });
  const {channel} = theirs.peer;
  const why = encodeCancel(two.actor.codec, {
    reason: 'requested',
    cause: undefined,
    canceller: two.actor.id,
    budget: 100,
  } as never);
  for (let id = 1; id < 9; id += 2) channel.sendUrgent(Kind.Cancel, id, why);
  // Four are answered, as cancels of what has ended are.
  await until(() => theirs.peer.strays >= 8);
  t.false(signal?.aborted);
  finish();
  t.is(await context.result(), 'whole');
  t.is(channel.closed, undefined);
  for (const {release} of [mine, theirs]) release();
  await isGone(far, one, two);
});

test.serial('F5, D4: over TCP one that falls silent is dead, and stays so; a new actor is let in', async t => {
  const here = await linked(t, 'here', {heartbeat: 400});
  const there = await linked(t, 'there', {listen: tcp});
  const relay = await relayTo(t, (await there.connections.addresses())[1] as string);
  const address = parseAddress(relay.address);
  const lease = (await here.connections.connect(address, {timeout})) as Lease;
  const waiting = errorOf(over(lease).run(() => new Promise(() => {})));
  t.is(await over(lease).run(() => 1), 1);
  relay.silence(true);
  const error = await waiting;
  t.true(error instanceof TransportClosed && error.kind === 'heartbeat', String(error));
  t.is(here.connections.size, 0);
  // It lives, and knows nothing of it until the relay is open again.
  t.is(there.connections.size, 1);
  relay.cut();
  await until(() => there.connections.size === 0);
  const refused = await errorOf(there.to(here));
  t.true(refused instanceof HandshakeRejected && refused.reason === 'quarantined', String(refused));
  for (const attempt of [here.to(there), here.connections.connect(address, {timeout}), byAddress(here, there)]) {
    const fault = await errorOf(attempt);
    t.true(
      (fault instanceof HandshakeRejected && fault.reason === 'quarantined') ||
        (fault instanceof TransportClosed && fault.kind === 'heartbeat'),
      String(fault),
    );
  }
  await isGone(here, there);
  const anew = await linked(t, 'there');
  const [to, from] = [await here.to(anew), await anew.to(here)];
  await areLinked(t, here, anew);
  for (const {release} of [to, from]) release();
});

test.serial('F5, D4: over TCP one that goes on talking and never reads is ended, like a silent one', async t => {
  const here = await linked(t, 'here', {heartbeat: 300});
  const there = await linked(t, 'there', {listen: tcp});
  const relay = await relayTo(t, (await there.connections.addresses())[1] as string);
  const lease = (await here.connections.connect(parseAddress(relay.address), {timeout})) as Lease;
  const talk = over(lease).stream(() => interval(20));
  let failed: Promise<unknown> | undefined;
  await new Promise<void>(heard => {
    failed = errorOf(
      talk.forEach(value => {
        if (value === 2) heard();
      }),
    );
  });
  relay.deafen();
  // More than the system keeps by itself.
  const large = errorOf(over(lease).run((value: unknown) => value, new Uint8Array(32 * 1024 * 1024)));
  for (const error of [await large, await failed])
    t.true(error instanceof TransportClosed && error.kind === 'heartbeat', String(error));
  t.is(here.connections.size, 0);
  relay.cut();
  await isGone(here, there);
});

test.serial('F5: over TCP one that reads slowly is not ended', async t => {
  const here = await linked(t, 'here', {heartbeat: 1_000});
  const there = await linked(t, 'there', {listen: tcp});
  const lease = (await here.connections.connect(parseAddress((await there.connections.addresses())[1] as string), {
    timeout,
  })) as Lease;
  for (let i = 0; i < 5; i++)
    t.is(await over(lease).run((value: Uint8Array) => value.length, new Uint8Array(8_000_000)), 8_000_000);
  lease.release();
  await isGone(here, there);
});

test.serial('F5: on a Unix socket silence is only reported, and what waits goes on when it is over', async t => {
  const lines: string[] = [];
  const note = (_: object, text: string): void => void lines.push(text);
  configureLog('runtime', {logger: {debug: note, info: note, warn: note, error: note}});
  t.teardown(() => configureLog('warn'));
  const here = await linked(t, 'here', {heartbeat: 50});
  const there = await linked(t, 'there');
  const relay = await relayTo(t, (await there.connections.addresses())[0] as string);
  const lease = (await here.connections.connect(parseAddress(relay.address), {timeout})) as Lease;
  t.is(await over(lease).run(() => 1), 1);
  relay.silence(true);
  const waiting = over(lease).run(() => 2);
  const seen = (state: string): Promise<void> =>
    new Promise(resolve => {
      const timer = setInterval(() => {
        if (!lines.some(line => line.endsWith(`is ${state}`))) return;
        clearInterval(timer);
        resolve();
      }, 5);
    });
  await seen('unresponsive');
  relay.silence(false);
  t.is(await waiting, 2);
  await seen('responsive');
  t.is(here.connections.size, 1);
  lease.release();
  await isGone(here, there);
});

test('an actor that has closed its links takes none, and makes none', async t => {
  const [a, b] = [await linked(t, 'a'), await linked(t, 'b')];
  const address = parseAddress((await b.connections.addresses())[0] as string);
  const lease = await a.to(b);
  const coming = errorOf(a.connections.connect(address, {timeout}));
  await a.connections.close();
  await coming;
  await isGone(a, b);
  t.true(lease.peer.channel.closed instanceof TransportClosed);
  t.true((await errorOf(a.to(b))) instanceof TransportClosed);
  await b.connections.close();
  const refused = await errorOf((await linked(t, 'c')).connections.connect(address, {timeout: 200}));
  t.true(refused instanceof TransportClosed, String(refused));
});

test('who was refused because the other connects by itself gets its connection', async t => {
  // The larger id waits for the smaller, which is held up on its way.
  const two = [await linked(t, 'a'), await linked(t, 'b')];
  const [small, large] = two.sort((x, y) => (x.actor.id.id < y.actor.id.id ? -1 : 1)) as [Linked, Linked];
  let go = (): void => {};
  const slow = small.connections.lease(large.actor.id.id, async () => {
    await new Promise<void>(resolve => {
      go = resolve;
    });
    return large.connections.addresses();
  });
  const waiting = [large.to(small), byAddress(large, small)];
  await turns(40);
  t.is(large.connections.size, 0);
  go();
  const [lease, one, other] = await Promise.all([slow, ...waiting]);
  t.is(one?.peer, other?.peer);
  await areLinked(t, small, large);
  for (const each of [lease, one, other]) each?.release();
  await isGone(small, large);
});

test('an actor that another one is taken for is not linked', async t => {
  const [a, b] = [await linked(t, 'a'), await linked(t, 'b')];
  const error = await errorOf(a.connections.lease(newActorId('c').id, () => b.connections.addresses()));
  t.true(error instanceof HandshakeRejected, String(error));
  await isGone(a, b);
  const nobody = await errorOf(a.connections.lease(newActorId('c').id, async () => []));
  t.true(nobody instanceof TransportClosed);
});

for (const answers of [true, false])
  test.serial(
    `F5: over TCP one that is silent while somebody is at a prompt has another period after it [${answers ? 'answers' : 'stays silent'}]`,
    async t => {
      const here = await linked(t, 'here', {heartbeat: 300});
      const there = await linked(t, 'there', {listen: tcp});
      const relay = await relayTo(t, (await there.connections.addresses())[1] as string);
      const lease = (await here.connections.connect(parseAddress(relay.address), {timeout})) as Lease;
      t.is(await over(lease).run(() => 1), 1);
      let leave!: (free: number) => void;
      const gate = new Promise<number>(resolve => (leave = resolve));
      let asked!: () => void;
      const judging = new Promise<void>(resolve => (asked = resolve));
      let gone = false;
      here.actor.scope.ownClock = plainClock.gatedBy({
        isClosed: () => false,
        opened: () => {
          asked();
          return gone ? undefined : gate;
        },
      });
      relay.silence(true);
      const waiting = over(lease).run(() => 2);
      const failing = answers ? undefined : errorOf(waiting);
      await judging;
      t.is(lease.peer.channel.closed, undefined);
      if (answers) relay.silence(false);
      gone = true;
      leave(0);
      if (answers) {
        t.is(await waiting, 2);
        t.is(here.connections.size, 1);
        lease.release();
      } else {
        const error = await failing;
        t.true(error instanceof TransportClosed && error.kind === 'heartbeat', String(error));
      }
      relay.cut();
      await isGone(here, there);
    },
  );
