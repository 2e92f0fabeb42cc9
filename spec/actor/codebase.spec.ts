import {mkdirSync, realpathSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import test, {type ExecutionContext} from 'ava';
import {appIn, placeInApp, urlInApp} from '../../lib/actor/codebase.js';
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
  t.deepEqual(placeInApp(href), {app: 'shop', path: 'dist/worker.js'});
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
