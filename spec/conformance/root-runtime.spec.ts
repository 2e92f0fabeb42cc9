// tests/test_root_runtime.py: the runtime of a root, from its boot to its end.
import {
  currentActor,
  isRoot,
  type Logger,
  NoRuntime,
  openNursery,
  openShared,
  parent,
  RemoteActorError,
  type RootOptions,
} from '../../lib/index.js';
import {openSecond} from '../fixtures/second-root.js';
import {pidOf} from '../fixtures/tasks.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

const second: Record<string, (options: RootOptions) => Promise<{outer: string; inner: string; ran?: unknown}>> = {
  root: async options => ({
    outer: currentActor().id,
    inner: await openNursery(() => currentActor().id, options),
  }),
  sub: options =>
    openNursery(async nursery => (await nursery.startActor('sub', {expose: [openSecond]})).run(openSecond, options)),
};
for (const [where, open] of Object.entries(second)) {
  test(`root_runtime/test_only_one_root_actor: a nursery that is opened in a runtime shares it, and takes no options of a root (T2) [in the ${where}]`, async t => {
    await openNursery(async () => {
      const {outer, inner, ran} = await open({name: 'second'});
      t.is(inner, outer);
      t.is(ran, undefined, 'main() does nothing in an actor');
      for (const options of [{logLevel: 'debug'}, {expose: []}, {timeouts: {}}] as const) {
        const error: unknown = await t.throwsAsync(open(options), {
          message: /inside a runtime takes name and signal/,
        });
        t.true(error instanceof TypeError || (error instanceof RemoteActorError && error.is(TypeError)));
      }
    });
  });
}

test('root_runtime/test_implicit_root_via_first_nursery: the first nursery boots the root (T2)', async t => {
  t.throws(currentActor, {instanceOf: NoRuntime});
  await openNursery(async nursery => {
    t.like(currentActor(), {name: 'root', pid: process.pid});
    t.true(isRoot());
    t.is(parent(), undefined);
    t.not(await nursery.run(pidOf), process.pid);
  });
});

test('root_runtime/test_runtime_vars_unset: when the root has ended nothing of it is left: identity, options, logger, environment, listeners (T2, P2)', async t => {
  const surroundings = (): unknown => ({
    env: {...process.env},
    exitCode: process.exitCode,
    listeners: process.eventNames().map(name => [String(name), process.listenerCount(name)]),
  });
  const lines: string[] = [];
  const line = (_: object, text: string): number => lines.push(text);
  const logger: Logger = {debug: line, info: line, warn: line, error: line};
  const before = surroundings();
  const options: RootOptions = {name: 'first', logLevel: 'transport', logger, timeouts: {spawn: 60_000}};
  const first = await openNursery(async nursery => {
    await nursery.run(pidOf);
    return currentActor();
  }, options);
  t.is(first.name, 'first');
  t.true(lines.length > 0);
  t.throws(currentActor, {instanceOf: NoRuntime});
  await t.throwsAsync(
    openShared('late', async () => ({[Symbol.asyncDispose]: async () => {}})),
    {instanceOf: NoRuntime},
  );
  t.deepEqual(surroundings(), before);
  lines.length = 0;
  await openNursery(async nursery => {
    t.is(currentActor().name, 'root');
    t.not(currentActor().id, first.id);
    await nursery.run(pidOf);
  });
  t.deepEqual(lines, []);
});
