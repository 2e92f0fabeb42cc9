// The package as a stranger gets it: packed, installed into an empty project, imported, type-checked, linted.
// Above everything: it tests the tarball, not the sources. Needs the registry and half a minute, so it runs in CI only.
import {execFile} from 'node:child_process';
import {existsSync} from 'node:fs';
import {mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {readPage, relativeLinks} from './docs.js';
import {test} from './kit/limited.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const typeTests = join(root, 'spec', 'types');
const inCi = Boolean(process.env.RXTRACTOR_CI);
const packageTest = inCi ? test : test.skip;
const reason = inCi ? '' : ' (needs the registry: set RXTRACTOR_CI=1 to run)';

let project = '';
let tarball = '';
let installed = '';

if (inCi) {
  test.before('pack and install', async t => {
    t.timeout(5 * 60_000);
    project = await mkdtemp(join(tmpdir(), 'rxtractor-package-'));
    await writeFile(join(project, 'package.json'), '{"name": "empty", "private": true, "type": "module"}');
    // Without scripts: `prepack` would rebuild dist beneath the specs that run from it. `npm test` has just built it.
    await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', project], root);
    tarball = (await readdir(project)).find(name => name.endsWith('.tgz')) ?? '';
    const {devDependencies} = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    // The oldest RxJS that the package says it works with.
    const types = `@types/node@${devDependencies['@types/node']}`;
    // And the last TypeScript before 7, which many will have for years.
    const packages = [`./${tarball}`, 'rxjs@7.8.0', types, 'typescript-5.9@npm:typescript@~5.9.0'];
    await run('npm', ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', ...packages]);
    installed = join(project, 'node_modules', 'rxtractor');
    // The type tests, as a user would write them: whatever they say must hold for the declarations too.
    for (const name of await typeTestFiles()) {
      const source = await readFile(join(typeTests, name), 'utf8');
      await writeFile(join(project, name), source.replaceAll("'../../lib/index.js'", "'rxtractor'"));
    }
  });

  test.after.always('remove the project', () => rm(project, {recursive: true, force: true}));
}

packageTest(`the tarball holds the library, its documents, and nothing else${reason}`, async t => {
  const pages = ['CHANGELOG.md', 'CODE_OF_CONDUCT.md', 'CONTRIBUTING.md', 'README.md', 'SECURITY.md'];
  const folders = ['dist', 'docs', 'examples', 'lib'];
  t.deepEqual((await readdir(installed)).sort(), [...pages, ...folders, 'LICENSE', 'package.json'].sort());
  t.deepEqual(await readdir(join(installed, 'dist')), ['lib']);
  // The page is in dist, in one file.
  t.true(existsSync(join(installed, 'dist', 'lib', 'page.html')));
  t.false(existsSync(join(installed, 'lib', 'cli', 'page')));
});

for (const page of ['README.md', 'SECURITY.md']) {
  packageTest(`every relative link of ${page} leads to a file in the tarball${reason}`, async t => {
    const {prose} = readPage(await readFile(join(installed, page), 'utf8'));
    const targets = relativeLinks(prose).map(link => link.split('#')[0] ?? '');
    t.true(targets.length > 0);
    t.deepEqual(
      targets.filter(target => !existsSync(join(installed, target))),
      [],
    );
  });
}

packageTest(`main and types say the same as exports, for tools that do not read those${reason}`, async t => {
  const {main, types, exports} = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
  t.deepEqual({types, default: main}, exports['.']);
});

packageTest(`every source map points to a file in the tarball${reason}`, async t => {
  const dist = join(installed, 'dist', 'lib');
  const maps = (await readdir(dist, {recursive: true})).filter(name => name.endsWith('.map'));
  t.true(maps.length > 0);
  for (const name of maps) {
    const {sources} = JSON.parse(await readFile(join(dist, name), 'utf8'));
    t.deepEqual(
      sources.filter((source: string) => !existsSync(join(dist, name, '..', source))),
      [],
      name,
    );
  }
});

packageTest(`Node imports it, and importing it does nothing${reason}`, async t => {
  await writeFile(join(project, 'program.js'), `import * as all from 'rxtractor';\nconsole.log(typeof all);\n`);
  // Ends by itself: a timer or a socket opened at import would keep it until the limit.
  t.deepEqual(await run(process.execPath, ['program.js']), {stdout: 'object\n', stderr: ''});
});

packageTest(
  `without @opentelemetry/api only rxtractor/otel does not work, and it says what to install${reason}`,
  async t => {
    const program = `
    import {main, task} from 'rxtractor';
    import {measureWithOtel, traceWithOtel} from 'rxtractor/otel';
    import {simulate} from 'rxtractor/testing';
    import {findWaits, watchTree} from 'rxtractor/window';
    import {firstValueFrom} from 'rxjs';
    export const double = task(value => 2 * value);
    await main(async nursery => {
      const portal = await nursery.startActor('doubler', {expose: [double]});
      const {root} = await firstValueFrom(watchTree());
      console.log(await portal.run(double, 21), root.children.length, typeof findWaits, typeof simulate);
      for (const begin of [traceWithOtel, measureWithOtel]) {
        try {
          begin();
        } catch ({code, what, message}) {
          console.log(code, what, message);
        }
      }
    });
  `;
    await writeFile(join(project, 'without-otel.js'), program);
    const refused =
      'ERR_RESOURCE package rxtractor/otel needs a package that is not installed: npm install @opentelemetry/api\n';
    const {stdout} = await run(process.execPath, ['without-otel.js']);
    t.is(stdout, `42 1 function function\n${refused}${refused}`);
  },
);

packageTest(
  `without @nats-io/transport-node a broker is refused, and the error says what to install${reason}`,
  async t => {
    const program = `
    import {openNursery} from 'rxtractor';
    const tls = {cert: '', key: '', ca: ''};
    await openNursery(async () => {}, {hosts: 'nats://127.0.0.1:4222', tls}).catch(({code, what, message}) => {
      console.log(code, what, message);
    });
  `;
    await writeFile(join(project, 'without-nats.js'), program);
    t.deepEqual(await run(process.execPath, ['without-nats.js']), {
      stdout:
        'ERR_RESOURCE package hosts over a broker need a package that is not installed: npm install @nats-io/transport-node\n',
      stderr: '',
    });
  },
);

packageTest(`what is not exported cannot be imported${reason}`, async t => {
  await writeFile(join(project, 'deep.js'), `import 'rxtractor/dist/lib/index.js';\n`);
  await t.throwsAsync(run(process.execPath, ['deep.js']), {message: /ERR_PACKAGE_PATH_NOT_EXPORTED/});
});

for (const [version, compiler] of [
  ['of this repository', join(root, 'node_modules', 'typescript')],
  ['5.9', 'node_modules/typescript-5.9'],
] as const) {
  packageTest(
    `strict programs, those of spec/types, compile against it with TypeScript ${version}${reason}`,
    async t => {
      const libraries = ['--lib', 'es2022,esnext.disposable', '--types', 'node'];
      // Not skipLibCheck, TypeScript's usual advice: the declarations of the package are what is tested.
      const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess', '--noEmit'];
      const tsc = join(compiler, 'bin', 'tsc');
      const options = ['--module', 'nodenext', '--target', 'es2022', ...libraries, ...strict];
      await t.notThrowsAsync(run(process.execPath, [tsc, ...options, ...(await typeTestFiles())]));
    },
  );
}

packageTest(`publint finds nothing${reason}`, async t => {
  const {stdout} = await run(process.execPath, [bin('publint', 'src/cli.js'), 'run', '--strict', tarball]);
  t.regex(stdout, /All good!/);
});

packageTest(`attw finds the types right for ESM${reason}`, async t => {
  const cli = bin('@arethetypeswrong/cli', 'dist/index.js');
  await t.notThrowsAsync(
    run(process.execPath, [cli, '--profile', 'esm-only', '--no-emoji', '--format', 'ascii', tarball]),
  );
});

/** Without that of schemas: the declarations of the libraries that it takes them from cost TypeScript 5.9 a minute. */
async function typeTestFiles(): Promise<string[]> {
  return (await readdir(typeTests)).filter(name => name !== 'schemas.ts');
}

function bin(name: string, file: string): string {
  return join(root, 'node_modules', name, file);
}

/** Runs to the end within two minutes; a failure carries the program's whole output, because CI shows nothing else. */
async function run(command: string, args: readonly string[], cwd = project): Promise<{stdout: string; stderr: string}> {
  return new Promise((resolve, reject) => {
    execFile(command, args, {cwd, timeout: 120_000}, (error, stdout, stderr) => {
      if (error) {
        reject(new Error(`${error.message}\n${stdout}\n${stderr}`));
      } else {
        resolve({stdout, stderr});
      }
    });
  });
}
