// Which code an actor on another host runs: the same build as here, or a package there.
import {mkdirSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {type RemoteFn, SpawnFailed, task} from '../../lib/index.js';
import {spawning} from '../kit/spawning.js';
import {expose, folder, makeCertificates, removeCertificates, startHost, withHosts} from './daemons.js';

const test = spawning({takesLong: true, last: removeCertificates});

test.before(makeCertificates);

const modulePath = 'dist/spec/fixtures/hosted.js';
const library = new URL('../../lib/index.js', import.meta.url).href;

/** An app of the name of this one, in a folder of its own, with another build of the fixture. */
function makeTwin(): string {
  const app = join(folder, 'twin');
  mkdirSync(dirname(join(app, modulePath)), {recursive: true});
  writeFileSync(join(app, 'package.json'), '{"name": "rxtractor", "version": "0.0.1", "type": "module"}');
  writeFileSync(join(app, modulePath), '// Another build.\n');
  return app;
}

/** Why the host refuses an actor that exposes this. */
async function refusedBy(t: ExecutionContext, app: string, exposed: readonly (RemoteFn | URL)[]): Promise<string> {
  const host = await startHost(t, 'h1', [], {app});
  return withHosts([host], async nursery => {
    const error = await t.throwsAsync(nursery.startActor('worker', {expose: exposed, host: 'h1'}), {
      instanceOf: SpawnFailed,
    });
    t.is(error.phase, 'place');
    t.deepEqual(
      error.offers?.map(offer => offer.host),
      ['h1'],
    );
    t.regex(error.message, /^actor worker could not be placed on h1: /);
    return error.offers?.[0]?.refused ?? '';
  });
}

test('a host that has another build of a module refuses the actor, and says which module and what to do', async t => {
  const refused = await refusedBy(t, makeTwin(), expose);
  t.regex(
    refused,
    /^it has another build of dist\/spec\/fixtures\/hosted\.js \(sha256 \w{12}\) than this program \(\w{12}\): install the same version on both$/,
  );
});

test('a module of a package of the host runs there, in the version that is asked for, and in no other', async t => {
  const app = makeTwin();
  const tool = join(app, 'node_modules', '@spec', 'tool');
  mkdirSync(tool, {recursive: true});
  writeFileSync(join(tool, 'package.json'), '{"name": "@spec/tool", "version": "1.2.3", "type": "module"}');
  const source = `import {task} from '${library}';\nexport const triple = task(value => 3 * value, {name: 'tool/triple'});\n`;
  writeFileSync(join(tool, 'main.js'), source);
  // A name that holds everywhere: this program does not have the package.
  const triple = task((value: number) => 3 * value, {name: 'tool/triple'});
  const host = await startHost(t, 'h1', [], {app});
  await withHosts([host], async nursery => {
    const portal = await nursery.startActor('tool', {
      expose: [new URL('pkg:@spec/tool@1.2.3/main.js')],
      host: 'h1',
      cwd: app,
    });
    t.is(await portal.run(triple, 7), 21);
  });
  t.regex(
    await refusedBy(t, app, [new URL('pkg:@spec/tool@1.2.4/main.js')]),
    /^it has @spec\/tool in version 1\.2\.3, not 1\.2\.4/,
  );
  t.regex(
    await refusedBy(t, app, [new URL('pkg:@spec/none@1.0.0/main.js')]),
    /^rxtractor has no package @spec\/none there/,
  );
});
