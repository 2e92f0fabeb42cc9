// What a child inherits, what it is given, and what is kept from it (rule T7).
import {realpathSync} from 'node:fs';
import {tmpdir} from 'node:os';
import type {ExecutionContext} from 'ava';
import {type ActorOptions, openNursery, type RemoteFn} from '../../lib/index.js';
import {argv, cwd, descriptors, env, execArgv, execArgvBelow} from '../fixtures/surroundings.js';
import {canInspect} from '../kit/processes.js';
import {fixture, startNode} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

type Asked<R> = RemoteFn & (() => R);

/** What a task says of the actor that is started with these options. */
async function ask<R>(fn: Asked<R>, options: Partial<ActorOptions>): Promise<R> {
  return openNursery(async nursery => (await nursery.startActor('asked', {...options, expose: [fn]})).run(fn as never));
}

async function askEnv(name: string, options: Partial<ActorOptions>): Promise<string | null> {
  return openNursery(async nursery => (await nursery.startActor('asked', {...options, expose: [env]})).run(env, name));
}

test('T7: env is merged over the inherited one', async t => {
  process.env.RXTRACTOR_SPEC_KEPT = 'kept';
  t.is(await askEnv('RXTRACTOR_SPEC_KEPT', {env: {OTHER: 'x'}}), 'kept');
  t.is(await askEnv('RXTRACTOR_SPEC_KEPT', {env: {RXTRACTOR_SPEC_KEPT: 'changed'}}), 'changed');
});

test('T7: an env value of undefined removes', async t => {
  process.env.RXTRACTOR_SPEC_GONE = 'there';
  t.is(await askEnv('RXTRACTOR_SPEC_GONE', {env: {RXTRACTOR_SPEC_GONE: undefined}}), null);
});

test('T7: an IPC channel of the parent is not inherited', async t => {
  t.truthy(process.env.NODE_CHANNEL_FD ?? process.channel, 'this spec wants to be run with a channel');
  t.is(await askEnv('NODE_CHANNEL_FD', {}), null);
});

test('T7: an env without PATH is enough: nothing is looked up through it', async t => {
  t.is(await askEnv('PATH', {env: {PATH: undefined}}), null);
  t.is(await askEnv('PATH', {env: {PATH: '/no/such/folder'}}), '/no/such/folder');
});

test('cwd is the working folder of the actor', async t => {
  t.is(await ask(cwd, {}), process.cwd());
  const folder = realpathSync(tmpdir());
  t.is(await ask(cwd, {cwd: folder}), folder);
});

test('execArgv is what Node gets; without it the flags of the parent are inherited', async t => {
  t.deepEqual(await ask(execArgv, {execArgv: ['--no-warnings']}), ['--no-warnings']);
  t.true((await ask(execArgv, {})).includes('--enable-source-maps'), 'the specs run with --enable-source-maps');
});

for (const flag of ['--no-turbo-escape', '--no-analyze-environment-liveness'])
  test(`in debug mode values stay visible in the actors that can be stopped, and in no others: ${flag}`, async t => {
    const visible = (flags: string[]): number => flags.filter(one => one === flag).length;
    t.is(visible(await ask(execArgv, {})), 0);
    await openNursery(
      async nursery => {
        const asked = {expose: [execArgv, execArgvBelow]};
        const [on, off, own] = await Promise.all([
          nursery.startActor('on', asked),
          nursery.startActor('off', {...asked, debug: false}),
          nursery.startActor('own', {...asked, execArgv: [flag]}),
        ]);
        t.is(visible(await on.run(execArgv)), 1);
        t.is(visible(await on.run(execArgvBelow, true)), 1);
        t.is(visible(await on.run(execArgvBelow, false)), 0);
        t.is(visible(await off.run(execArgv)), 0);
        t.is(visible(await off.run(execArgvBelow, true)), 1);
        t.is(visible(await own.run(execArgv)), 1);
      },
      {debug: true},
    );
  });

test('an actor does not see the arguments by which it was started', async t => {
  t.deepEqual(await ask(argv, {}), []);
});

(canInspect ? test : test.skip)('an actor holds no descriptor of its parent but its stdio and its channel', async t => {
  await openNursery(async nursery => {
    const asked = {expose: [descriptors]};
    const [first, second] = await Promise.all([nursery.startActor('one', asked), nursery.startActor('two', asked)]);
    const [one, two] = await Promise.all([first.run(descriptors), second.run(descriptors)]);
    t.true(one.includes(3));
    t.is(one.length, two.length);
  });
});

const isDangerous = (flag: string): boolean =>
  /^--(test|experimental-test|inspect|watch|eval|print|input-type)/.test(flag);

const inherits = test.macro({
  async exec(t: ExecutionContext, flags: readonly string[], kept: readonly string[], viaFile: boolean) {
    const lib = new URL('../../lib/index.js', import.meta.url).href;
    const source = `
      import {main} from ${JSON.stringify(lib)};
      import {execArgv} from ${JSON.stringify(fixture('surroundings').href)};
      await main(async nursery => console.log(JSON.stringify(await nursery.run(execArgv))));`;
    const program = startNode(
      t,
      viaFile ? [...flags, `${fixture('flags').pathname}`] : ['--input-type=module', ...flags, '--eval', source],
    );
    t.deepEqual(await program.exited, {code: 0, signal: null}, program.stderr);
    // Node's test runner puts a mark in front of what a test prints.
    const lines = program.stdout.match(/^(# )?\[.*\]$/gm) ?? [];
    t.is(lines.length, 1);
    const inherited: string[] = JSON.parse(lines[0]?.replace('# ', '') ?? '');
    // From Node 24 on the test runner gives its files flags of its own, which do no harm.
    if (flags.includes('--test')) t.deepEqual(inherited.filter(isDangerous), kept);
    else t.deepEqual(inherited, kept);
  },
  title: (_, flags) => `T7: a program started with ${flags.join(' ') || '--eval'} runs it once, and its actors without`,
});

test(inherits, [], [], false);
test(inherits, ['--no-warnings', '--inspect=0'], ['--no-warnings'], false);
test(inherits, ['--inspect=0'], [], true);
test(inherits, ['--test'], [], true);
test(inherits, ['--inspect-port', '0', '--no-warnings'], ['--no-warnings'], true);
