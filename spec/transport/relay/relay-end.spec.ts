// Both ends of a relayed stream against a model, with a broker that loses, repeats and cuts.
import test from 'ava';
import fc from 'fast-check';
import {ProtocolError, TransportClosed} from '../../../lib/base/errors.js';
import {newPacket, readPacket, stamp} from '../../../lib/transport/relay/packet.js';
import {seed} from '../../kit/seed.js';
import {byteAt, moves, World, windowBytes} from './relay-model.js';

const numRuns = process.env.RXTRACTOR_CI ? 20_000 : 2_000;

test('whatever a broker loses, repeats and cuts, each byte comes once and in order, and both ends end', t => {
  const met = new Map<string, number>();
  fc.assert(
    fc.property(moves, run => {
      const world = new World(1e9, met);
      world.play(run);
      if (!world.heal()) throw new Error('not everything has come, though the road is there again');
      world.check();
    }),
    {numRuns, seed},
  );
  for (const what of ['lost', 'repeated', 'cut', 'back', 'held back', 'lost because the other end was away'])
    t.true((met.get(what) ?? 0) > 50, `${what}: met ${met.get(what)} times`);
});

test('with little patience both ends end, and who has not got everything across is told of an error', t => {
  const failures = new Map<string, number>();
  fc.assert(
    fc.property(moves, run => {
      const world = new World(1_200);
      world.play(run);
      world.heal();
      world.check();
      for (const {failure} of world.sides) {
        const kind = failure instanceof TransportClosed ? failure.kind : String(failure);
        failures.set(kind, (failures.get(kind) ?? 0) + 1);
      }
    }),
    {numRuns, seed},
  );
  t.deepEqual([...failures.keys()].toSorted(), ['heartbeat', 'reset', 'undefined']);
});

/** Two ends that have heard of each other. */
function connected(silence = 15_000): World {
  const world = new World(silence);
  for (let i = 0; i < 3; i++) for (const side of world.sides) world.deliver(side);
  return world;
}

test('an end that hears nothing any more says how many bytes may not have arrived', t => {
  const world = connected();
  const [a] = world.sides;
  world.play([['write', 0, 30]]);
  world.play([['cut', 1, true]]);
  world.wait(14_900);
  t.is(a.failure, undefined);
  world.wait(200);
  t.true(a.failure instanceof TransportClosed);
  t.is((a.failure as TransportClosed).kind, 'heartbeat');
  t.is(
    a.failure?.message,
    'nothing was heard of the other end through the broker for 15000 ms: 30 bytes that were sent may not have arrived',
  );
});

test('T14: an end that stood still itself judges nobody for that', t => {
  const world = connected();
  const [a] = world.sides;
  a.end.look(60_000, 59_000);
  t.is(a.failure, undefined);
});

test('who has nothing to say is heard nevertheless', t => {
  const world = connected();
  for (let i = 0; i < 100; i++) {
    world.wait(1_900);
    for (let turn = 0; turn < 3; turn++) for (const side of world.sides) world.deliver(side);
  }
  t.deepEqual(
    world.sides.map(({failure}) => failure),
    [undefined, undefined],
  );
});

test('an end that was destroyed says so to whoever has not heard it', t => {
  const world = connected();
  const [a, b] = world.sides;
  a.reset();
  // The word of it is lost.
  world.play([['lose', 1, 9]]);
  world.play([['write', 1, 5]]);
  world.deliver(a);
  world.deliver(b);
  t.is((b.failure as TransportClosed).kind, 'reset');
  t.regex(b.failure?.message ?? '', /5 bytes that were sent may not have arrived/);
});

test('nothing is sent before the other end has told how much it takes', t => {
  const world = new World(15_000);
  const [a, b] = world.sides;
  t.is(a.end.write(new Uint8Array(10)), 0);
  t.is(b.arriving.length, 1);
  t.is(readPacket(b.arriving[0] as Uint8Array).kind, 'ask');
});

function broken(packet: {
  kind: Parameters<typeof newPacket>[0];
  at?: number;
  received?: number;
  bytes?: number;
}): unknown {
  const world = connected();
  const {kind, at = 0, received = 0, bytes = 0} = packet;
  const sent = newPacket(
    kind,
    Uint8Array.from({length: bytes}, (_, i) => byteAt(1, at + i)),
  );
  stamp(sent, {at, received, limit: windowBytes});
  const [a, b] = world.sides;
  a.end.arrived(sent, 0);
  world.deliver(b);
  if (a.failure) {
    // The other end is told.
    if ((b.failure as TransportClosed | undefined)?.kind !== 'reset') return 'the other end was not told';
  }
  return a.failure;
}

test('a packet that no end sends breaks the stream, before it takes memory', t => {
  for (const packet of [
    {kind: 'data', bytes: windowBytes + 1},
    {kind: 'data', at: windowBytes - 3, bytes: 4},
    {kind: 'state', received: 1},
    {kind: 'end', at: windowBytes + 1},
    {kind: 'data', bytes: 0},
    {kind: 'state', bytes: 1},
  ] as const)
    t.true(broken(packet) instanceof ProtocolError, JSON.stringify(packet));
  t.is(broken({kind: 'data', bytes: windowBytes}), undefined);
  const world = connected();
  world.sides[0].end.arrived(Uint8Array.of(9, 9), 0);
  t.true(world.sides[0].failure instanceof ProtocolError);
});

test('a packet is read as it was stamped, with positions beyond four bytes', t => {
  const packet = newPacket('data', Uint8Array.of(1, 2, 3));
  const numbers = {at: 2 ** 48 - 1, received: 2 ** 33 + 7, limit: 2 ** 40};
  stamp(packet, numbers);
  t.deepEqual(
    {...readPacket(packet), bytes: [...readPacket(packet).bytes]},
    {kind: 'data', ...numbers, bytes: [1, 2, 3]},
  );
});
