// Direct links on rxtractor:link: at both ends, up, idle, and lost with the reason. Actors in this process, over real sockets.
import {channel} from 'node:diagnostics_channel';
import test, {type ExecutionContext} from 'ava';
import type {LinkEvent} from '../../lib/index.js';
import {parseAddress} from '../../lib/transport/address.js';
import {errorOf} from '../conformance/over.js';
import {until} from '../kit/pair.js';
import {type Linked, linked, over, relayTo} from './linked.js';

/** The events of these actors, in words: `a up b`. */
function listen(t: ExecutionContext, ...actors: readonly Linked[]): string[] {
  const names = new Map(actors.map(({actor: {id}}) => [id.id, id.name]));
  const told: string[] = [];
  const note = (message: unknown): void => {
    const {type, actor, peer, reason, at} = message as LinkEvent;
    if (!names.has(actor.id)) return;
    t.true(Math.abs(at - Date.now()) < 60_000);
    told.push([actor.name, type, names.get(peer.id) ?? peer.id, reason].filter(part => part !== undefined).join(' '));
  };
  channel('rxtractor:link').subscribe(note);
  t.teardown(() => channel('rxtractor:link').unsubscribe(note));
  return told;
}

test('a link is told as up at both ends, once for all who hold it, and as idle when nobody does', async t => {
  const [a, b] = [await linked(t, 'a'), await linked(t, 'b')];
  const told = listen(t, a, b);
  const leases = [await a.to(b), await a.to(b), await b.to(a)];
  t.is(await over(leases[0] as (typeof leases)[number]).run(() => 1), 1);
  t.deepEqual([...told].sort(), ['a up b', 'b up a']);
  for (const {release} of leases) release();
  await until(
    () => told.length === 4,
    () => told.join(),
  );
  t.deepEqual(told.slice(2).sort(), ['a idle b', 'b idle a']);
});

test('a link that breaks while it is held is told as lost, and says why', async t => {
  const [a, b] = [await linked(t, 'a'), await linked(t, 'b', {listen: ['tcp://127.0.0.1:0']})];
  const told = listen(t, a, b);
  const relay = await relayTo(t, (await b.connections.addresses())[1] as string);
  const lease = await a.connections.connect(parseAddress(relay.address), {timeout: 30_000});
  let isRunning = false;
  const calls = over(lease as NonNullable<typeof lease>);
  const waiting = errorOf(
    calls.run(() => {
      isRunning = true;
      return new Promise(() => {});
    }),
  );
  await until(
    () => isRunning && told.length === 2,
    () => told.join(),
  );
  relay.cut();
  await waiting;
  await until(
    () => told.length === 4,
    () => told.join(),
  );
  t.deepEqual([...told].slice(0, 2).sort(), ['a up b', 'b up a']);
  for (const line of told.slice(2)) t.regex(line, /^(?:a lost b|b lost a) (?:eof|reset)$/);
});
