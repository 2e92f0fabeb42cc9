// Joins the page of `rxtractor devtools` into one HTML file, dist/lib/page.html. Called by setup.mjs, beside the compiler.
import {spawnSync} from 'node:child_process';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {rolldown} from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = join(root, 'lib', 'cli', 'page');
const maxBytes = 120 * 1024;

const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const {status} = spawnSync(process.execPath, [tsc, '-p', page], {stdio: ['ignore', 2, 2]});
if (status !== 0) process.exit(status ?? 1);

const bundle = await rolldown({
  cwd: root,
  input: join(page, 'main.tsx'),
  platform: 'browser',
  resolve: {extensionAlias: {'.js': ['.ts', '.tsx']}},
});
const {output} = await bundle.generate({format: 'iife', minify: true});
await bundle.close();

const read = (...path) => readFileSync(join(...path), 'utf8').trim();
const style = `${read(root, 'node_modules/uplot/dist/uPlot.min.css')}\n${read(page, 'style.css')}`.replace(
  /^\s+/gm,
  '',
);
// The text of a script ends at the first `</script`, wherever that stands.
const script = output[0].code.replaceAll('</script', '<\\/script');
const html = read(page, 'index.html')
  .replace('/*style*/', () => style)
  .replace('/*script*/', () => script);
if (Buffer.byteLength(html) > maxBytes)
  throw new Error(`the page has ${Buffer.byteLength(html)} bytes, more than ${maxBytes}`);
mkdirSync(join(root, 'dist', 'lib'), {recursive: true});
writeFileSync(join(root, 'dist', 'lib', 'page.html'), html);
