// The messages that the page is told: frames of a tree and of a record, and lanes of marks.
import test from 'ava';
import {contextsOf, frameOf} from '../../lib/cli/devtools-frames.js';
import {uncounted, viewsOfRecord} from '../../lib/cli/devtools-recorded.js';
import {drawMarbles} from '../../lib/cli/draw-marbles.js';
import {Lanes, latestOf, spanOf} from '../../lib/cli/mark-lanes.js';
import type {Mark} from '../../lib/discovery/tree-marks.js';
import {type ActorView, type ContextView, type TraceEvent, type TreeView, toPerfetto} from '../../lib/window/index.js';
import {actorView} from '../kit/views.js';

const context = (more: Partial<ContextView>): ContextView => ({
  uid: 'a-b-1',
  fn: 'pour',
  kind: 'stream',
  side: 'callee',
  caller: 'a',
  callee: 'b',
  state: 'started',
  since: 0,
  ...uncounted,
  sent: 3,
  queuedBytes: 100,
  ...more,
});

const actor = (id: string, more: Partial<ActorView> = {}): ActorView => actorView(id, {host: 'here', ...more});

const evil = '\u202e<b>\x1b[2J';
const wait = {for: 'credit', by: 'a-b-1', of: 'a', context: 'a-b-1', since: 1_000} as const;
const first = {for: 'result', by: 'c', of: 'a-b-1', context: 'c-b-1', since: 3_000} as const;
const view: TreeView = {
  at: 10_000,
  more: 0,
  root: actor('a', {
    contexts: [context({side: 'caller', sent: 0})],
    children: [
      actor('b', {
        name: evil,
        host: evil,
        contexts: [context({fn: evil, stalledMs: 5_000, wait}), context({uid: 'a-b-2', kind: 'task', sent: 4})],
        more: 2,
      }),
      actor('c', {pid: 3, waits: [first]}),
    ],
  }),
};

test('a frame has sums for each actor, and the contexts of the one that is open', t => {
  const {root, contexts} = frameOf(view, 'a');
  const [b] = root.children;
  t.deepEqual(
    [b?.open, b?.waiting, b?.stalledMs, b?.queuedBytes, b?.sent],
    [4, 1, 5_000, 200, 7],
    'two contexts and two that were left out',
  );
  t.false('contexts' in (b as object));
  t.deepEqual(
    contexts.map(({uid, side}) => [uid, side]),
    [['a-b-1', 'caller']],
  );
  t.deepEqual(contextsOf(view, 'a'), contexts);
  t.deepEqual(frameOf(view, undefined).contexts, []);
  t.deepEqual(frameOf(view, 'gone').contexts, []);
});

test('a frame says in words who waits for whom', t => {
  const {chains, stalls} = frameOf(view, undefined);
  const task = '\\u202e<b>\\x1b[2J in \\u202e<b>\\x1b[2J (pid 1)';
  t.deepEqual(chains, [{tasks: ['c (pid 3)', task, 'a (pid 1)'], waits: ['result', 'credit'], sinceMs: 7_000}]);
  t.deepEqual(
    stalls.map(each => each.task),
    ['a (pid 1)'],
  );
});

test('P5: what actors have named is escaped in a frame', t => {
  t.false(JSON.stringify(frameOf(view, 'b')).includes('\u202e'));
  t.false(JSON.stringify(frameOf(view, 'b')).includes('\\u001b'));
  t.is(frameOf(view, 'b').contexts[0]?.fn, '\\u202e<b>\\x1b[2J');
});

const events: TraceEvent[] = [
  {us: 1_000_000, actor: 'r', type: 'actor', name: 'main', pid: 10, host: 'h'},
  {us: 1_000_100, actor: 'k', type: 'actor', name: 'kid (1)', pid: 11, host: 'h', parent: 'r'},
  {us: 1_001_000, actor: 'r', type: 'call', context: 'r-k-1', fn: 'sum', kind: 'task', peer: 'k'},
  {us: 1_001_100, actor: 'k', type: 'task', context: 'r-k-1', fn: 'sum', kind: 'task', caller: 'r'},
  {us: 1_500_000, actor: 'r', type: 'counters', cpu: 0.5, rss: 5e7, queued: 0, credit: 0},
  {us: 1_500_010, actor: 'k', type: 'counters', cpu: 0.25, rss: 4e7, queued: 0, credit: 0},
  {us: 2_000_000, actor: 'r', type: 'ended', child: 'k', name: 'kid (1)', exit: {code: 7, signal: null}},
  {us: 2_000_100, actor: 'r', type: 'call ended', context: 'r-k-1', outcome: 'failed'},
  {us: 2_500_000, actor: 'r', type: 'counters', cpu: 0, rss: 5e7, queued: 0, credit: 0},
  {us: 2_500_010, actor: 'k', type: 'counters', queued: 0, credit: 0},
  {us: 3_500_000, actor: 'r', type: 'counters', cpu: 0, rss: 5e7, queued: 0, credit: 0},
];

