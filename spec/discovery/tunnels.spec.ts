// lib/discovery/tunnels: roads through the tree between actors without addresses, over several levels, in memory.
import {
  ContextCancelled,
  HandshakeRejected,
  NotExposed,
  ResourceExhausted,
  TransportClosed,
} from '../../lib/base/errors.js';
import {startHandshake} from '../../lib/channel/handshake/start-handshake.js';
import {tunnelThere} from '../../lib/discovery/name-functions.js';
import type {Lease} from '../../lib/discovery/peer-connection.js';
import {maxFrameBytes} from '../../lib/msg/frame.js';
import {SocketTransport} from '../../lib/transport/socket.js';
import {type Branch, newBranch, newRoot, roadBetween} from '../kit/branches.js';
import {test} from '../kit/limited.js';
import {type Callee, turns, until} from '../kit/pair.js';
import {over} from './linked.js';

/** The root, an actor on a host with two children, and another one on another host. */
async function newTree() {
  const root = await newRoot();
  const [one, two] = [await newBranch(root, 'one'), await newBranch(root, 'two')];
  const [leaf, twig] = [await newBranch(one, 'leaf'), await newBranch(one, 'twig')];
  return {root, one, two, leaf, twig};
}

async function leaseOf(from: Branch, to: Branch): Promise<Lease> {
  return (await from.names.connections()).lease(to.actor.id.id, () => from.names.addressesOf(to.actor.id.id));
}

const sizesOf = (...branches: Branch[]): number[] =>
  branches.map(({actor}) => [...actor.channels].reduce((sum, channel) => sum + channel.size, 0));

test.serial(
  'D1: any actor of a tree reaches any other one without an address, and each pair shares one connection',
  async t => {
    const {root, one, two, leaf, twig} = await newTree();
    const pairs = [
      [root, leaf],
      [leaf, root],
      [leaf, two],
      [two, twig],
      [leaf, twig],
    ] as const;
    for (const [from, to] of pairs) {
      const lease = await leaseOf(from, to);
      t.is(await over(lease).run(() => to.actor.id.name), to.actor.id.name);
      t.is((await leaseOf(from, to)).peer, lease.peer);
      t.true(lease.peer.isTrusted);
      let last = 0;
      for await (const value of over(lease).stream(() => Array.from({length: 20_000}, (_, i) => i + 1)))
        if (value !== ++last) t.fail(`${value} came instead of ${last}`);
      t.is(last, 20_000);
      lease.release();
    }
    t.deepEqual(
      [root, leaf, two, twig, one].map(({names}) => names.isElsewhere),
      [true, true, true, true, true],
    );
  },
);

test.serial('a road that nobody needs any more ends at both ends, and nothing of it is left on the way', async t => {
  const tree = await newTree();
  const lease = await leaseOf(tree.leaf, tree.two);
  await over(lease).run(() => 1);
  t.true(sizesOf(tree.root, tree.one).every(size => size > 0));
  lease.release();
  const all = Object.values(tree);
  await until(
    () => sizesOf(...all).every(size => size === 0),
    () => `contexts: ${sizesOf(...all)}`,
  );
});

test.serial('D3: two that look for one another at the same moment settle on one road', async t => {
  for (let wait = 0; wait < 6; wait++) {
    const {leaf, two} = await newTree();
    const [first, second] = await Promise.all([leaseOf(leaf, two), turns(wait).then(() => leaseOf(two, leaf))]);
    t.is(await over(first).run(() => 'there'), 'there');
    t.is(await over(second).run(() => 'and back'), 'and back');
    t.deepEqual([(await leaf.names.connections()).size, (await two.names.connections()).size], [1, 1]);
  }
});

test.serial('X2: a cancel through the tree is acknowledged when the function has cleaned up', async t => {
  const {leaf, two} = await newTree();
  const lease = await leaseOf(leaf, two);
  const seen: string[] = [];
  const context = await over(lease).openContext(async (ctx: Callee) => {
    ctx.started.next(1);
    await new Promise(resolve => ctx.signal.addEventListener('abort', resolve));
    await turns(3);
    seen.push('cleaned up');
  });
  t.true(await context.cancel('enough'));
  t.deepEqual(seen, ['cleaned up']);
  t.true(context.cancelAcked);
});

test.serial(
  'T4: when a link on the way ends, the road ends once at both ends, and the calls over it are told',
  async t => {
    const {root, one, leaf, two} = await newTree();
    const lease = await leaseOf(leaf, two);
    const endings: string[] = [];
    lease.peer.onEnded(({message}) => endings.push(message));
    const call = over(lease).run(() => new Promise(() => {}));
    await turns();
    one.link?.destroy();
    // As the parent does that sees the end of a child.
    root.names.leave(one.actor.id.id);
    const error = await t.throwsAsync(call, {instanceOf: TransportClosed});
    t.is((error as TransportClosed).kind, 'reset');
    t.regex(error.message, /the road through the tree has broken off/);
    await until(() => endings.length === 1);
    await until(
      () => sizesOf(root, two).every(size => size === 0),
      () => `contexts: ${sizesOf(root, two)}`,
    );
    t.is((await two.names.connections()).size, 0);
    t.is(endings.length, 1);
  },
);

