// The rules of contexts, cancellation, streams and flow, and some of the tree, in simulations: both orders of messages that cross, and whatever else the seeds make.
// Above rules/, which has a table for each group. What needs a process, or a peer that lies, is shown elsewhere.
import test from 'ava';
import {SimulationFailed} from '../../lib/testing/index.js';
import {rules} from './rules/index.js';
import {tryOut} from './rules/rule.js';

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
