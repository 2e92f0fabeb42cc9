// The texts that the program says: the table, the object, the lines.
import test from 'ava';
import {jsonOf, lineOf, printable, tableOf} from '../../examples/scan/report.js';
import {type Summary, Survey} from '../../examples/scan/survey.js';

const summary: Summary = {
  files: 12_345,
  bytes: 6_789_012,
  lines: 300,
  unreadable: 2,
  duplicates: {files: 7, bytes: 999},
  imports: [
    {name: 'rxjs', files: 1200},
    {name: '@scope/name', files: 3},
  ],
  actors: [
    {name: 'scan-1', files: 12_000},
    {name: 'scan-2', files: 345},
  ],
  seconds: 2,
};

test('the table stands in columns', t => {
  t.is(
    tableOf(summary, false),
    `files           12,345
bytes        6,789,012  (6.8 MB)
lines              300
unreadable           2
duplicates           7  (999 B could be saved)
seconds           2.00

package       files
rxjs          1,200
@scope/name       3

actor     files   files/s
scan-1   12,000     6,000
scan-2      345       173
`,
  );
});

test('the table of an interrupted scan says so first; without packages it has no list of them', t => {
  const table = tableOf({...summary, imports: [], duplicates: null}, true);
  t.true(table.startsWith('Interrupted: the figures so far.\n\nfiles'));
  t.regex(table, /duplicates +not looked for\n/);
  t.notRegex(table, /package/);
});

test('the object is one line, and carries `partial` only when it is', t => {
  t.deepEqual(JSON.parse(jsonOf(summary, false)), summary);
  t.is(JSON.parse(jsonOf(summary, true)).partial, true);
  t.regex(jsonOf(summary, false), /^[^\n]+\n$/);
});

test('a line shows U+FFFD for what is not UTF-8, and the hash in hex', t => {
  const sha256 = new Uint8Array(32).fill(10);
  const path = new Uint8Array([47, 255, 97]);
  t.is(
    lineOf({path, bytes: 1, lines: 2, sha256, imports: []}),
    `{"path":"/\uFFFDa","bytes":1,"lines":2,"sha256":"${'0a'.repeat(32)}"}\n`,
  );
});

test('names do not reach the terminal with their control characters', t => {
  t.is(printable('a\u001b[31m\nb\u202Ec ü☃'), 'a\\u{1b}[31m\\u{a}b\\u{202e}c ü☃');
});

test('the survey adds up, ranks packages by files and then by name, and keeps ten', t => {
  const survey = new Survey(['one', 'two'], {duplicates: true});
  const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
  survey.add('one', {path: '/a', bytes: 10, lines: 1, sha256: hash(1), imports: ['b', 'a']});
  survey.add('one', {path: '/b', bytes: 20, lines: 2, sha256: hash(2), imports: ['c']});
  survey.add('two', {
    path: '/c',
    bytes: 20,
    lines: 2,
    sha256: hash(2),
    imports: Array.from({length: 12}, (_, n) => `p${n}`).concat('c'),
  });
  survey.add('two', {path: '/d', error: 'EACCES'});
  survey.addUnreadable('/e', 'ENOENT');
  const {seconds, imports, ...rest} = survey.summary();
  t.deepEqual(rest, {
    files: 3,
    bytes: 50,
    lines: 5,
    unreadable: 2,
    duplicates: {files: 1, bytes: 20},
    actors: [
      {name: 'one', files: 2},
      {name: 'two', files: 1},
    ],
  });
  t.deepEqual(
    imports.map(({name}) => name),
    ['c', 'a', 'b', 'p0', 'p1', 'p10', 'p11', 'p2', 'p3', 'p4'],
  );
  t.deepEqual(survey.unreadable, ['/d: EACCES', '/e: ENOENT']);
  t.true(seconds >= 0);
});
