// The texts that the bench makes of figures: goals, comparisons, the page. With made-up figures; nothing is measured here.
import test from 'ava';
import {messagesOf} from './bare-format.js';
import {compareWith} from './compare.js';
import {type Goal, goals, ours, outcome} from './goals.js';
import {ours as oursSubject} from './ours.js';
import {pageOf} from './page.js';
import {probes, subjects} from './plan.js';
import {type Measured, put, type Rounds, type Samples} from './results.js';
import {sections} from './tables.js';

const node = '20.1.0';
const latency = goals.find(({own, than}) => own.probe === 'call' && than === 'bare socket') as Goal;
const toPeers = goals.find(({own, than}) => own.probe === 'call' && than === 'best process peer') as Goal;

type Figures = Readonly<Record<string, Rounds>>;

/** The p50 of calls, by subject. */
function measured(calls: Figures): Measured {
  const samples: Samples = {};
  for (const [subject, rounds] of Object.entries(calls))
    for (const [round, figure] of rounds.entries())
      if (figure !== null) put(samples, [node, subject, 'call', 'p50'], round, figure);
  return {
    machine: {date: '2026-01-01', cores: 2, cpu: 'a processor', memoryGiB: 8, system: 'Linux', load: 9},
    nodes: [node],
    rounds: 5,
    pace: [1, 1],
    minutes: 1,
    samples,
    failures: [{node, subject: 'a peer', probe: 'calls', reason: 'did not end within 20 s'}],
    late: ['names of rxtractor, Node 20.1.0'],
    versions: {},
  };
}

test('a goal is missed when it is missed in three of five rounds, each round by itself', t => {
  const bare = [10, 100, 10, 10, 10];
  const {samples} = measured({'bare socket': bare, [ours]: [30, 30, 30, 20, 20]});
  t.like(outcome(latency, samples, node), {missedIn: 2, met: true});
  const worse = measured({'bare socket': bare, [ours]: [30, 300, 30, 20, 20]});
  t.like(outcome(latency, worse.samples, node), {missedIn: 3, met: false, median: 3});
});

test('the best peer is that of each round, and a round without figures does not count', t => {
  const {samples} = measured({comedy: [10, 40, 40], rsocket: [40, 10, null], [ours]: [9, 9, 9, 9]});
  const found = outcome(toPeers, samples, node);
  t.deepEqual(found?.rounds, [0.9, 0.9, 0.225]);
});

test('a goal of which nothing was measured has no outcome', t => {
  t.is(outcome(latency, measured({[ours]: [1]}).samples, node), undefined);
});

test('compare names what is worse in all rounds, and by more than a tenth', t => {
  const bare = [10, 10, 10];
  const before = {questions: measured({'bare socket': bare, [ours]: [20, 22, 24]})};
  const now = (rounds: Rounds): string => compareWith(before, measured({'bare socket': bare, [ours]: rounds}));
  t.regex(now([30, 31, 32]), /Worse beyond noise: call latency, p50 \/ bare socket \(× 1\.41\)/);
  t.regex(now([23, 31, 32]), /Nothing is worse beyond noise/);
  t.regex(now([10, 11, 12]), /Nothing is worse beyond noise/);
  // Two rounds do not show what noise is.
  t.regex(now([30, 31]), /Nothing is worse beyond noise/);
});

test('compare compares ratios: a machine that is half as fast is not worse', t => {
  const before = {questions: measured({'bare socket': [10, 10], [ours]: [20, 22]})};
  t.regex(compareWith(before, measured({'bare socket': [20, 20], [ours]: [40, 44]})), /Nothing is worse/);
});

test('the page names what has failed, for what there was no time, and that the machine was busy', t => {
  const page = pageOf({questions: measured({'bare socket': [10], [ours]: [20]})}, new Map());
  t.regex(page, /- a peer, `calls`, Node 20\.1\.0: did not end within 20 s/);
  t.regex(page, /9 processes wanted its 2 cores/);
  t.regex(page, /There was no time for: names of rxtractor/);
  t.regex(page, /\| \*\*rxtractor\*\* \| 20\.0 /);
});

test('what is planned is printed, and what ours can do is planned', t => {
  const printed = sections.flatMap(({tables}) => tables.map(({probe}) => probe));
  const planned = new Set(subjects.flatMap(plan => plan.probes));
  t.deepEqual(
    [...planned].filter(probe => !printed.includes(probe)),
    [],
  );
  t.deepEqual(
    Object.keys(oursSubject.own ?? {}).filter(probe => !probes.includes(probe)),
    [],
  );
  for (const {own, against} of goals)
    for (const {subject} of [own, ...against])
      t.true(
        subjects.some(({title}) => title === subject),
        subject,
      );
});

test('the bare socket reads messages, wherever its chunks are cut', t => {
  const messages = Buffer.concat(
    [3, 40, 1].map((bytes, id) => {
      const head = Buffer.alloc(8);
      head.writeUInt32LE(bytes, 0);
      head.writeUInt32LE(id, 4);
      return Buffer.concat([head, Buffer.alloc(bytes)]);
    }),
  );
  for (let size = 1; size <= messages.length; size++) {
    const found: (readonly [number, number])[] = [];
    const read = messagesOf((id, bytes) => found.push([id, bytes]));
    for (let at = 0; at < messages.length; at += size) read(messages.subarray(at, at + size));
    t.deepEqual(
      found,
      [
        [0, 3],
        [1, 40],
        [2, 1],
      ],
      `chunks of ${size}`,
    );
  }
});
