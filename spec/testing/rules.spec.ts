// The rules of contexts, cancellation, streams and flow in simulations: both orders of messages that cross, and whatever else the seeds make.
// Above rules/, which has a table for each group. What needs a process, or a peer that lies, is shown elsewhere.
import test from 'ava';
import {type ActorError, openNursery, sleep} from '../../lib/index.js';
import {explore, SimulationFailed} from '../../lib/testing/index.js';
import {callsOf} from '../kit/pair.js';
import {rules} from './rules/index.js';
import {startActor, tryOut} from './rules/rule.js';

for (const rule of rules)
  test.serial(rule.title, async t => {
    await tryOut(rule);
    t.pass();
  });

test.serial('an outcome that no rule allows fails with its seed, and one that never shows fails too', async t => {
  const rule = {title: 'Z1: it is so', outcomes: ['so'], shows: async () => 'otherwise'};
  const error = await t.throwsAsync(tryOut(rule), {instanceOf: SimulationFailed});
  t.regex(
    error.message,
    /Z1: it is so: it shows otherwise, and not so\nto repeat it: simulate\(body, \{seed: 1, schedule: /,
  );
  const never = {...rule, outcomes: ['otherwise', 'so'], seeds: 2};
  await t.throwsAsync(tryOut(never), {message: 'Z1: it is so: in 2 seeds it never shows so'});
});

test.serial('T17: a call that is made while an actor dies fails with ActorDied, as the nursery does', async t => {
  const outcomes = new Set<string>();
  await explore(
    async world => {
      world.network.latency([0, 2]);
      const failed = await openNursery(async nursery => {
        const calls = callsOf(await startActor(nursery, 'worker'));
        world.at(10, () => world.kill('worker'));
        for (;;) await calls.run(() => sleep(0));
      }).catch((error: ActorError) => error.code);
      outcomes.add(failed);
    },
    {seeds: process.env.RXTRACTOR_CI ? 300 : 60},
  );
  t.deepEqual([...outcomes], ['ERR_DIED']);
});