test('a record of trace becomes the views of its tree, at the times of its counters', t => {
  const views = viewsOfRecord(JSON.parse(JSON.stringify(toPerfetto(events))));
  t.is(views.length, 3);
  const [first, second, third] = views.map(({root}) => root);
  t.deepEqual([first?.id, first?.name, first?.pid, first?.cpu, first?.since], ['r', 'main', 10, 0.5, 1_001]);
  const kid = first?.children[0];
  t.deepEqual([kid?.id, kid?.name, kid?.pid, kid?.cpu, kid?.state], ['k', 'kid (1)', 11, 0.25, 'serving']);
  t.deepEqual(
    [first?.contexts[0]?.side, first?.contexts[0]?.callee, kid?.contexts[0]?.side, kid?.contexts[0]?.caller],
    ['caller', 'k', 'callee', 'r'],
  );
  t.deepEqual(
    second?.children.map(({id, state, exit}) => ({id, state, exit})),
    [{id: 'k', state: 'ended', exit: {code: 7, signal: null}}],
  );
  t.deepEqual([second?.contexts, third?.children], [[], []]);
});

test('a file that is something else is refused', t => {
  for (const wrong of [null, 1, {}, {traceEvents: 1}]) t.throws(() => viewsOfRecord(wrong), {instanceOf: TypeError});
  t.deepEqual(viewsOfRecord({traceEvents: [null, 1, {}, {ph: 'x'}]}), []);
});

const mark = (more: Partial<Mark>): Mark => ({
  actor: 'b',
  context: 'a-b-1',
  fn: 'pour',
  side: 'callee',
  way: 'out',
  us: 1_000_000,
  seq: 1,
  count: 1,
  bytes: 8,
  type: 'string',
  ...more,
});

const come = {actor: 'a', side: 'caller', way: 'in'} as const;

test('both ends of a stream are one lane, each direction of a context is one of its own', t => {
  const lanes = new Lanes();
  lanes.add([mark({}), mark({...come, us: 1_000_400})]);
  lanes.add([mark({actor: 'a', side: 'caller'}), mark({side: 'callee', way: 'in'})]);
  t.deepEqual(
    lanes.at(2_000_000).map(({from, to}) => [from, to]),
    [
      ['b', 'a'],
      ['a', 'b'],
    ],
  );
  t.deepEqual(lanes.at(7_000_000), [], 'forgotten after five silent seconds');
});

test('the time of a value on its way is counted between its two ends', t => {
  const lanes = new Lanes();
  lanes.add([mark({}), mark({seq: 2, count: 3, bytes: 30, us: 1_010_000}), mark({...come, count: 2, us: 1_010_500})]);
  const [lane] = lanes.at(2_000_000);
  t.deepEqual(latestOf(spanOf(lane as never, 2_000_000), 3), [
    {seq: 2, type: 'string', bytes: 10, preview: undefined, tookMs: 0.5},
    {seq: 1, type: 'string', bytes: 8, preview: undefined, tookMs: 10.5},
  ]);
});

test('marbles are digits at their times; above 200 values a second they are density', t => {
  const lanes = new Lanes();
  lanes.add([mark({us: 2_500_000, seq: 41}), mark({...come, us: 2_500_000, seq: 41}), mark({us: 4_999_999, seq: 42})]);
  const look = {width: 16, colours: false};
  const draw = () => drawMarbles(lanes.at(5_000_000), 5_000_000, id => id, look);
  t.deepEqual(draw(), ['pour: b → a, 0 …', 'out   ─────1───2', 'in    ─────1────', '      #42  stri…']);
  lanes.add([mark({us: 4_000_000, seq: 43, count: 2_000})]);
  t.is(draw()[1], 'out        ▁  █▁');
});
