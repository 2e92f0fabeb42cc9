// Prompts in programs that run as TypeScript: lines, sources and variables are those of the file.
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {PtyProgram} from '../kit/screen.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

const library = new URL('../../lib/index.js', import.meta.url).href;
const source = `import {breakpoint, main, task} from '${library}';
interface Unseen {
  readonly a: number;
}
type Other = {
  b: string;
};
export const typed = task(async (one: Unseen) => {
  await breakpoint();
  const two: Other = {b: String(one.a)};
  return two.b as string;
});
await main(
  async nursery => {
    const child = await nursery.startActor('child', {expose: [typed]});
    const got: string = await child.run(typed, {a: 3});
    await breakpoint();
    console.log(got satisfies string);
  },
  {name: 'root', debug: true},
);
`;

/** A tree of processes: the child has the arguments of its parent. */
async function debugged(t: ExecutionContext, ...args: string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'typed-'));
  t.teardown(() => rmSync(folder, {recursive: true}));
  const file = join(folder, 'typed.mts');
  writeFileSync(file, source);
  const program = new PtyProgram(t, '', {command: [process.execPath, ...args, file]});
  t.regex(await program.prompt('child'), /^\(anonymous\) \(typed\.mts:9\)$[\s\S]*^> {2}9 {4}await breakpoint\(\);$/m);
  t.regex(await program.line('n', 'child'), /^> 10 {4}const two: Other =/m);
  t.regex(await program.line('n', 'child'), /^> 11 {4}return two\.b as string;$/m);
  t.is(await program.line('two', 'child'), "{ b: '3' }");
  t.regex(await program.line('locals', 'child'), /^ {2}one = \{ a: 3 \}$/m);
  t.regex(await program.line('ll', 'child'), /^ {3}2 {2}interface Unseen \{$/m);
  program.press('c\r');
  t.regex(await program.prompt('root'), /^\S+ \(typed\.mts:17\)$/m);
  t.is(await program.line('got', 'root'), "'3'");
  program.press('c\r');
  await program.ends(t, 0);
}

test('under tsx the lines are those of the TypeScript file, in the root and in a child', t =>
  debugged(t, '--import', import.meta.resolve('tsx')));

const flag = '--experimental-strip-types';
const isDefault = 'typescript' in process.features && process.features.typescript !== false;
const strips = isDefault || process.allowedNodeEnvironmentFlags.has(flag);
const title =
  'under Node’s own stripping of types the lines are those of the TypeScript file, in the root and in a child';
if (strips) test(title, t => debugged(t, '--no-warnings', ...(isDefault ? [] : [flag])));
else test.skip(`${title} (skipped: Node ${process.versions.node} strips none)`, () => {});
