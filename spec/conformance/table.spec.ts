// Every claim of tractor's tests that carries over has a spec of ours, and the page that lists them is theirs.
// Above lines.ts and table.ts.
import {readFileSync} from 'node:fs';
import test from 'ava';
import {linesOf, pending, present} from './lines.js';
import {allLines, claimsIn, command, page, readClaims, render} from './table.js';

const claims = readClaims();
const known = present.flatMap(linesOf);
const claimed = new Set(claims.map(({line}) => line));

test('every line of what is there has a spec, unless it is known to be pending', t => {
  t.deepEqual(
    known.filter(line => !claimed.has(line) && !pending.includes(line)),
    [],
  );
});

test('a line that has a spec is not pending, and what is pending is in the list', t => {
  t.deepEqual(
    pending.filter(line => claimed.has(line) || !known.includes(line)),
    [],
  );
});

test('no line stands twice in the list', t => {
  t.deepEqual(allLines(), [...new Set(allLines())]);
});

test('no spec claims a line that is not in the list, or one that comes later', t => {
  t.deepEqual(
    claims.filter(({line}) => !known.includes(line)),
    [],
  );
});

test('every claim names the rules that it is of', t => {
  t.deepEqual(
    claims.filter(({rules}) => rules.length === 0),
    [],
  );
});

test('docs/reference/conformance.md is what the titles say', t => {
  t.is(readFileSync(page, 'utf8'), render(claims), `the page is behind: ${command}`);
});

test('claims are read out of titles, tables and quotes included', t => {
  const source = `
test('2way/test_a: it\\'s so (S2, C6)', …
for (const how of ways) test(\`2way/test_b: how is one of \${ways.length} (C7) [\${how}]\`, …
test("2way/test_c: no rule", …
test('not a claim: 2way (S1)', …`;
  t.deepEqual(claimsIn(source, 'x.spec.ts'), [
    {line: '2way/test_a', text: "it's so", rules: ['S2', 'C6'], spec: 'x.spec.ts'},
    {line: '2way/test_b', text: 'how is one of …', rules: ['C7'], spec: 'x.spec.ts'},
    {line: '2way/test_c', text: 'no rule', rules: [], spec: 'x.spec.ts'},
  ]);
});
