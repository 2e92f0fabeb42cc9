// The imports that the scanner sees, and those that it must not see.
// Above imports.ts, beside floors.spec.ts.
import test from 'ava';
import {type ImportLine, importsOf} from './imports.js';

const finds = test.macro({
  exec(t, source: string, ...expected: ImportLine[]) {
    t.deepEqual(importsOf(source), expected);
  },
  title: (_, source) => `the scanner reads ${JSON.stringify(source)}`,
});

const value = (specifier: string): ImportLine => ({specifier, typeOnly: false});
const type = (specifier: string): ImportLine => ({specifier, typeOnly: true});

test(finds, `import 'a'`, value('a'));
test(finds, `import a from "a"`, value('a'));
test(finds, `import a, {b as c} from 'a'`, value('a'));
test(finds, `import * as a from 'a'`, value('a'));
test(finds, `import {\n  a, // 'x'\n  b,\n} from 'a';`, value('a'));
test(finds, `import {'a b' as c} from 'a'`, value('a'));
test(finds, `import json from 'a' with {type: 'json'}`, value('a'));
test(finds, `import type {A} from 'a'`, type('a'));
test(finds, `import type A from 'a'`, type('a'));
test(finds, `import type * as A from 'a'`, type('a'));
test(finds, `import {type A} from 'a'`, value('a'));
test(finds, `import type from 'a'`, value('a'));
test(finds, `import type, {b} from 'a'`, value('a'));
test(finds, `import type from from 'a'`, type('a'));
test(finds, `export {a} from 'a'`, value('a'));
test(finds, `export * as a from 'a'`, value('a'));
test(finds, `export type {A} from 'a'`, type('a'));
test(finds, `export type * from 'a'`, type('a'));
test(finds, `const {a} = await import(/* why */ 'a')`, value('a'));
test(finds, `let a: import('a').A`, value('a'));
test(finds, `new URL('a', import.meta.url)`);
test(finds, 'import(name)');
test(finds, `export {a}; const from = 'b'`);
test(finds, `export const a = Array.from('b')`);
test(finds, `export type A = {from: 'b'}`);
test(finds, `export class A {}\nexport interface B {}\nimport type {C} from 'a'`, type('a'));
test(finds, `export {a}\nimport 'b'`, value('b'));
test(finds, `// import 'a'\n/* import 'b' */ import 'c'`, value('c'));
test(finds, `const a = "import 'b'"; import 'c'`, value('c'));
test(
  finds,
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a source to be read, not a template
  "const a = `import 'b' ${await import('c')} import 'd' ${`${{e: {}}}`} '`; import 'f'",
  value('c'),
  value('f'),
);
test(finds, `const quote = /['"\`/]/; import 'a'`, value('a'));
test(finds, `const half = (1 + 1) / 2 / 'a'.length; import 'b'`, value('b'));
test(finds, `return /'/.test(a) ? a / b : /"/; import 'b'`, value('b'));
test(finds, `a.import('b'); const c = {import: 'd'}; import 'e'`, value('e'));
