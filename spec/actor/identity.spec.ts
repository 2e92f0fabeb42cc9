// A function is found by another process, whatever has become of its file; and never another one is run (rule T5).
import {mkdirSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import type {ExecutionContext} from 'ava';
import {type Marked, NotExposed, openNursery, RemoteActorError, SpawnFailed, task} from '../../lib/index.js';
import {folderOf} from '../kit/folder.js';
import {patient} from '../kit/patient.js';
import {startNode} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({always: 5});
const library = JSON.stringify(new URL('../../lib/index.js', import.meta.url).href);

type Task = ((value: number) => unknown) & Marked<'task'>;
type Tasks = Readonly<Record<string, Task>>;

/** Writes a module that marks functions. */
function write(file: string, ...lines: string[]): void {
  writeFileSync(file, [`import {task} from ${library};`, ...lines, ''].join('\n'));
}

const says = (name: string, text = name): string => `export const ${name} = task(n => '${text} ' + n);`;

/** A module that this process has loaded; `become` replaces its file while the program runs. */
async function loaded(t: ExecutionContext, ...lines: string[]) {
  const file = join(folderOf(t), 'account.mjs');
  write(file, ...lines);
  const tasks = (await import(pathToFileURL(file).href)) as Tasks;
  return {tasks, file, become: (...others: string[]) => write(file, ...others)};
}

const run = (fn: Task | undefined, value: number): Promise<unknown> =>
  openNursery(nursery => nursery.run(fn as Task, value), patient);

test('T5: two functions that have changed places in their file are told apart by their text', async t => {
  const {tasks, become} = await loaded(t, says('credit'), says('refund'));
  t.is(await run(tasks.credit, 5), 'credit 5');
  become(says('refund'), says('credit'));
  t.is(await run(tasks.credit, 5), 'credit 5');
  t.is(await run(tasks.refund, 5), 'refund 5');
});

test('T5: a function that was edited is found in its place', async t => {
  const {tasks, become} = await loaded(t, says('credit'), says('refund'));
  become(says('credit', 'CREDIT'), says('refund'));
  t.is(await run(tasks.credit, 5), 'CREDIT 5');
});

test('T5: a function whose file was transformed is found by the order of the marks', async t => {
  const {tasks, become} = await loaded(t, says('credit'), says('refund'), says('audit'));
  // Each stands where another one stood, and no text is what it was.
  become(
    `export const credit = task(n => { return 'credit ' + n; });\nexport const refund = task(n => { return 'refund ' + n; });`,
    '',
    `export const audit = task(n => { return 'audit ' + n; });`,
  );
  const all = Object.values(tasks);
  await openNursery(async nursery => {
    const portal = await nursery.startActor('account', {expose: all});
    t.deepEqual(await Promise.all([tasks.credit, tasks.refund, tasks.audit].map(fn => portal.run(fn as Task, 1))), [
      'credit 1',
      'refund 1',
      'audit 1',
    ]);
  }, patient);
});

for (const backend of ['process', 'thread'] as const) {
  test(`T3, T5: a function that is gone from its file is a SpawnFailed that says what is there, in a ${backend}`, async t => {
    const {tasks, become} = await loaded(t, says('credit'), says('refund'));
    become(says('refund'));
    await openNursery(async nursery => {
      const error = await t.throwsAsync(nursery.startActor('account', {backend, expose: [tasks.credit as Task]}), {
        instanceOf: SpawnFailed,
        message: /account\.mjs.*was not marked when this actor imported.*task at 2:23.*name: '…'/s,
      });
      t.is(error.phase, 'import');
      t.true(error.cause instanceof NotExposed);
    }, patient);
  });
}

test('T3: a function that is marked when it is called, and not when its module is imported, is a SpawnFailed', async t => {
  const {tasks} = await loaded(t, 'export const make = () => task(n => n);');
  const make = tasks.make as unknown as () => Task;
  await t.throwsAsync(run(make(), 1), {instanceOf: SpawnFailed, message: /neither was another one.*top level/s});
});

test('T5: a function that is gone when another actor calls it is NotExposed, and says what is there', async t => {
  const {tasks, file, become} = await loaded(t, says('credit'), says('refund'));
  become(says('refund'));
  await openNursery(async nursery => {
    const portal = await nursery.startActor('account', {expose: [pathToFileURL(file)]});
    const error = await t.throwsAsync(portal.run(tasks.credit as Task, 1), {instanceOf: RemoteActorError});
    t.true(error.is(NotExposed));
    t.regex(
      (error.cause as Error).message,
      /not exposed.*It exposes refund \(task, .*account\.mjs \(2:23\)\).*name: '…'/s,
    );
    t.is(await portal.run(tasks.refund as Task, 1), 'refund 1');
  }, patient);
});

test('T5: a name alone holds in whatever file the function is', async t => {
  const folder = folderOf(t);
  for (const place of ['here', 'there']) {
    mkdirSync(join(folder, place));
    write(
      join(folder, place, 'prices.mjs'),
      `export const price = task(n => '${place} ' + n, {name: 'shop/price'});`,
      says('other'),
    );
  }
  const [here, there] = ['here', 'there'].map(place => pathToFileURL(join(folder, place, 'prices.mjs'))) as [URL, URL];
  const {price, other} = (await import(here.href)) as Tasks;
  await openNursery(async nursery => {
    const portal = await nursery.startActor('shop', {expose: [there]});
    t.is(await portal.run(price as Task, 1), 'there 1');
    const error = await t.throwsAsync(portal.run(other as Task, 1), {instanceOf: RemoteActorError});
    t.regex((error.cause as Error).message, /not exposed.*needs a name/s);
    t.is(await nursery.run(price as Task, 1), 'here 1', 'a spawn imports the module that made the mark');
  }, patient);
});

test('T5: code that is in no file calls a function by its name', async t => {
  const file = join(folderOf(t), 'prices.mjs');
  write(file, `export const price = task(n => 'price ' + n, {name: 'shop/price'});`);
  const program = startNode(t, [
    '--input-type=module',
    '--eval',
    `
    import {openNursery, task} from ${library};
    const price = task(() => {}, {name: 'shop/price'});
    await openNursery(async nursery => {
      const portal = await nursery.startActor('shop', {expose: [new URL(${JSON.stringify(pathToFileURL(file).href)})]});
      console.log(JSON.stringify(await portal.run(price, 1)));
    }, ${JSON.stringify(patient)});`,
  ]);
  t.is(await program.next(), 'price 1');
  t.deepEqual(await program.exited, {code: 0, signal: null});
});

test('T5: two functions of one name in one list are a TypeError', async t => {
  const first = task(() => 1, {name: 'twice'});
  const second = task(() => 2, {name: 'twice'});
  await openNursery(async nursery => {
    await t.throwsAsync(nursery.startActor('twins', {expose: [first, second]}), {
      instanceOf: TypeError,
      message: /expose has two functions with the name twice/,
    });
  });
});

test('T5: a module and a name together hold in that module', async t => {
  const {tasks} = await loaded(
    t,
    `export const price = task(n => 'price ' + n, {module: import.meta.url, name: 'a'});`,
    `export const cost = task(n => 'cost ' + n, {module: import.meta.url, name: 'b'});`,
  );
  t.is(await run(tasks.price, 1), 'price 1');
  t.is(await run(tasks.cost, 1), 'cost 1');
});

test('a module or a name of a mark that is not a text, or is empty, is a TypeError', t => {
  for (const options of [{name: ''}, {module: ''}, {name: 1}, {module: import.meta}])
    t.throws(() => task(() => 1, options as {name: string}), {instanceOf: TypeError, message: /of a mark is a text/});
});

test('T5: a module that is reached through a link is the same module', async t => {
  const folder = folderOf(t);
  mkdirSync(join(folder, 'real'));
  symlinkSync(join(folder, 'real'), join(folder, 'link'));
  write(
    join(folder, 'real', 'a.mjs'),
    `export const marked = url => task(n => 'linked ' + n, {module: url});`,
    `marked(import.meta.url);`,
  );
  const link = pathToFileURL(join(folder, 'link', 'a.mjs')).href;
  const {marked} = (await import(pathToFileURL(join(folder, 'real', 'a.mjs')).href)) as {marked(url: string): Task};
  t.is(await run(marked(link), 1), 'linked 1');
});

test('T5: code that is evaluated belongs to the file that evaluates it', async t => {
  const evaluate = (name: string, code: string): string =>
    `eval(${JSON.stringify(`${code}\n//# sourceURL=webpack-internal:///./${name}.js`)});`;
  const {tasks} = await loaded(
    t,
    'const modules = {};',
    'globalThis.marker = task;',
    evaluate('a', "modules.a = marker(n => 'a ' + n); modules.b = marker(n => 'b ' + n);"),
    evaluate('c', "modules.c = marker(n => 'c ' + n);"),
    'export const {a, b, c} = modules;',
  );
  for (const name of ['a', 'b', 'c']) t.is(await run(tasks[name], 1), `${name} 1`);
});

test('T3: a module under a URL that only a tool of this process knows is a SpawnFailed that says what to do', async t => {
  const lost = task((n: number) => n, {module: 'virtual:prices'});
  await t.throwsAsync(run(lost, 1), {
    instanceOf: SpawnFailed,
    message: /virtual:prices.*execArgv.*module: import\.meta\.url/s,
  });
});

/** A function that is marked in evaluated code, with no frame of a file above it. */
async function evaluated(sourceUrl: string, text = 'credit'): Promise<Task> {
  const AsyncFunction = (async () => {}).constructor as new (...args: string[]) => (...args: unknown[]) => unknown;
  const body = `await null; keep(task(n => '${text} ' + n));\n//# sourceURL=${sourceUrl}`;
  return new Promise(keep => new AsyncFunction('task', 'keep', body)(task, keep));
}

for (const query of ['', '?v=1']) {
  test(`T5: evaluated code that names a file that is there belongs to that file${query && `, also with ${query}`}`, async t => {
    const file = join(folderOf(t), 'account.mjs');
    write(file, says('credit'));
    t.is(await run(await evaluated(`${file}${query}`), 1), 'credit 1');
  });
}

test('T5: when a module is evaluated again after its file has changed, both versions of a function are found', async t => {
  const file = join(folderOf(t), 'account.mjs');
  write(file, says('credit'), says('refund'));
  const [before, after] = [await evaluated(file), await evaluated(file, 'refund')];
  await openNursery(async nursery => {
    const portal = await nursery.startActor('account', {expose: [pathToFileURL(file)]});
    for (let n = 0; n < 2; n++) {
      t.is(await portal.run(before, n), `credit ${n}`);
      t.is(await portal.run(after, n), `refund ${n}`);
    }
  }, patient);
});

test('T7: evaluated code in no file is refused, and its tool is named', async t => {
  await t.throwsAsync(run(await evaluated('tool:///a.js'), 1), {
    instanceOf: TypeError,
    message: /a tool evaluates \(tool:\/\/\/a\.js\).*module: import\.meta\.url/,
  });
});
