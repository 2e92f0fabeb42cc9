// The command as a person and a script use it: what each prints, and how it ends.
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {ExecutionContext} from 'ava';
import type {TreeView} from '../../lib/window/index.js';
import {commandFile, rxtractor, rxtractorJson, type Said, startShown} from '../kit/command.js';
import {untilGone} from '../kit/processes.js';
import {type Program, startNode, startProgram} from '../kit/program.js';
import {keys, PtyProgram} from '../kit/screen.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

/** A folder for temporary files of its own, where no other tree is found. Short, because sockets are in it. */
function place(t: ExecutionContext): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'rx-'));
  t.teardown(() => rmSync(folder, {recursive: true}));
  return {TMPDIR: folder, XDG_RUNTIME_DIR: ''};
}

const watched = async (t: ExecutionContext) => {
  const shown = await startShown(t, 'watched');
  const root = String(shown.pid);
  const tree = (): Promise<TreeView> => rxtractorJson(['tree', root]);
  const leaf = await shown.until(async () => {
    const parent = (await tree()).root.children.find(({name}) => name === 'parent');
    const [first] = parent?.children ?? [];
    return first?.state === 'serving' ? first : undefined;
  }, 'a leaf that serves');
  return {...shown, root, tree, leaf};
};

test('ps and tree show a program; into a pipe there is neither a colour nor a line that was cut', async t => {
  const {root} = await watched(t);
  const ps = await rxtractor(['ps']);
  t.regex(ps.stdout, /^ *PID {2}TREE +NAME +AGE +ACTORS +CPU +MEMORY +STATE$/m);
  t.regex(ps.stdout, new RegExp(`^ *${root}  \\w+ +watched +\\d+ .* 5 +\\d+ % +\\d+ MB +serving$`, 'm'));
  const list = await rxtractorJson<{pid: number; actors: number}[]>(['ps']);
  t.is(list.find(({pid}) => String(pid) === root)?.actors, 5);
  const {stdout, code} = await rxtractor(['tree', root, '--contexts']);
  t.is(code, 0);
  t.regex(stdout, /^└─ parent|^├─ parent/m);
  t.regex(stdout, /[│ ] {2}└─ leaf +\d+ +\d+ % +\d+ MB +\d+ .* {2}serving$/m);
  t.regex(stdout, /· runs rest for below in parent \(pid \d+\): has not returned$/m);
  t.false(stdout.includes('\x1b'));
});

test('watch prints what happens until Ctrl-C, the log included; trace writes what Perfetto reads', async t => {
  const {root, say} = await watched(t);
  const watching = startNode(t, [commandFile, 'watch', root]);
  const calling = setInterval(() => say('call'), 200);
  t.teardown(() => clearInterval(calling));
  await watching.stdoutUntil(/watched: calls numbers in busy \[.*\]$/m);
  await watching.stdoutUntil(/busy: numbers has returned \[.*\]$/m);
  const file = join(mkdtempSync(join(tmpdir(), 'rx-')), 't.json');
  const {code, stderr} = await rxtractor(['trace', root, '--for', '1500ms', '-o', file]);
  t.is(code, 0, stderr);
  const {traceEvents} = JSON.parse(readFileSync(file, 'utf8')) as {traceEvents: {ph: string; name: string}[]};
  t.true(traceEvents.some(({ph, name}) => ph === 'b' && name === 'numbers'));
  clearInterval(calling);
  const cancelled = rxtractor(['cancel', root, 'mortal']);
  await watching.stdoutUntil(/warn: the actor mortal is cancelled, because observer.* has asked for it$/m);
  t.regex((await cancelled).stdout, /^mortal ended by itself, after \d+ m?s\n$/);
  watching.kill('SIGINT');
  t.deepEqual(await watching.exited, {code: 0, signal: null});
});

