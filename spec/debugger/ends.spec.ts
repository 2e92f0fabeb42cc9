// How a tree ends while somebody is at the prompt, on a real pseudo-terminal: nothing is left, and the terminal is as it was.
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {ExecutionContext} from 'ava';
import {eventually} from '../kit/eventually.js';
import {fixture} from '../kit/program.js';
import {keys, PtyProgram, type ScreenOptions} from '../kit/screen.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

type Who = 'root' | 'child' | 'leaf';
const long = '2000000000';
const stands = [process.execPath, fileURLToPath(fixture('stands'))] as const;

/** A program of which one stands at the prompt. */
async function standing(t: ExecutionContext, who: Who | 'two', options: ScreenOptions = {}): Promise<PtyProgram> {
  const program = new PtyProgram(t, 'stands', {...options, args: [who, ...(options.args ?? [])]});
  if (who === 'two') await program.until(() => program.asks('child') || program.asks('other'), 'first prompt');
  else await program.prompt(who);
  return program;
}

function pidsOf(program: PtyProgram): {root: number; child: number; other: number} {
  const [, root, child, other] = /^pids (\d+) (\d+) (\d+)$/m.exec(program.screen()) ?? [];
  return {root: Number(root), child: Number(child), other: Number(other)};
}

/** Waits until the terminal is as it was, which a process sees to that outlives the root. */
const restored =
  'before=$(stty -g); "$@"; code=$?; until [ "$(stty -g)" = "$before" ]; do sleep 0.05; done; exit $code';

for (const who of ['child', 'leaf'] as const)
  for (const env of [{}, {RXTRACTOR_NO_SETPRIV: '1'}])
    for (const stepping of [false, true]) {
      const how = `${stepping ? 'in a step over a long await' : 'at the prompt'}${'RXTRACTOR_NO_SETPRIV' in env ? ', without setpriv' : ''}`;
      test(`T11: kill -9 of the root leaves nothing of the tree while the ${who} is ${how}`, async t => {
        const command = ['sh', '-c', restored, 'sh', ...stands, who, long] as const;
        const program = await standing(t, who, {command, env});
        if (stepping) await program.type('n', keys.enter);
        process.kill(pidsOf(program).root, 'SIGKILL');
        await program.ends(t, 128 + 9);
      });
    }

for (const who of ['root', 'child', 'leaf'] as const) {
  test(`P1: a terminal that closes while the ${who} is at the prompt ends the tree with 129`, async t => {
    const {program, code} = await withCode(t, who);
    program.hangUp();
    t.is(await code(), '129');
    await program.leavesNothing(t);
  });

  test(`P1: SIGTERM at the root ends the tree with 143 once the ${who} has left the prompt, and not before`, async t => {
    const program = await standing(t, who);
    process.kill(pidsOf(program).root, 'SIGTERM');
    t.is(await program.line('stood', who), '1');
    program.press('c\r');
    await program.ends(t, 143);
  });
}

for (const who of ['child', 'leaf'] as const)
  test(`P1: SIGHUP at the root ends the prompt of the ${who} and the tree with 129`, async t => {
    const program = await standing(t, who);
    process.kill(pidsOf(program).root, 'SIGHUP');
    await program.ends(t, 129);
  });

test('P1: after SIGHUP there is no other prompt', async t => {
  const program = await standing(t, 'two');
  process.kill(pidsOf(program).root, 'SIGHUP');
  await program.ends(t, 129);
  t.is(program.screen().match(/^(child|other)>/gm)?.length, 1);
});

test('process.exit() in the root while a child is at the prompt leaves nothing, and the terminal as it was', async t => {
  const program = await standing(t, 'child', {args: [long, 'exit']});
  process.kill(pidsOf(program).root, 'SIGURG');
  await program.ends(t, 5);
  t.regex(program.screen(), /^heard$/m, 'what was held back is shown');
});

test('an error that nobody catches in the root waits for the prompt of a child, and is told after it', async t => {
  const program = await standing(t, 'child', {args: ['20', 'throw']});
  process.kill(pidsOf(program).root, 'SIGURG');
  t.is(await program.line('stood', 'child'), '1');
  t.notRegex(program.screen(), /heard|out of the blue/);
  program.press('c\r');
  t.regex(await program.prompt('root'), /crash in root, uncaught: RangeError: out of the blue/);
  program.press('c\r');
  await program.ends(t, 1);
});

for (const who of ['child', 'leaf'] as const)
  test(`process.exit() at the prompt of the ${who} ends it, those above fail with that, and the terminal is as it was`, async t => {
    const program = await standing(t, who);
    program.press('process.exit(4)\r');
    for (const above of who === 'leaf' ? ['child', 'root'] : ['root']) {
      t.regex(await program.prompt(above), new RegExp(`crash in ${above}, [^]*${who}.* died \\(exit code 4\\)`));
      program.press('c\r');
    }
    await program.ends(t, 1);
  });

test('when whoever is at the prompt is killed, the next has it on a terminal that is as it was', async t => {
  const program = await standing(t, 'two');
  const [first, next] = program.asks('child') ? (['child', 'other'] as const) : (['other', 'child'] as const);
  process.kill(pidsOf(program)[first], 'SIGKILL');
  await program.prompt(next);
  t.is(await program.line('stood', next), '1');
  program.press('c\r');
  t.regex(await program.prompt('root'), new RegExp(`crash in root, root: ActorDied: .*${first}.*SIGKILL`));
  program.press('c\r');
  await program.ends(t, 1);
});

test('P1: Ctrl-C, however often, ends nothing at the prompt of a child, nor while it is handed on, nor while another waits', async t => {
  const program = await standing(t, 'two');
  const [first, next] = program.asks('child') ? (['child', 'other'] as const) : (['other', 'child'] as const);
  const {root} = pidsOf(program);
  const mash = (): void => {
    for (let i = 0; i < 20; i++) process.kill(root, 'SIGINT');
  };
  program.press(keys.ctrlC.repeat(20));
  mash();
  await program.until(screen => screen.split('^C').length === 21 && program.asks(first), 'prompt after twenty');
  program.press(`c\r${keys.ctrlC.repeat(20)}`);
  mash();
  await program.prompt(next);
  mash();
  t.is(await program.line('stood', next), '1');
  program.press('c\r');
  await program.ends(t, 0);
  t.regex(program.screen(), /^child 2$/m);
  t.regex(program.screen(), /^other 2$/m);
});

test('P1: SIGINT at a root that is at its own prompt ends nothing, then or when it is left', async t => {
  const program = await standing(t, 'root');
  for (let i = 0; i < 20; i++) process.kill(pidsOf(program).root, 'SIGINT');
  t.is(await program.line('stood', 'root'), '1');
  program.press('c\r');
  await program.ends(t, 0);
  t.regex(program.screen(), /^root 2$/m);
});

/** A program whose exit code is known though its terminal is gone. */
async function withCode(
  t: ExecutionContext,
  who: Who,
): Promise<{readonly program: PtyProgram; code(): Promise<string>}> {
  const folder = mkdtempSync(join(tmpdir(), 'ends-'));
  t.teardown(() => rmSync(folder, {recursive: true}));
  const path = join(folder, 'code');
  const script = 'out=$1; shift; trap : HUP; "$@"; echo $? >"$out.part"; mv "$out.part" "$out"';
  const program = await standing(t, who, {command: ['sh', '-c', script, 'sh', path, ...stands, who]});
  return {
    program,
    code: async () => {
      await eventually(() => existsSync(path), 'the exit code of the program');
      return readFileSync(path, 'utf8').trim();
    },
  };
}
