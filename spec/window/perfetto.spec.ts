// A record as Perfetto reads it. Pure.
import test from 'ava';
import {type TraceEvent, toPerfetto} from '../../lib/window/index.js';

const event = (us: number, actor: string, type: string, more: object = {}): TraceEvent => ({us, actor, type, ...more});
const written = (...events: TraceEvent[]) => toPerfetto(events).traceEvents as Record<string, unknown>[];
const brief = (entries: readonly Record<string, unknown>[]): string[] =>
  entries.map(({ph, name, pid, ts, id}) => [ph, name, pid, ts ?? '-', id ?? '-'].join(' '));

test('an actor is a process, a call and its function are slices, and a flow leads from one to the other', t => {
  const entries = written(
    event(1, 'a', 'actor', {name: 'root', pid: 7, host: 'h'}),
    event(2, 'b', 'actor', {name: 'worker', pid: 7, host: 'h'}),
    event(3, 'a', 'call', {context: 'u', fn: 'price', kind: 'task'}),
    event(4, 'b', 'task', {context: 'u', fn: 'price', kind: 'task'}),
    event(5, 'b', 'task ended', {context: 'u', fn: 'price', outcome: 'returned'}),
    event(6, 'a', 'call ended', {context: 'u', fn: 'price', outcome: 'returned'}),
  );
  t.deepEqual(brief(entries), [
    'M process_name 1 - -',
    'M process_name 2 - -',
    'b price 1 3 u',
    's call 1 3 u',
    'b price 2 4 u',
    'f call 2 4 u',
    'e price 2 5 u',
    'e price 1 6 u',
  ]);
  t.deepEqual(entries[0]?.args, {name: 'root (pid 7)', actor: 'a'});
  t.deepEqual(
    entries.filter(({ph}) => ph === 'b' || ph === 'e').map(({cat}) => cat),
    ['call', 'task', 'task', 'call'],
  );
});

test('what is open at the end is closed and marked, what ended at the begin is left out', t => {
  const entries = written(
    event(1, 'a', 'call ended', {context: 'before', outcome: 'returned'}),
    event(2, 'a', 'call', {context: 'u', fn: 'price'}),
    event(9, 'a', 'stalled', {context: 'u', fn: 'price'}),
  );
  t.deepEqual(brief(entries), ['b price 1 2 u', 's call 1 2 u', 'i stalled price 1 9 -', 'e price 1 9 u']);
  t.deepEqual(entries.at(-1)?.args, {open: true});
});

test('the death of an actor is an instant, its start a slice, its counters are counters', t => {
  const entries = written(
    event(1, 'a', 'spawn', {child: 'c', name: 'worker'}),
    event(2, 'a', 'spawn ended', {child: 'c', name: 'worker', outcome: 'returned'}),
    event(3, 'a', 'ended', {child: 'c', name: 'worker', exit: {code: 1, signal: null}}),
    event(4, 'a', 'counters', {cpu: 0.5, rss: 10, queued: 0, credit: 3}),
    event(5, 'a', 'counters', {rss: 10}),
  );
  t.deepEqual(brief(entries), [
    'b worker 1 1 c',
    'e worker 1 2 c',
    'i ended worker 1 3 -',
    'C cpu 1 4 -',
    'C rss 1 4 -',
    'C queued 1 4 -',
    'C credit 1 4 -',
    'C rss 1 5 -',
  ]);
});
