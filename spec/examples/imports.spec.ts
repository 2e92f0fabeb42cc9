// Which packages a source imports: every form that counts, and what only looks like one.
import test from 'ava';
import {isSource, packagesOf} from '../../examples/scan/imports.js';

const finds = test.macro({
  exec: (t, source: string, packages: readonly string[]) =>
    t.deepEqual(packagesOf(source).sort(), [...packages].sort()),
  title: (_, source) => `in ${JSON.stringify(source)}`,
});

// The forms
test(finds, "import 'a'; import b from 'b'; import {c} from \"c\"; import * as d from 'd'", ['a', 'b', 'c', 'd']);
test(finds, "export * from 'a'; export * as b from 'b'; export {c} from 'c'", ['a', 'b', 'c']);
test(finds, "import('a'); await import(`b`); import(/* why */ 'c')", ['a', 'b', 'c']);
test(finds, "const a = require('a'); require ( 'b' ).c(); f(require(/* why */ 'c'), [...require('d')])", [
  'a',
  'b',
  'c',
  'd',
]);
test(finds, "import type {A} from 'a'; export type {B} from 'b'; import c = require('c')", ['a', 'b', 'c']);
test(finds, "import a from 'a' with {type: 'json'}", ['a']);
test(finds, "#!/usr/bin/env node\nimport 'a'", ['a']);
test(finds, "\uFEFFimport 'a'", ['a']);
test(finds, "if (x) return; require('a')", ['a']);

// The names
test(finds, "import '@s/a/b/c.js'; import 'd/e'; import '@s/a'; import 'JSONStream'; import 'a.b_c-d'", [
  '@s/a',
  'd',
  'JSONStream',
  'a.b_c-d',
]);
test(finds, "import './a'; import '../b'; import '/c'; import '.'; import '#d'; import ''; import '@/e'", []);
test(finds, "import 'https://a.b/c'; import 'data:text/javascript,1'; import 'file:///a'; import 'style!css'", []);
test(finds, "import 'fs'; import 'node:fs'; import 'fs/promises'; require('node:test'); require('punycode/')", [
  'punycode',
]);

// Texts that only look like an import
test(finds, "// import 'a'\n/* require('b') */ const c = \"import('c')\" + `require('d')` + /import('e')/.source", []);
test(finds, "x.require('a'); x?.require('b'); x. require('c'); $require('d'); require.resolve('e'); x.import('f')", []);
test(finds, "require(name); require('a' + name); import(`b/\u0024{name}`); require()", []);
test(finds, "type A = import('a').B; interface C { d: import('d').E }", []);
test(finds, 'const x = 1', []);
test(finds, '', []);

// Sources on which the lexer gives up
test(finds, "import a from 'a'; const b = <p>don't</p>; const c = lazy(() => import('c')); // require('d')", [
  'a',
  'c',
]);
test(finds, "import a from 'a'; const b = <p from='b'>a / b {require('c')}</p>; require('d' + x); x.require('e')", [
  'a',
  'c',
]);
test(finds, "const a = 'not closed\nimport b from 'b'", ['b']);

test('only the names of JavaScript and TypeScript files are sources', t => {
  for (const name of ['a.js', 'a.mjs', 'a.cjs', 'a.jsx', 'a.ts', 'a.mts', 'a.cts', 'a.tsx', 'a.d.ts'])
    t.true(isSource(name));
  for (const name of ['a.json', 'js', 'a.js.map', 'a.jsm', 'a.mjsx', 'a.ts ']) t.is(isSource(name), name === 'a.mjsx');
});

test('no source takes quadratic time', t => {
  const started = performance.now();
  for (const part of [
    'require/*',
    'require(/*',
    'require(',
    'require /**/',
    ' ',
    '.',
    '<',
    "'",
    '`${',
    '/',
    'import ',
    'import(',
  ]) {
    t.deepEqual(packagesOf(part.repeat(100_000)), []);
  }

  t.true(performance.now() - started < 20_000);
});
