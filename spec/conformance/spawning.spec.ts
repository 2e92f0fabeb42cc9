// tests/test_spawning.py: actors, what they are given, and what comes back from them.
// One test after the other: each starts several processes.
import {type LogLevel, openNursery, type Portal} from '../../lib/index.js';
import {returns} from '../fixtures/contexts.js';
import type {Level} from '../fixtures/nest.js';
import {spawnSelf} from '../fixtures/same-function.js';
import {echo, pidOf} from '../fixtures/tasks.js';
import {turns} from '../kit/pair.js';
import {startProgram} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

test('spawning/test_run_in_actor_same_func_in_child: a function runs itself in an actor, which is no root and has the data (T1, T2)', async t => {
  const data = {doggy: 10, kitty: 4};
  t.deepEqual(await spawnSelf(true, data), {root: false, data, result: 10});
});

test('spawning/test_movie_theatre_convo: a daemon answers one call after another, and keeps its nursery open until it is cancelled (T8)', async t => {
  let settled = false;
  const {nursery, frank} = await new Promise<{nursery: Promise<void>; frank: Portal}>(resolve => {
    const nursery = openNursery(async opened => {
      const frank = await opened.startActor('frank', {daemon: true, expose: [pidOf, echo]});
      t.is(await frank.run(echo, 'have you ever seen a portal?'), 'have you ever seen a portal?');
      t.is(await frank.run(pidOf), frank.actor.pid);
      resolve({nursery, frank});
    });
    void nursery.finally(() => {
      settled = true;
    });
  });
  // The body has ended: the nursery waits, and the actor serves on.
  for (let call = 0; call < 10; call++) {
    await turns();
    t.is(await frank.run(pidOf), frank.actor.pid);
  }
  t.false(settled);
  t.true(await frank.cancelActor());
  await nursery;
  t.is(await frank.ended, undefined);
});

for (const value of ["Dang that's beautiful", null, undefined]) {
  test(`spawning/test_most_beautiful_word: the result of an actor is there within its nursery and after it (T8, C4) [${value}]`, async t => {
    const {task, ctx} = await openNursery(async nursery => {
      const task = nursery.with({name: 'linguist'}).run(echo, value);
      t.is(await task, value);
      const linguist = await nursery.startActor('linguist', {expose: [returns]});
      return {task, ctx: await linguist.openContext(returns, value)};
    });
    t.is(await task, value);
    t.is(await ctx.result(), value);
    t.is(await ctx.result(), value);
  });
}

/** The lines that each level lets through, of an actor that starts another and asks it to end. */
const heard: Partial<Record<LogLevel, readonly string[]>> = {
  transport: ['cancel', 'runtime'],
  runtime: ['cancel', 'runtime'],
  cancel: ['cancel'],
  debug: [],
  error: [],
  silent: [],
};
const logs = test.macro({
  async exec(t, args: readonly LogLevel[], expected: readonly string[]) {
    const program = startProgram(t, 'levels', {args});
    const [middle] = await program.next<Level[]>();
    t.deepEqual(await program.exited, {code: 0, signal: null}, program.stderr);
    const lines = program.stderr.matchAll(/^rxtractor (\d+) (\w+): /gm);
    const levels = [...lines].filter(([, pid]) => Number(pid) === middle?.pid).map(([, , level]) => level as string);
    t.deepEqual([...new Set(levels)].sort(), expected);
  },
  title: what =>
    `spawning/test_loglevel_propagated_to_subactor: an actor logs at the level of its parent, or at its own (T7) [of ${what}]`,
});
for (const [level, levels] of Object.entries(heard)) test(`its parent, ${level}`, logs, [level as LogLevel], levels);
test('its own option before that of its parent', logs, ['error', 'cancel'], ['cancel']);
