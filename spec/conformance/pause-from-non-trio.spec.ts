// tests/devx/test_pause_from_non_trio.py: what cannot await asks for the prompt all the same, and goes on.
import {continueAll, fixtureFile, Logged} from '../kit/driven.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

for (const backend of ['process', 'thread'])
  test(`pause_from_non_trio/test_pause_from_sync: plain functions, and those in a pipe, have their prompts in the root and in actors, one at a time, first come first served (T1) [${backend}]`, async t => {
    const logged = new Logged(t, fixtureFile('stops-from-sync'), {args: [backend]});
    const seen = await continueAll(logged.program, ['root', 'one', 'two']);
    await logged.program.ends(t, 0);
    t.deepEqual([...seen].sort(), ['one', 'one', 'root', 'root', 'two', 'two']);
    const {asked, given} = logged.turns;
    t.deepEqual(given, asked);
    t.deepEqual(seen, given);
  });
