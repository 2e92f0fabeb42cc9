// Waits that belong to no context: for the terminal, for a start or its turn, for an end.
import test from 'ava';
import type {Actor} from '../../lib/actor/actor.js';
import {surveyOf} from '../../lib/actor/survey.js';
import {current} from '../../lib/base/current.js';
import type {SurveyRow, WaitRow} from '../../lib/base/tree-survey.js';
import {TtyLock} from '../../lib/debugger/lock/tty-lock.js';
import {openNursery, task} from '../../lib/index.js';
import {waitsFor} from '../../lib/nursery/child-waits.js';
import {findWaits} from '../../lib/window/find-waits.js';
import {Observer} from '../../lib/window/observer.js';
import {turns} from '../kit/pair.js';

const rest = task(() => new Promise<never>(() => {}), {module: import.meta.url, name: 'rest'});
const id = (name: string) => ({name, id: name, pid: 1, host: 'h'});
const row = (depth: number, name: string, waits: readonly WaitRow[] = []): SurveyRow => ({
  depth,
  actor: id(name),
  state: '',
  since: 5,
  contexts: [],
  more: 0,
  waits,
});

test('who waits for the terminal waits for the task that has it', async t => {
  const lock = new TtyLock();
  const release = await lock.request({actor: id('a'), what: 'breakpoint', task: 'uid-1'});
  const second = lock.request({actor: id('b'), what: 'breakpoint', task: 'uid-2'});
  const third = lock.request({actor: id('c'), what: 'crash'});
  t.deepEqual(lock.waits, [
    {for: 'terminal', by: 'uid-2', of: 'uid-1'},
    {for: 'terminal', by: 'c', of: 'uid-1'},
  ]);
  release();
  (await second)();
  (await third)();
  t.deepEqual(lock.waits, []);
});

test('T15: an actor waits for its turn behind those that are being started, and its task waits for it', t => {
  const child = {id: 'new', by: 'uid', isAwaited: false, starting: ['other', 'new']} as const;
  t.deepEqual(waitsFor({...child, phase: 'queued'}), [
    {for: 'spawn', by: 'uid', of: 'new'},
    {for: 'spawn', by: 'new', of: 'other'},
  ]);
  t.deepEqual(waitsFor({...child, phase: 'connect'}), [{for: 'spawn', by: 'uid', of: 'new'}]);
  t.deepEqual(waitsFor({...child, phase: 'serving'}), []);
  t.deepEqual(waitsFor({...child, phase: 'serving', isAwaited: true}), [{for: 'child', by: 'uid', of: 'new'}]);
});

test('a real nursery: a start, then no wait, then the end of a daemon', async t => {
  const seen: (readonly WaitRow[])[] = [];
  const nursery = await new Promise<{cancel(): Promise<void>; actor: string; root: string}>((resolve, reject) => {
    openNursery(async own => {
      const root = current()?.runtime as Actor;
      const look = async (): Promise<number> => seen.push((await surveyOf(root))[0]?.waits ?? []);
      const starting = own.startActor('d', {backend: 'inline', daemon: true, expose: [rest]});
      await look();
      const portal = await starting;
      await look();
      void turns(30)
        .then(look)
        .then(() => resolve({cancel: () => own.cancel(), actor: portal.actor.id, root: root.id.id}))
        .catch(reject);
    }).catch(reject);
  });
  const {actor, root} = nursery;
  t.deepEqual(seen, [[{for: 'spawn', by: root, of: actor}], [], [{for: 'child', by: root, of: actor}]]);
  await nursery.cancel();
});

test('the finder follows them: a chain through the terminal, and a circle', t => {
  const observer = new Observer();
  const chain = [
    row(0, 'root', [
      {for: 'child', by: 'root', of: 'a'},
      {for: 'terminal', by: 'a', of: 'b'},
    ]),
    row(1, 'a'),
    row(1, 'b'),
  ];
  const look = (at: number, rows: readonly SurveyRow[]) => findWaits(observer.view({at, rows, usage: new Map()}));
  t.deepEqual(
    look(1_000, chain).chains.map(({tasks}) => tasks),
    [['root', 'a', 'b']],
  );
  const circle = [row(0, 'root', [...(chain[0]?.waits ?? []), {for: 'spawn', by: 'b', of: 'root'}]), ...chain.slice(1)];
  look(2_000, circle);
  const [cycle] = look(8_000, circle).cycles;
  t.deepEqual([...(cycle?.tasks ?? [])].sort(), ['a', 'b', 'root']);
  t.is(cycle?.sinceMs, 6_000);
});
