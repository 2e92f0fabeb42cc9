// The figures that an observer makes of samples: rates, times, ends. Pure.
import test from 'ava';
import type {ContextRow, SurveyRow} from '../../lib/base/tree-survey.js';
import {findWaits, isEarly, silentIn} from '../../lib/window/find-waits.js';
import {Observer, type Sample} from '../../lib/window/observer.js';
import type {ActorView} from '../../lib/window/types.js';

const row = (depth: number, name: string, more: Partial<SurveyRow> = {}): SurveyRow => ({
  depth,
  actor: {name, id: name, pid: name.length, host: 'h'},
  state: '',
  since: 5,
  contexts: [],
  more: 0,
  ...more,
});

const context = (more: Partial<ContextRow> = {}): ContextRow => ({
  uid: 'u',
  fn: 'f',
  kind: 'stream',
  side: 'callee',
  peer: {name: 'root', id: 'root', pid: 4, host: 'h'},
  cancelled: false,
  blocked: true,
  full: false,
  reading: false,
  waits: 'credit',
  sent: 3,
  received: 0,
  dropped: 0,
  queuedBytes: 10,
  granted: 3,
  stalledMs: 0,
  ...more,
});

const sample = (at: number, rows: readonly SurveyRow[], usage: Sample['usage'] = new Map()): Sample => ({
  at,
  rows,
  usage,
});
const cpu = (pid: number, cpuMs: number): Sample['usage'] => new Map([[pid, {cpuMs, rss: 1_024}]]);

test('cpu is a share of a core, read from the system: a blocked actor shows it', t => {
  const observer = new Observer();
  const rows = [row(0, 'root'), row(1, 'busy', {state: 'silent'})];
  const [first] = observer.view(sample(1_000, rows, cpu(4, 100))).root.children;
  t.is(first?.cpu, undefined);
  t.is(first?.state, 'unresponsive');
  const {root} = observer.view(sample(2_000, rows, cpu(4, 1_080)));
  t.like(root.children[0], {state: 'busy', cpu: 0.98, rss: 1_024, idle: 0});
  t.like(observer.view(sample(3_000, rows, cpu(4, 1_090))).root.children[0], {state: 'unresponsive', idle: 1_000});
});

test('an actor that is missing for a minute is forgotten: an observer of a busy tree does not grow', t => {
  const observer = new Observer();
  const sinceAt = (at: number, ...rows: readonly SurveyRow[]): number | undefined =>
    observer.view(sample(at, [row(0, 'root'), ...rows])).root.children[0]?.since;
  const worker = row(1, 'worker', {since: 0});
  t.is(sinceAt(1_000, worker), 1_000);
  t.is(sinceAt(2_000), 1_000);
  t.is(sinceAt(3_000, row(1, 'worker', {state: 'ended'})), undefined);
  sinceAt(70_000);
  t.is(sinceAt(71_000, worker), 71_000);
});

test('an actor whose clock stands still because of a prompt says so', t => {
  const {root} = new Observer().view(sample(1, [row(0, 'root', {prompted: true}), row(1, 'a')]));
  t.deepEqual([root.state, root.children[0]?.state], ['at a prompt', 'serving']);
});

test('the pid of an actor on another host is not taken for a pid here, whatever that host is called', t => {
  const observer = new Observer();
  const rows = [row(0, 'root'), row(1, 'twin', {isElsewhere: true})];
  observer.view(sample(1_000, rows, cpu(4, 100)));
  const {root} = observer.view(sample(2_000, rows, cpu(4, 600)));
  const [twin] = root.children;
  t.deepEqual([twin?.pid, twin?.host], [root.pid, root.host]);
  t.deepEqual([root.cpu, root.rss, root.elsewhere], [0.5, 1_024, undefined]);
  t.deepEqual([twin?.cpu, twin?.rss, twin?.elsewhere], [undefined, undefined, true]);
});

test('the contexts of an actor that does not answer are the last known ones, with their age', t => {
  const observer = new Observer();
  observer.view(sample(1_000, [row(0, 'root'), row(1, 'a', {contexts: [context()]})]));
  const {root} = observer.view(sample(4_000, [row(0, 'root'), row(1, 'a', {state: 'silent'})]));
  t.like(root.children[0], {age: 3_000});
  t.is(root.children[0]?.contexts.length, 1);
});

