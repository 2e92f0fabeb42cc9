// The picture of a tree of actors, and what is made of a telling that makes no sense.
import test from 'ava';
import {
  type ContextRow,
  describeContext,
  drawSurvey,
  readSurvey,
  type SurveyRow,
  surveyBounds,
} from '../../lib/base/tree-survey.js';
import {contextRow} from '../kit/views.js';

const actorOf = (name: string, pid = 1) => ({name, id: `id-${name}`, pid, host: 'h'});

const row = (depth: number, actor: string, ...contexts: ContextRow[]): SurveyRow => ({
  depth,
  actor: actorOf(actor),
  state: '',
  since: 1,
  contexts,
  more: 0,
});

test('P4: each actor stands below the one that started it, its contexts below it', t => {
  const [w, x, y, z] = ['w', 'x', 'y', 'z'].map(name => contextRow(name)) as [
    ContextRow,
    ContextRow,
    ContextRow,
    ContextRow,
  ];
  const rows = [row(0, 'root', w), row(1, 'a', x, y), row(2, 'aa'), row(2, 'ab'), row(1, 'b'), row(2, 'ba', z)];
  const call = (fn: string): string => `· calls ${fn} in peer (pid 1): result pending`;
  t.is(
    drawSurvey(rows),
    [
      'root (pid 1)',
      `│  ${call('w')}`,
      '├─ a (pid 1)',
      `│  │  ${call('x')}`,
      `│  │  ${call('y')}`,
      '│  ├─ aa (pid 1)',
      '│  └─ ab (pid 1)',
      '└─ b (pid 1)',
      '   └─ ba (pid 1)',
      `         ${call('z')}`,
    ].join('\n'),
  );
  t.is(
    drawSurvey([{...row(0, 'alone'), state: 'silent', more: 3}]),
    'alone (pid 1): does not answer within 500 ms\n   · … and 3 more',
  );
  t.is(drawSurvey([{...row(0, 'new'), actor: actorOf('new', 0), state: 'import'}]), 'new: is being started (import)');
  const restart = {since: 1_250, left: 3_000, attempt: 2};
  t.is(
    drawSurvey(readSurvey([{...row(0, 'service'), actor: actorOf('service', 0), state: 'restarting', restart}])),
    'service: died 1.3 s ago (death 2), waits to be started again in 3.0 s',
  );
});

test('P4: a line says for what a context waits', t => {
  const said = (more: Partial<ContextRow>): string => describeContext(contextRow('f', more)).replace(/^.*?: /, '');
  t.is(said({started: true, reading: true}), 'started, waits for values, result pending');
  t.is(said({side: 'callee', blocked: true, sent: 8}), 'window full after 8 values, has not returned');
  t.is(said({side: 'callee', blocked: true}), 'waits until its peer opens the stream, has not returned');
  t.is(said({full: true, reading: true}), 'values lie here that nobody takes, result pending');
  t.is(said({cancelled: true, started: false}), 'not started yet, cancelled, waits for the acknowledgement');
  t.is(said({side: 'callee', cancelled: true}), 'cancelled, has not ended yet');
});

test('P4, E4: nothing in a name can steer the terminal or break the picture', t => {
  const drawn = drawSurvey([
    row(0, 'a\u001b[31m\nb', contextRow('x'.repeat(10_000))),
    {...row(1, 'c'), state: '\u202e' as SurveyRow['state']},
  ]);
  t.is(drawn.split('\n').length, 3);
  t.true(drawn.startsWith('a\\x1b[31m\\nb (pid 1)\n'));
  t.regex(drawn, /c \(pid 1\): \\u202e$/);
  t.true(drawn.length < 1_500);
});

test('P4: what an actor tells that makes no sense is left out, and what it tells too much is cut', t => {
  for (const told of [undefined, null, 1, {}, 'rows', [null, 1, {}, {depth: 0.5, actor: actorOf('a'), contexts: []}]])
    t.deepEqual(readSurvey(told), []);
  const odd = readSurvey([
    {depth: 1, actor: {name: 'a'}, state: 5, contexts: [{}, 2, {uid: 'u', fn: 'f'}], more: 'x'},
    {depth: -7, actor: actorOf('b'), contexts: []},
  ]);
  t.is(odd[0]?.contexts.length, 1);
  t.notThrows(() => drawSurvey(odd));
  const many = readSurvey(
    Array.from({length: 5_000}, () => row(1, 'a', ...Array.from({length: 500}, () => contextRow('w')))),
  );
  t.is(many.length, surveyBounds.rows);
  t.is(many[0]?.contexts.length, surveyBounds.contexts);
});
