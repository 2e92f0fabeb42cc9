// Which hosts are there, in a made-up time; and which of them gets an actor.
import test from 'ava';
import {type HostEvent, type HostInfo, wordBytes, wordIn} from '../../lib/fleet/host-info.js';
import {Membership} from '../../lib/fleet/membership.js';
import {checkNats, natsServer} from '../../lib/fleet/nats-options.js';
import {chooseOffers, type Offer} from '../../lib/fleet/offers.js';
import {SpawnFailed} from '../../lib/index.js';
import {subjectPart} from '../../lib/transport/relay/subject-part.js';

const hostOf = (name: string, more: Partial<HostInfo> = {}): HostInfo => ({
  name,
  id: `${name}-1`,
  address: `tls://${name}:7400`,
  labels: [],
  cores: 2,
  load1: 0,
  freeMemory: 1e9,
  actors: 0,
  maxActors: 64,
  node: 'v22.0.0',
  version: '1.0.0',
  apps: [{name: 'shop', version: '1.0.0'}],
  draining: false,
  ...more,
});

function watched(): {members: Membership; events: string[]; tickTo(at: number): void} {
  const members = new Membership({lease: 15_000, interval: 1_000, at: 0});
  const events: string[] = [];
  members.watch(({type, host}: HostEvent) => events.push(`${host.name} ${type}`));
  let now = 0;
  return {
    members,
    events,
    tickTo: at => {
      while (now < at) {
        now += 1_000;
        members.tick(now);
      }
    },
  };
}

test('a host is silent after a third of the lease, heard again or gone at its end', t => {
  const {members, events, tickTo} = watched();
  members.heard(hostOf('h1'), 0);
  members.heard(hostOf('h2'), 0);
  tickTo(4_000);
  t.deepEqual(events, ['h1 joined', 'h2 joined']);
  tickTo(5_000);
  t.deepEqual(events.splice(0), ['h1 joined', 'h2 joined', 'h1 silent', 'h2 silent']);
  members.heard(hostOf('h2', {actors: 3}), 6_000);
  tickTo(14_000);
  t.deepEqual(events.splice(0), ['h2 heard', 'h2 silent']);
  tickTo(15_000);
  t.deepEqual(events.splice(0), ['h1 left']);
  t.true(members.isSilent('h2-1'));
  members.heard(hostOf('h2', {actors: 3}), 15_000);
  t.false(members.isSilent('h2-1'));
  t.deepEqual(
    members.list().map(({name, actors}) => [name, actors]),
    [['h2', 3]],
  );
});

test('a host that says that it ends has left at once, and one that begins to drain is told once', t => {
  const {members, events} = watched();
  members.heard(hostOf('h1'), 0);
  members.heard(hostOf('h1', {draining: true}), 10);
  members.heard(hostOf('h1', {draining: true}), 20);
  members.left('h1-1');
  members.left('h1-1');
  t.deepEqual(events, ['h1 joined', 'h1 draining', 'h1 left']);
});

test('two daemons of one name are two when both go on, and one when the second has replaced the first', t => {
  const {members} = watched();
  const [first, second] = [hostOf('h1'), hostOf('h1', {id: 'h1-2'})];
  t.is(members.daemonsOf('h1'), 0);
  members.heard(first, 0);
  members.heard(first, 1_000);
  t.is(members.daemonsOf('h1'), 1);
  members.heard(second, 1_500);
  members.heard(hostOf('h2'), 1_600);
  members.heard(second, 2_500);
  t.is(members.daemonsOf('h1'), 1);
  members.heard(first, 2_600);
  t.is(members.daemonsOf('h1'), 2);
  t.is(members.daemonsOf('h2'), 1);
  members.left('h1-2');
  t.is(members.daemonsOf('h1'), 1);
});

test('a watch begins with those that are there', t => {
  const {members} = watched();
  members.heard(hostOf('h1'), 0);
  const events: string[] = [];
  const stop = members.watch(({type}) => events.push(type));
  stop();
  members.left('h1-1');
  t.deepEqual(events, ['present']);
});

test('while the broker is away no host is judged, and each gets the time that was lost', t => {
  const {members, events, tickTo} = watched();
  members.heard(hostOf('h1'), 0);
  tickTo(3_000);
  members.deaf(3_000);
  tickTo(60_000);
  t.deepEqual(events, ['h1 joined']);
  members.hearing(60_000);
  tickTo(61_000);
  t.deepEqual(events, ['h1 joined']);
  tickTo(62_000);
  t.deepEqual(events, ['h1 joined', 'h1 silent']);
  tickTo(72_000);
  t.deepEqual(events, ['h1 joined', 'h1 silent', 'h1 left']);
});

test('T14: a program that stood still itself judges nobody before its next look', t => {
  const {members, events} = watched();
  members.heard(hostOf('h1'), 0);
  members.tick(20_000);
  t.deepEqual(events, ['h1 joined']);
  members.heard(hostOf('h1'), 20_100);
  members.tick(21_000);
  t.deepEqual(events, ['h1 joined']);
});