test('cancel ends an actor for good, kill kills its process; the root, and what is not alone in its process, are refused', async t => {
  const {root, tree, leaf} = await watched(t);
  t.is((await rxtractor(['cancel', root, 'busy'])).code, 0);
  t.false(
    (await tree()).root.children.some(({name, state}) => name === 'busy' && state !== 'ended'),
    'although it would be started again when it died',
  );
  t.is((await rxtractor(['kill', root, 'leaf'])).stdout, `killed leaf (pid ${leaf.pid})\n`);
  t.deepEqual(await untilGone([leaf.pid]), []);
  const refused = await rxtractor(['cancel', root, 'watched']);
  t.is(refused.code, 64);
  t.regex(refused.stderr, /watched is the root: end it with kill -INT \d+/);
  const twenty = await startShown(t, 'twenty');
  const inline = await rxtractor(['kill', String(twenty.pid), 'actor-05']);
  t.is(inline.code, 64);
  t.regex(inline.stderr, /actor-05 shares its process with twenty: rxtractor cancel ends the actor alone/);
});

test('without a ROOT it is the only tree; none ends with 1, several with 64 and their list', async t => {
  const env = place(t);
  const none = await rxtractor(['tree'], env);
  t.is(none.code, 1);
  t.regex(none.stderr, /^rxtractor: no tree of actors can be observed here/);
  // Its stdin stays open: at the end of that it ends.
  const start = (): Program => startProgram(t, 'watched', {env, hears: true});
  const ends = async (code: number, ...args: readonly string[]): Promise<Said | undefined> => {
    const said = await rxtractor(args, env);
    return said.code === code ? said : undefined;
  };
  const one = start();
  await one.until(() => ends(0, 'tree'), 'a tree');
  const other = start();
  const {stderr} = await other.until(() => ends(64, 'why'), 'a second tree');
  t.regex(stderr, /^rxtractor: 2 trees of actors run here, so say which one:$/m);
  for (const {pid} of [one, other]) t.regex(stderr, new RegExp(`^ *${pid} .*watched`, 'm'));
});

test('a root that is blocked before anybody has asked it is shown from the arguments of its processes', async t => {
  const {root, say, tree, until} = await watched(t);
  say('block');
  const blocked = await until(async () => {
    const view = await tree();
    return view.root.state === 'serving' ? undefined : view;
  }, 'a blocked root');
  t.true(['busy', 'unresponsive'].includes(blocked.root.state));
  t.is(String(blocked.root.pid), root);
  const names = blocked.root.children.map(({name}) => name).sort();
  t.deepEqual(names, ['busy', 'mortal', 'parent']);
});

test('a tree of another host is reached over TLS, with certificates, and may be looked at only', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'rx-'));
  t.teardown(() => rmSync(folder, {recursive: true}));
  const pem = (name: string): string =>
    fileURLToPath(new URL(`../../../spec/fixtures/tls/${name}.pem`, import.meta.url));
  const read = (name: string): string => readFileSync(pem(name), 'utf8');
  const options = {
    name: 'far',
    listen: ['tls://127.0.0.1:0'],
    tls: {cert: read('actor'), key: read('actor.key'), ca: read('ca')},
  };
  const file = join(folder, 'far.json');
  writeFileSync(file, JSON.stringify(options));
  mkdirSync(join(folder, 'run'), {mode: 0o700});
  const program = startProgram(t, 'town', {args: [file], env: {XDG_RUNTIME_DIR: join(folder, 'run')}});
  const address = (await program.next<string[]>()).find(text => text.startsWith('tls:')) as string;
  const certificates = ['--cert', pem('actor'), '--key', pem('actor.key'), '--ca', pem('ca')];
  const seen = await rxtractor(['tree', address, ...certificates]);
  t.regex(seen.stdout, /^└─ far child/m, seen.stderr);
  const refused = await rxtractor(['cancel', address, 'far child', ...certificates]);
  t.is(refused.code, 1);
  t.regex(refused.stderr, /far lets observers who come over this address only look/);
  t.is((await rxtractor(['tree', address])).code, 1, 'without certificates');
  t.regex((await rxtractor(['tree', address, '--cert', 'x'])).stderr, /--key is missing/);
});

