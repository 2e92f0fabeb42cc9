// A survey on its way: what the actors between its origin and its reader see of it.
import test from 'ava';
import {packSurvey, readPacked, rowsOf} from '../../lib/base/packed-survey.js';
import {type SurveyRow, surveyBounds} from '../../lib/base/tree-survey.js';
import {contextRow} from '../kit/views.js';

const row = (depth: number, name: string, more: Partial<SurveyRow> = {}): SurveyRow => ({
  depth,
  actor: {name, id: name, pid: 1, host: 'h'},
  state: '',
  since: 5,
  contexts: [],
  more: 0,
  ...more,
});
const context = contextRow('f', {side: 'callee'});
const placesIn = (rows: readonly SurveyRow[]): string[] => rows.map(({depth, actor}) => `${depth} ${actor.name}`);

test('P4: an actor passes on what another process tells, unread and one level deeper', t => {
  const below = readPacked(packSurvey([row(0, 'b'), row(1, 'c')]), 1);
  const packed = packSurvey([row(0, 'a'), row(1, 'first'), ...below, row(1, 'last')]);
  t.deepEqual(
    packed.map(({depth, rows}) => [depth, rows]),
    [
      [0, 2],
      [1, 2],
      [0, 1],
    ],
  );
  t.is(packed[1]?.text, below[0]?.text);
  t.deepEqual(placesIn(rowsOf(readPacked(packed, 3))), ['3 a', '4 first', '4 b', '5 c', '4 last']);
});

test('P4: a row is the same after its way', t => {
  const whole = row(0, 'a \u2028 "x"', {
    prompted: true,
    contexts: [{...context, started: true, waits: 'credit', task: 't'}],
    more: 3,
    exit: {code: null, signal: 'SIGKILL'},
    isReplaced: true,
    restart: {since: 1, left: Number.POSITIVE_INFINITY, attempt: 2},
    waits: [{for: 'child', by: 'a', of: 'b'}],
  });
  t.deepEqual(rowsOf(readPacked(packSurvey([whole]))), [whole]);
});

test('P4: what an actor tells that makes no sense is left out', t => {
  for (const told of [undefined, 1, {}, [null, 1, {}, {depth: 0.5, rows: 1, contexts: 0, text: '[]'}]])
    t.deepEqual(readPacked(told), []);
  for (const text of ['', '{', 'null', '[null, 1, {}]'])
    t.deepEqual(rowsOf(readPacked([{depth: 0, rows: 1, contexts: 0, text}])), []);
});

test('P4: what is too much is cut on the way, and counted', t => {
  const large = (contexts: number): SurveyRow => row(1, 'x', {contexts: Array(contexts).fill(context)});
  const each = surveyBounds.contexts;
  const full = surveyBounds.allContexts / each;
  const below = packSurvey(Array.from({length: full}, () => large(each)));
  const packed = packSurvey([row(0, 'a'), ...below, large(each)]);
  const rows = rowsOf(packed);
  t.is(rows.length, full + 2);
  t.deepEqual([rows.at(-2)?.contexts.length, rows.at(-1)?.contexts.length, rows.at(-1)?.more], [each, 0, each]);
  t.is(packed.length, 1, 'it was read for that');
  const many = packSurvey(Array.from({length: 5_000}, () => row(1, 'x')));
  t.is(many[0]?.rows, surveyBounds.rows);
});