test('what is said at the broker is read field by field, and anything else is dropped', t => {
  const host = hostOf('h1');
  t.deepEqual(wordIn(wordBytes({host})), {host});
  t.deepEqual(wordIn(wordBytes({left: 'h1-1'})), {left: 'h1-1'});
  t.deepEqual(wordIn(Buffer.from(JSON.stringify({host: {...host, extra: 1}}))), {host});
  const wrong: object[] = [
    {name: ''},
    {name: 'x'.repeat(300)},
    {labels: 'gpu'},
    {cores: '2'},
    {apps: [{}]},
    {draining: 0},
    {actors: -1},
  ];
  for (const fields of wrong) t.is(wordIn(Buffer.from(JSON.stringify({host: {...host, ...fields}}))), undefined);
  for (const text of ['', '[]', 'null', '{"host":null}', '{"left":7}']) t.is(wordIn(Buffer.from(text)), undefined);
});

const offerOf = (name: string, more: Partial<HostInfo> = {}, underWay = 0, isSilent = false): Offer => ({
  info: hostOf(name, more),
  underWay,
  isSilent,
});
const names = (offers: readonly Offer[]): string[] => offers.map(({info}) => info.name);
const even = (): number => 0;

test('any: the host with the most room comes first, and orders that are under way count', t => {
  const offers = [
    offerOf('h1', {actors: 9}),
    offerOf('h2', {actors: 1}, 10),
    offerOf('h3', {actors: 30, maxActors: 400}),
  ];
  const {chosen, refused} = chooseOffers(offers, {name: 'x', wanted: 'any', app: 'shop'}, even);
  t.deepEqual(names(chosen), ['h3', 'h1', 'h2']);
  t.deepEqual(refused, []);
});

test('any: a host that is full or drains is not asked, and one that runs another app comes last', t => {
  const offers = [
    offerOf('h1', {apps: [{name: 'other', version: ''}]}),
    offerOf('h2', {actors: 63}, 1),
    offerOf('h3', {draining: true}),
    offerOf('h4', {actors: 60}),
  ];
  const {chosen, refused} = chooseOffers(offers, {name: 'x', wanted: 'any', app: 'shop'}, even);
  t.deepEqual(names(chosen), ['h4', 'h1']);
  t.deepEqual(refused, [
    {host: 'h2', refused: 'it has 64 actors already (--max-actors)'},
    {host: 'h3', refused: 'it is about to end (draining)'},
  ]);
});

test('a host that is silent is asked after those that are heard, and before those of another app', t => {
  const offers = [
    offerOf('h1', {}, 0, true),
    offerOf('h2', {actors: 60}),
    offerOf('h3', {apps: [{name: 'other', version: ''}]}),
  ];
  for (const wanted of ['any', ({name}: HostInfo) => (name === 'h1' ? 9 : 1)] as const)
    t.deepEqual(names(chooseOffers(offers, {name: 'x', wanted, app: 'shop'}, even).chosen), ['h2', 'h1', 'h3']);
});

test('a function gives each host a number: the highest comes first, false and 0 mean not there', t => {
  const offers = [offerOf('h1'), offerOf('h2'), offerOf('h3'), offerOf('h4'), offerOf('h5')];
  const answers: Record<string, unknown> = {h1: true, h2: 5, h3: false, h4: 0, h5: 'yes'};
  const wanted = ({name}: HostInfo) => answers[name] as number;
  const {chosen, refused} = chooseOffers(offers, {name: 'x', wanted, app: undefined}, even);
  t.deepEqual(names(chosen), ['h2', 'h1']);
  t.deepEqual(
    refused.map(({host}) => host),
    ['h3', 'h4', 'h5'],
  );
  t.regex(refused[2]?.refused ?? '', /neither true, false nor a number, but yes/);
});

test('a function that throws fails the start, and its error is the cause', t => {
  const cause = new RangeError('no such label');
  const wanted = (): boolean => {
    throw cause;
  };
  const error = t.throws(() => chooseOffers([offerOf('h1')], {name: 'x', wanted, app: undefined}, even), {
    instanceOf: SpawnFailed,
  });
  t.is(error.phase, 'place');
  t.is(error.cause, cause);
});

test('a name of any characters is one part of a subject', t => {
  t.is(subjectPart('gpu-1'), 'gpu-1');
  t.regex(subjectPart('a.b *>\n%é'), /^[\w%-]+$/);
  t.not(subjectPart('a.b'), subjectPart('a%2Eb'));
});

test('the address of a broker has a host and a port, and no user', t => {
  t.is(natsServer('nats://broker'), 'broker:4222');
  t.is(natsServer('nats://[::1]:4333'), '[::1]:4333');
  for (const text of [
    'nats://',
    'nats://broker:0',
    'nats://broker:70000',
    'nats://broker/x',
    'nats://me:secret@broker',
  ])
    t.throws(() => natsServer(text), {instanceOf: TypeError});
  t.false(t.throws(() => natsServer('nats://me:secret@broker')).message.includes('secret'));
});

test('a program shows the broker one kind of proof', t => {
  for (const nats of [{}, {user: 'a', pass: 'b'}, {nkey: 'SU'}, {creds: '-----BEGIN NATS USER JWT-----'}])
    t.notThrows(() => checkNats(nats));
  for (const nats of [
    {user: 'a'},
    {pass: 'b'},
    {nkey: 'SU', user: 'a', pass: 'b'},
    {creds: '/etc/creds'},
    {token: 'x'},
    {nkey: 7},
  ])
    t.throws(() => checkNats(nats as object), {instanceOf: TypeError});
});