test.serial(
  'F5: a stream that nobody reads holds up neither the calls beside it nor the memory of the actors on the way',
  async t => {
    const {root, leaf, two} = await newTree();
    const lease = await leaseOf(leaf, two);
    let made = 0;
    const source = function* () {
      for (;;) {
        made++;
        yield new Uint8Array(16_384);
      }
    };
    const values = over(lease).stream(source)[Symbol.asyncIterator]();
    await values.next();
    await turns(50);
    const bound = made;
    await turns(50);
    t.is(made, bound);
    t.true(bound * 16_384 < 4 * 1024 * 1024, `${bound} values were made`);
    t.is(await over(lease).run(() => 'beside it'), 'beside it');
    // The link of the root to the same actor, over which the road goes too.
    t.is(await over({peer: (await leaseOf(root, leaf)).peer} as Lease).run(() => 'and there'), 'and there');
    await values.return?.();
  },
);

test.serial(
  'G18: who asks for a road for somebody else is refused, and who claims to be somebody else is not greeted',
  async t => {
    const {one, two, leaf} = await newTree();
    const ask = (to: Branch, from: string) =>
      (two.up as NonNullable<Branch['up']>).openContext(tunnelThere, to.actor.id.id, from);
    for (const from of [leaf.actor.id.id, one.actor.id.id, 'nobody'])
      t.true((await t.throwsAsync(ask(leaf, from))).cause instanceof NotExposed);
    // It asks for itself, and greets as another one.
    const road = await two.names.roadTo(leaf.actor.id.id);
    const {codec} = two.actor;
    const options = {
      role: 'connector',
      self: one.actor.id,
      codec,
      secret: undefined,
      where: 'here',
      timeout: 10_000,
    } as const;
    const error = await startHandshake(new SocketTransport(road, {maxFrameBytes}), options).result.catch(
      thrown => thrown,
    );
    t.true(error instanceof HandshakeRejected || error instanceof TransportClosed, String(error));
    t.is((await leaf.names.connections()).size, 0);
  },
);

test.serial('an actor that has ended cannot be reached, nor can one that is not of the tree', async t => {
  const {one, leaf, two} = await newTree();
  one.names.leave(leaf.actor.id.id);
  await turns();
  for (const id of [leaf.actor.id.id, 'unknown'])
    await t.throwsAsync(two.names.roadTo(id), {
      instanceOf: TransportClosed,
      message: /has ended, or belongs to another program/,
    });
});

test.serial('a neighbour has a bounded number of roads at an actor, and gets its places back', async t => {
  const root = await newRoot();
  const [one, two] = [await newBranch(root, 'one'), await newBranch(root, 'two')];
  (await two.names.connections()).acceptRoad = async road => void road.on('error', () => {}).resume();
  const ask = () => (one.up as NonNullable<Branch['up']>).openContext(tunnelThere, two.actor.id.id, one.actor.id.id);
  const roads = await Promise.all(Array.from({length: 4_096}, ask));
  const {cause} = await t.throwsAsync(ask());
  t.true(cause instanceof ResourceExhausted);
  t.is((cause as ResourceExhausted).what, 'roads');
  await Promise.all(roads.map(road => road.cancel()));
  // The function of the root has ended, and that of the actor behind it is about to.
  await turns(50);
  const road = await ask();
  await road.cancel();
});

test.serial(
  'C9: the end of the actor at the other end does not wait for the road, and what it still says comes',
  async t => {
    const {leaf, two} = await newTree();
    const lease = await leaseOf(leaf, two);
    const context = await over(lease).openContext(async (ctx: Callee) => {
      ctx.started.next(1);
      await new Promise(resolve => ctx.signal.addEventListener('abort', resolve));
      await turns(3);
      return 'said at the end';
    });
    const why = new ContextCancelled('the actor ends', {canceller: two.actor.id, reason: 'shutdown'});
    await two.actor.cancel(why);
    t.is(await context.result(), 'said at the end');
  },
);

test.serial('what was written before both ends closed arrives', async t => {
  const {leaf, two} = await newTree();
  const ends = await roadBetween(leaf, two);
  const a = new SocketTransport(ends[0], {maxFrameBytes});
  const b = new SocketTransport(ends[1], {maxFrameBytes});
  const [atA, atB]: [string[], string[]] = [[], []];
  a.open({frame: bytes => atA.push(`${bytes.length}`), drained: () => {}, ended: ({kind}) => atA.push(kind)});
  b.open({frame: bytes => atB.push(`${bytes.length}`), drained: () => {}, ended: ({kind}) => atB.push(kind)});
  a.write([Uint8Array.of(2, 0, 0, 0, 1, 2)]);
  a.close();
  await until(() => atA.length > 0 && atB.length > 1);
  t.deepEqual([atA, atB], [['closed'], ['2', 'eof']]);
});