test('an actor that has ended is shown once, with its exit where its parent has told it', t => {
  const observer = new Observer();
  const states = (root: ActorView): string[] =>
    root.children.map(({name, state, exit}) => `${name} ${state} ${exit?.code}`);
  observer.view(sample(1, [row(0, 'root'), row(1, 'a'), row(1, 'bb')]));
  const told = row(1, 'a', {state: 'ended', exit: {code: 3, signal: null}});
  t.deepEqual(states(observer.view(sample(2, [row(0, 'root'), told])).root), ['a ended 3', 'bb ended undefined']);
  t.deepEqual(states(observer.view(sample(3, [row(0, 'root'), told])).root), []);
});

test('an actor that has died while it was asked is shown once, as ended', t => {
  const observer = new Observer();
  observer.view(sample(1, [row(0, 'root'), row(1, 'a')]));
  const rows = [row(0, 'root'), row(1, 'a', {state: 'silent'}), row(1, 'a', {state: 'ended'})];
  const {root} = observer.view(sample(2, rows));
  t.deepEqual(
    root.children.map(({name, state}) => `${name} ${state}`),
    ['a ended'],
  );
});

test('below an actor that does not answer nobody is said to have ended', t => {
  const observer = new Observer();
  observer.view(sample(1, [row(0, 'root'), row(1, 'a'), row(2, 'aa'), row(3, 'aaa')]));
  const {root} = observer.view(sample(2, [row(0, 'root'), row(1, 'a', {state: 'silent'})]));
  t.is(root.children[0]?.children[0]?.state, 'unresponsive');
  t.is(root.children[0]?.children[0]?.children[0]?.state, 'unresponsive');
});

test('a counter stands still from the moment at which it was seen to move', t => {
  const observer = new Observer();
  const look = (at: number, more: Partial<ContextRow> = {}) =>
    observer.view(sample(at, [row(0, 'root', {contexts: [context(more)]})])).root.contexts[0];
  t.like(look(1_000), {still: 0, since: 1_000, stalledMs: 0});
  t.like(look(3_000, {stalledMs: 2_000}), {still: 2_000, stalledMs: 2_000, wait: {since: 1_000}});
  t.like(look(4_000, {sent: 4, waits: undefined}), {still: 0, since: 1_000});
  t.like(look(5_000, {sent: 4}), {still: 1_000, wait: {since: 5_000}});
});

test('a stall counts for the last ten seconds', t => {
  const observer = new Observer();
  const look = (at: number, stalledMs: number) =>
    observer.view(sample(at, [row(0, 'root', {contexts: [context({stalledMs})]})])).root.contexts[0]?.stalledMs;
  for (let second = 0; second <= 10; second++) look(second * 1_000, second * 1_000);
  t.is(look(11_000, 10_000), 9_000);
  for (let second = 12; second < 25; second++) look(second * 1_000, 10_000);
  t.is(look(25_000, 10_000), 0);
});

test('a process that works is not waiting, whatever its counters say', t => {
  const observer = new Observer();
  const caller = context({side: 'caller', peer: {name: 'a', id: 'a', pid: 1, host: 'h'}, waits: 'result'});
  const rows = [row(0, 'root', {contexts: [caller]}), row(1, 'a', {contexts: [context()]})];
  const look = (at: number, cpuMs: number) =>
    findWaits(observer.view(sample(at, rows, new Map([...cpu(4, cpuMs), ...cpu(1, 0)])))).cycles.length;
  look(0, 0);
  t.is(look(6_000, 3_000), 0);
  t.is(look(12_000, 3_010), 1);
});

test('what an actor has told before it fell silent is no reason to suspect anything, and the look is too early to end', t => {
  const observer = new Observer();
  const caller = context({side: 'caller', peer: {name: 'a', id: 'a', pid: 1, host: 'h'}, waits: 'result'});
  const root = row(0, 'root', {contexts: [caller]});
  const look = (at: number, state: SurveyRow['state']) => {
    const view = observer.view(sample(at, [root, row(1, 'a', state === '' ? {contexts: [context()]} : {state})]));
    return [findWaits(view).cycles.length, isEarly(view), silentIn(view).map(({name}) => name)];
  };
  t.deepEqual(look(0, ''), [0, false, []]);
  t.deepEqual(look(2_000, ''), [0, true, []], 'the circle stands still, and not yet for long enough');
  t.deepEqual(look(8_000, 'silent'), [0, true, ['a']]);
  t.deepEqual(look(9_000, ''), [1, false, []], 'its counters say that nothing has moved meanwhile');
});

test('a view is plain data, which JSON holds', t => {
  const observer = new Observer();
  observer.view(sample(1, [row(0, 'root', {contexts: [context()]})]));
  const view = observer.view(sample(2, [row(0, 'root', {contexts: [context()]}), row(1, 'a')]));
  t.deepEqual(JSON.parse(JSON.stringify(view)), view);
});
