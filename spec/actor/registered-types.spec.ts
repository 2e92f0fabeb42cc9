// A value of a type that its receiver has not registered fails the one context that it came in, wherever it stands in it.
// Above spec/msg/registered.spec.ts, which shows the same of the codec.
import type {ExecutionContext} from 'ava';
import {firstValueFrom, throwError, toArray} from 'rxjs';
import {
  type Backend,
  MessageTypeError,
  openNursery,
  type Portal,
  RemoteActorError,
  registerType,
} from '../../lib/index.js';
import {
  echo,
  fail,
  give,
  isPoint,
  OfCallee,
  OfCaller,
  Point,
  pass,
  pour,
  receives,
  register,
  startsWith,
  throwIt,
  untilCancelled,
} from '../fixtures/typed.js';
import {patient} from '../kit/patient.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({always: 6});

registerType(OfCaller, {name: 'spec/OfCaller', pack: () => 1, unpack: () => new OfCaller()});

const expose = [echo, fail, give, isPoint, pass, pour, receives, register, startsWith, throwIt, untilCancelled];

/** Runs `use` with an actor, and sees that the same actor serves afterwards. */
function withActor(t: ExecutionContext, backend: Backend, use: (portal: Portal) => Promise<void>): Promise<void> {
  return openNursery(async nursery => {
    const portal = await nursery.startActor('typed', {backend, expose});
    if (backend !== 'inline') await portal.run(register);
    await use(portal);
    t.is(await portal.run(echo, 'lives'), 'lives');
  }, patient);
}

const own: Backend[] = ['process', 'thread'];

for (const backend of ['process', 'thread', 'inline'] as const)
  test(`F10: an instance crosses to an actor with backend ${backend} and back, in every place`, t =>
    withActor(t, backend, async portal => {
      const point = new Point(1, 2);
      t.true(await portal.run(isPoint, point));
      t.deepEqual(await portal.run(echo, {at: [point]}), {at: [point]});
      t.deepEqual(await firstValueFrom(portal.operator(pass)([point, {point}]).pipe(toArray())), [point, {point}]);
      const error = await t.throwsAsync(portal.run(fail), {instanceOf: RemoteActorError});
      t.deepEqual((error.cause as unknown as {at: Point}).at, point);
    }));

/** The call that is made of a portal, and at which end the type is not registered. */
const places: readonly (readonly [
  place: string,
  at: 'caller' | 'callee',
  ask: (portal: Portal) => Promise<unknown>,
])[] = [
  ['an argument', 'callee', portal => portal.run(echo, {in: [new OfCaller()]})],
  ['an argument of a context', 'callee', portal => portal.openContext(receives, new OfCaller())],
  ['a result', 'caller', portal => portal.run(give)],
  ['the value of started', 'caller', portal => portal.openContext(startsWith)],
  ['a value of a stream', 'caller', portal => firstValueFrom(portal.stream(pour).pipe(toArray()))],
  [
    'a value that is sent to an operator',
    'callee',
    async portal => {
      for await (const _ of portal.operator(pass)([new OfCaller()]));
    },
  ],
  [
    'a value that is sent in a context',
    'callee',
    async portal => {
      const context = await portal.openContext(receives);
      const wire = context.openStream();
      await wire.send(new OfCaller());
      await context.result();
    },
  ],
];

for (const backend of own)
  for (const [place, at, ask] of places)
    test(`F10: ${place} of a type that the ${at} has not registered fails that context, and no more (${backend})`, t =>
      withActor(t, backend, async portal => {
        const other = await portal.openContext(receives);
        const error = await t.throwsAsync(ask(portal));
        const name = at === 'caller' ? 'spec/OfCallee' : 'spec/OfCaller';
        const fault = error instanceof RemoteActorError ? error.cause : error;
        t.is(error instanceof RemoteActorError, at === 'callee');
        t.true(fault instanceof MessageTypeError, String(error));
        t.true((fault as Error).message.includes(name), String(fault));
        await other.openStream().send('goes on');
        t.is(await other.result(), 'goes on');
      }));

for (const backend of own)
  test(`F10, E3: an error, or a cancel, never fails for a value that cannot be made: a text stands for it (${backend})`, t =>
    withActor(t, backend, async portal => {
      const failed = await t.throwsAsync(portal.run(fail), {instanceOf: RemoteActorError});
      t.true(failed.is(TypeError));
      const {at, unknown} = failed.cause as unknown as {at: Point; unknown: {deep: string}};
      t.deepEqual(at, new Point(1, 2));
      t.regex(unknown.deep, /^\[a value of the type spec\/OfCallee arrived, which is not registered here/);
      const thrown = await t.throwsAsync(portal.run(throwIt), {instanceOf: RemoteActorError});
      t.regex(thrown.cause as unknown as string, /^\[a value of the type spec\/OfCallee/);
      const broken = throwError(() => Object.assign(new Error('source'), {at: new OfCaller()}));
      const told = await firstValueFrom(broken.pipe(portal.operator(pass)));
      t.regex(told as string, /^\[a value of the type spec\/OfCaller/);
      const controller = new AbortController();
      const cancelled = portal.with({signal: controller.signal}).run(untilCancelled);
      await portal.run(echo, 'it has begun');
      controller.abort(new OfCaller());
      t.regex((await cancelled) as string, /^\[a value of the type spec\/OfCaller/);
    }));

test('F10: an inline actor shares what its process has registered', t =>
  withActor(t, 'inline', async portal => {
    t.true((await portal.run(echo, new OfCaller())) instanceof OfCaller);
    await portal.run(register);
    t.true(((await portal.run(give)) as unknown[])[0] instanceof OfCallee);
  }));