test('what makes no sense ends with 64, and says where help is', async t => {
  const wrong: [readonly string[], RegExp][] = [
    [[], /which command\?/],
    [['nothing'], /there is no command nothing/],
    [['tree', '1', '2'], /tree takes 1 argument, not 2/],
    [['tree', '--colour'], /Unknown option '--colour'/],
    [['cancel'], /cancel needs ACTOR/],
    [['kill', '4711'], /kill needs ACTOR beside the root 4711/],
    [['trace', '4711'], /trace needs -o FILE/],
    [['trace', '4711', '-o', 'x', '--for', 'long'], /--for takes a time as 500ms, 10s or 2min, not long/],
    [['top', '4711'], /top needs a terminal/],
    [['completion', 'fish'], /completion knows bash and zsh, not fish/],
  ];
  for (const [args, text] of wrong) {
    const {code, stderr, stdout} = await rxtractor(args);
    t.is(code, 64, args.join(' '));
    t.regex(stderr, text);
    t.regex(stderr, /--help says how it is used\n$/);
    t.is(stdout, '');
  }
});

test('a reader that has read enough ends it without a word', async t => {
  const {root} = await watched(t);
  const program = startNode(
    t,
    ['-c', `"${process.execPath}" "${commandFile}" tree ${root} --json | head -c 10; echo`],
    {},
    ['sh', '-c', 'shift; exec sh "$@"', 'sh'],
  );
  await program.exited;
  t.is(program.stderr, '');
  t.is(program.stdout, '{\n  "at": \n');
});

test('bash completes commands, options and files', async t => {
  const script = (await rxtractor(['completion', 'bash'])).stdout;
  const complete = async (...words: string[]): Promise<string[]> => {
    const line = `${script}\nCOMP_WORDS=(${words.map(word => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _rxtractor; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const program = startNode(t, ['-c', line], {}, ['sh', '-c', 'shift; exec bash "$@"', 'sh']);
    await program.exited;
    return program.stdout.split('\n').filter(word => word !== '');
  };
  t.deepEqual(await complete('rxtractor', 't'), ['tree', 'top', 'trace']);
  t.deepEqual(await complete('rxtractor', 'ps', '--j'), ['--json']);
  t.true((await complete('rxtractor', 'trace', '-o', '/')).includes('/tmp'));
});

test('zsh completes commands, options and files', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'rx-'));
  t.teardown(() => rmSync(folder, {recursive: true}));
  const script = join(folder, 'completion.zsh');
  writeFileSync(script, (await rxtractor(['completion', 'zsh'])).stdout);
  writeFileSync(join(folder, 'record-of-a-tree.json'), '{}');
  // Without files of the user, and with a prompt that can be waited for.
  const zsh = new PtyProgram(t, 'zsh', {
    command: ['zsh', '-f', '-i'],
    env: {PS1: 'ready> ', ZDOTDIR: folder, HOME: folder},
  });
  await zsh.until(screen => screen.endsWith('ready>'), 'first prompt');
  zsh.press(`autoload -Uz compinit; compinit -u -D; source ${script}; cd ${folder}; clear${keys.enter}`);
  await zsh.until(screen => screen === 'ready>', 'empty screen');
  for (const [typed, completed] of [
    ['rxtractor dev', 'rxtractor devtools'],
    ['rxtractor devtools --fi', 'rxtractor devtools --file'],
    ['rxtractor devtools --file rec', 'rxtractor devtools --file record-of-a-tree.json'],
    ['rxtractor marbles --js', 'rxtractor marbles --json'],
    ['rxtractor completion z', 'rxtractor completion zsh'],
  ] as const) {
    zsh.press(typed + keys.tab);
    await zsh.until(screen => screen.endsWith(`ready> ${completed}`), completed);
    zsh.press(keys.ctrlU);
    await zsh.until(screen => screen.endsWith('ready>'), 'prompt');
  }
  zsh.press(`exit${keys.enter}`);
  t.is(await zsh.exited, 0);
});
