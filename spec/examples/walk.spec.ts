// The lazy walk: every regular file once, whatever its name; nothing else, and no more than is asked for.
import {mkdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {inputsOf} from '../../examples/scan/inputs.js';
import {textOf} from '../../examples/scan/path.js';
import {walk} from '../../examples/scan/walk.js';
import {addSocket, expectedOf, keyOf, makeFolder, makeOddTree} from './tree.js';

const never = (): void => {
  throw new Error('everything can be read');
};

test('it gives the files that find gives, as bytes where the name is not UTF-8', async t => {
  const tree = makeOddTree();
  t.teardown(tree.remove);
  const server = await addSocket(tree);
  t.teardown(() => server.close());
  const paths = [...walk(inputsOf([tree.path]), never)];
  t.deepEqual(paths.map(keyOf).sort(), [...expectedOf(tree.path).keys()].sort());
  t.is(paths.filter(path => typeof path !== 'string').length, 3);
  t.is(paths.filter(path => textOf(path).includes('\uFFFD')).length, 4);
});

test('it looks no further than it is asked', t => {
  const {path, remove} = makeFolder();
  t.teardown(remove);
  for (const name of ['a', 'b']) mkdirSync(join(path, name));
  for (const name of ['a/file', 'b/file']) writeFileSync(join(path, name), '');
  const paths = walk(inputsOf([path]), never);
  const first = String(paths.next().value);
  const other = join(path, first.endsWith('a/file') ? 'b' : 'a');
  writeFileSync(join(other, 'late'), '');
  t.is([...paths].length, 2);
});

test('a folder that has gone is told of, and the walk goes on', t => {
  const {path, remove} = makeFolder();
  t.teardown(remove);
  for (const name of ['a', 'b']) mkdirSync(join(path, name));
  const inputs = inputsOf([join(path, 'a'), join(path, 'b'), path]).concat(inputsOf([join(path, 'b')]));
  rmSync(join(path, 'b'), {recursive: true});
  const told: string[] = [];
  t.deepEqual([...walk(inputs, (where, error) => told.push(`${textOf(where)} ${error.code}`))], []);
  t.deepEqual(told, [`${path}/b ENOENT`]);
});

test('a walk that is left closes its folders', t => {
  const {path, remove} = makeFolder();
  t.teardown(remove);
  mkdirSync(join(path, 'a/b/c'), {recursive: true});
  for (const name of ['a/1', 'a/b/1', 'a/b/c/1', 'a/b/c/2']) writeFileSync(join(path, name), '');
  for (let times = 0; times < 2000; times += 1) {
    for (const _ of walk(inputsOf([path]), never)) break;
  }

  t.is([...walk(inputsOf([path]), never)].length, 4);
});
