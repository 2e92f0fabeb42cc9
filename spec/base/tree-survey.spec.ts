// The picture of a tree of actors, and what is made of a telling that makes no sense.
import test from 'ava';
import {drawSurvey, readSurvey, type SurveyRow, surveyBounds} from '../../lib/base/tree-survey.js';

const row = (depth: number, actor: string, ...waits: string[]): SurveyRow => ({
  depth,
  actor,
  state: '',
  waits,
  more: 0,
});

test('P4: each actor stands below the one that started it, its contexts below it', t => {
  const rows = [row(0, 'root', 'w'), row(1, 'a', 'x', 'y'), row(2, 'aa'), row(2, 'ab'), row(1, 'b'), row(2, 'ba', 'z')];
  t.is(
    drawSurvey(rows),
    [
      'root',
      '│  · w',
      '├─ a',
      '│  │  · x',
      '│  │  · y',
      '│  ├─ aa',
      '│  └─ ab',
      '└─ b',
      '   └─ ba',
      '         · z',
    ].join('\n'),
  );
  t.is(
    drawSurvey([{...row(0, 'alone'), state: 'does not answer', more: 3}]),
    'alone: does not answer\n   · … and 3 more',
  );
});

test('P4, E4: nothing in a name can steer the terminal or break the picture', t => {
  const drawn = drawSurvey([row(0, 'a\u001b[31m\nb', `${'x'.repeat(10_000)}`), {...row(1, 'c'), state: '\u202e'}]);
  t.is(drawn.split('\n').length, 3);
  t.true(drawn.startsWith('a\\x1b[31m\\nb\n'));
  t.regex(drawn, /c: \\u202e$/);
  t.true(drawn.length < 1_000);
});

test('P4: what an actor tells that makes no sense is left out, and what it tells too much is cut', t => {
  for (const told of [undefined, null, 1, {}, 'rows', [null, 1, {}, {depth: 0.5, actor: 'a', waits: []}]])
    t.deepEqual(readSurvey(told), []);
  const odd = readSurvey([
    {depth: 1, actor: 'a', state: 5, waits: [{}, 2], more: 'x'},
    {depth: -7, actor: 'b', waits: []},
  ]);
  t.notThrows(() => drawSurvey(odd));
  const many = readSurvey(Array.from({length: 5_000}, () => row(1, 'a', ...Array.from({length: 500}, () => 'w'))));
  t.is(many.length, surveyBounds.rows);
  t.is(many[0]?.waits.length, surveyBounds.waits);
});
