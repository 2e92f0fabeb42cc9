import {mkdirSync, realpathSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import test, {type ExecutionContext} from 'ava';
import {appIn, hashOf, placeInApp, urlInApp} from '../../lib/actor/codebase.js';
import {folderOf} from '../kit/folder.js';

/** An app `shop` with a module, beside a file that does not belong to it. */
function makeApp(t: ExecutionContext): string {
  const folder = realpathSync(folderOf(t));
  const app = join(folder, 'shop');
  mkdirSync(join(app, 'dist'), {recursive: true});
  writeFileSync(join(app, 'package.json'), '{"name": "shop"}');
  writeFileSync(join(app, 'dist', 'worker.js'), '');
  writeFileSync(join(folder, 'outside.js'), '');
  return app;
}

test('a module is known by its path in the nearest package with a name, and found there again', t => {
  const app = makeApp(t);
  writeFileSync(join(app, 'dist', 'package.json'), '{"type": "module"}');
  const {href} = pathToFileURL(join(app, 'dist', 'worker.js'));
  t.deepEqual(placeInApp(href), {app: 'shop', path: 'dist/worker.js', hash: hashOf(href)});
  t.is(urlInApp(appIn(app), 'dist/worker.js'), href);
});

test('what leads out of the app is refused: ../, a link, an absolute path; and what is not there', t => {
  const app = makeApp(t);
  symlinkSync(join(app, '..', 'outside.js'), join(app, 'dist', 'link.js'));
  const shop = appIn(app);
  for (const path of ['../outside.js', 'dist/../../outside.js', 'dist/link.js'])
    t.throws(() => urlInApp(shop, path), {instanceOf: TypeError, message: /leads out of shop/}, path);
  for (const path of ['dist/nothing.js', 'dist', join(app, '..', 'outside.js')])
    t.throws(() => urlInApp(shop, path), {instanceOf: TypeError, message: /shop has no /}, path);
});

test('a folder without a package.json that has a name is no app, and a module in none has no place', t => {
  const folder = folderOf(t);
  t.throws(() => appIn(folder), {instanceOf: TypeError, message: /it has no package.json with a name/});
  t.is(placeInApp('data:text/javascript,'), undefined);
});

test('a module of a package is known by the name and the version of the package', t => {
  const app = makeApp(t);
  const tool = join(app, 'node_modules', '@shop', 'tool');
  mkdirSync(join(tool, 'dist'), {recursive: true});
  writeFileSync(join(tool, 'package.json'), '{"name": "@shop/tool", "version": "3.2.1"}');
  writeFileSync(join(tool, 'dist', 'main.js'), '1');
  const {href} = pathToFileURL(join(tool, 'dist', 'main.js'));
  const path = 'pkg:@shop/tool@3.2.1/dist/main.js';
  t.deepEqual(placeInApp(href), {app: undefined, path, hash: hashOf(href)});
  t.deepEqual(placeInApp(path), {app: undefined, path, hash: ''});
  const shop = appIn(app);
  t.is(urlInApp(shop, path), href);
  // Also from a folder below the one that has it.
  t.is(urlInApp({...shop, folder: join(app, 'dist')}, path), href);
  const refused = (wrong: string, message: RegExp) =>
    void t.throws(() => urlInApp(shop, wrong), {instanceOf: TypeError, message}, wrong);
  refused('pkg:@shop/tool@3.2.2/dist/main.js', /^it has @shop\/tool in version 3\.2\.1, not 3\.2\.2/);
  refused('pkg:other@1.0.0/main.js', /^shop has no package other there/);
  refused('pkg:@shop/tool@3.2.1/../../../dist/worker.js', /leads out of @shop\/tool/);
  for (const wrong of ['pkg:../tool@1/main.js', 'pkg:tool', 'pkg:tool@1/']) refused(wrong, /is no module of a package/);
});

test('two files have the same hash when their bytes are the same', t => {
  const app = makeApp(t);
  const [one, other] = ['one.js', 'other.js'].map(name => join(app, name)) as [string, string];
  for (const file of [one, other]) writeFileSync(file, 'export {}');
  const hashes = () => [one, other].map(file => hashOf(pathToFileURL(file).href));
  t.is(new Set(hashes()).size, 1);
  writeFileSync(other, 'export { }');
  t.is(new Set(hashes()).size, 2);
});
