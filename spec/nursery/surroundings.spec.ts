// Surroundings that a child inherits, that it is given, and that are kept from it (rule T7).
import {mkdirSync, realpathSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {ExecutionContext} from 'ava';
import {type ActorOptions, openNursery, type RemoteFn, SpawnFailed} from '../../lib/index.js';
import {argv, cwd, descriptors, entry, env, execArgv, execArgvBelow} from '../fixtures/surroundings.js';
import {folderOf} from '../kit/folder.js';
import {canInspect} from '../kit/processes.js';
import {fixture, startNode, startProgram} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

type Asked<R> = RemoteFn & (() => R);

/** The answer of a task about the actor that is started with these options. */
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

for (const backend of ['process', 'thread'] as const) {
  test(`T7: process.argv of an actor has the arguments of its parent, or those of argv: ${backend}`, async t => {
    t.deepEqual(await ask(argv, {backend}), process.argv.slice(2));
    t.deepEqual(await ask(argv, {backend, argv: []}), []);
    t.deepEqual(await ask(argv, {backend, argv: ['--inspect', '', 'ä b']}), ['--inspect', '', 'ä b']);
  });

  test(`T7: process.argv[1] of an actor is the entry of the runtime, and not the program: ${backend}`, async t => {
    t.regex(await ask(entry, {backend}), /lib.(child|thread)\.js$/);
  });
}

test('T7: the arguments of a program are those of its actors at every level', async t => {
  const program = startProgram(t, 'arguments', {args: ['--level', '{"n":1}']});
  for (let level = 0; level < 5; level++) t.deepEqual(await program.next(), ['--level', '{"n":1}']);
  t.deepEqual(await program.exited, {code: 0, signal: null}, program.stderr);
});

test('T7: an inspector is opened where execArgv asks for it, and nowhere else', async t => {
  const program = startProgram(t, 'inspected', {
    execArgv: ['--inspect=0'],
    env: {NODE_OPTIONS: '--no-warnings --inspect-port=0'},
  });
  const [inherited, named, below] = await program.next<{url: boolean; options: string}[]>();
  t.deepEqual(inherited, {url: false, options: '--no-warnings'});
  t.deepEqual(named, {url: true, options: '--no-warnings'});
  t.deepEqual(below, {url: false, options: '--no-warnings'});
  t.deepEqual(await program.exited, {code: 0, signal: null}, program.stderr);
});

for (const [what, flags] of Object.entries({
  'a module': ['--import', './hook.mjs'],
  'a script': ['-r', './hook.cjs'],
  'a package': ['--import', 'hook-package'],
  'a file of variables': ['--env-file=./hook.env'],
}))
  test(`T7: ${what} that an argument names is looked for where the root was started: ${flags.join(' ')}`, async t => {
    const folder = realpathSync(folderOf(t));
    writeFileSync(join(folder, 'hook.mjs'), "globalThis.hooked = 'yes';");
    writeFileSync(join(folder, 'hook.cjs'), "globalThis.hooked = 'yes';");
    writeFileSync(join(folder, 'hook.env'), 'RXTRACTOR_SPEC_HOOK=yes\n');
    mkdirSync(join(folder, 'node_modules/hook-package'), {recursive: true});
    writeFileSync(
      join(folder, 'node_modules/hook-package/package.json'),
      JSON.stringify({name: 'hook-package', exports: {import: './hook.mjs'}}),
    );
    writeFileSync(join(folder, 'node_modules/hook-package/hook.mjs'), "globalThis.hooked = 'yes';");
    const program = startProgram(t, 'moves', {
      execArgv: flags,
      through: ['sh', '-c', 'cd "$1" && shift && exec "$@"', 'sh', folder],
    });
    const elsewhere = realpathSync(tmpdir());
    t.deepEqual(await program.next(), {cwd: folder, hook: 'yes'});
    t.deepEqual(await program.next(), {cwd: elsewhere, hook: 'yes'});
    t.deepEqual(await program.next(), {cwd: elsewhere, hook: 'yes'}, 'after process.chdir()');
    t.deepEqual(await program.next(), {cwd: elsewhere, hook: 'yes'}, 'two levels below');
    t.deepEqual(await program.exited, {code: 0, signal: null}, program.stderr);
  });

test('T7: a thread looks there too for what arguments name, after process.chdir(), and hands it down', async t => {
  const folder = realpathSync(folderOf(t));
  const adds = (letter: string): string => `globalThis.hooked = (globalThis.hooked ?? '') + '${letter}';`;
  writeFileSync(join(folder, 'a module.mjs'), adds('m'));
  writeFileSync(join(folder, 'script.cjs'), adds('s'));
  mkdirSync(join(folder, 'node_modules/package'), {recursive: true});
  writeFileSync(join(folder, 'node_modules/package/package.json'), '{"exports": {"import": "./hook.mjs"}}');
  writeFileSync(join(folder, 'node_modules/package/hook.mjs'), adds('p'));
  // The heap belongs to the whole process: Node refuses it to a thread.
  const execArgv = ['--import', 'package', '--max-old-space-size=900', '-r', './script.cjs'];
  const NODE_OPTIONS = '--no-warnings --import="./a module.mjs"';
  const program = startProgram(t, 'moves', {
    args: ['thread'],
    execArgv,
    env: {NODE_OPTIONS},
    through: ['sh', '-c', 'cd "$1" && shift && exec "$@"', 'sh', folder],
  });
  const elsewhere = realpathSync(tmpdir());
  t.deepEqual(await program.next(), {cwd: elsewhere, hook: 'smp'}, 'in the order in which Node loads them');
  t.deepEqual(await program.next(), {cwd: elsewhere, hook: 'smp'}, 'a thread of a thread');
  t.deepEqual(await program.next(), {cwd: elsewhere, hook: 'smp'}, 'a process of a thread');
  t.deepEqual(await program.next(), [execArgv, NODE_OPTIONS], 'the thread shows them as they were given');
  t.deepEqual(await program.next(), {cwd: elsewhere, hook: 'm'}, 'with an execArgv of its own');
  t.deepEqual(await program.exited, {code: 0, signal: null}, program.stderr);
});

test('T3: a preload of a thread that is not found after process.chdir() is named in the SpawnFailed', async t => {
  const folder = realpathSync(folderOf(t));
  const program = startProgram(t, 'moves', {
    args: ['missing'],
    through: ['sh', '-c', 'cd "$1" && shift && exec "$@"', 'sh', folder],
  });
  t.deepEqual(await program.next(), {phase: 'connect', names: true});
  t.deepEqual(await program.exited, {code: 0, signal: null}, program.stderr);
});

test('T3: a cwd that is a file, or that this user may not enter, is told first', async t => {
  const folder = folderOf(t);
  writeFileSync(join(folder, 'file'), '');
  await t.throwsAsync(ask(cwd, {cwd: join(folder, 'file')}), {
    instanceOf: SpawnFailed,
    message: /could not be started: its cwd .*file (is not a folder|may not be entered by this user)$/,
  });
});

const permission = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';
const readable = `--allow-fs-read=${fileURLToPath(new URL('../../../*', import.meta.url))}`;

test(`T11: under ${permission} an actor starts where processes may be started`, async t => {
  const program = startProgram(t, 'permitted', {
    execArgv: [permission, readable, '--allow-child-process', '--no-warnings'],
  });
  t.is(await program.next(), '42');
  t.deepEqual(await program.exited, {code: 0, signal: null}, program.stderr);
});

test(`T3: under ${permission} an actor that may not be started is a SpawnFailed`, async t => {
  for (const backend of ['process', 'thread']) {
    const program = startProgram(t, 'permitted', {args: [backend], execArgv: [permission, readable, '--no-warnings']});
    t.is(await program.next(), 'SpawnFailed exec ERR_ACCESS_DENIED');
    t.deepEqual(await program.exited, {code: 0, signal: null}, program.stderr);
  }
});

test('T11: setpriv is not looked for again below the root, and not through the env of an actor', async t => {
  const program = startProgram(t, 'moves', {args: ['setpriv'], env: {RXTRACTOR_NO_SETPRIV: '1'}});
  t.is(await program.next(), 'null', 'the root has decided');
  t.deepEqual(await program.exited, {code: 0, signal: null}, program.stderr);
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
