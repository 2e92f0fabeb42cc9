// Times that mean "never": Infinity, and more than a timer of the platform takes.
import {current} from '../../lib/base/current.js';
import {openNursery, task} from '../../lib/index.js';
import {tidy} from '../fixtures/tidy.js';
import {notesOf} from '../kit/folder.js';
import {startProgram} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

const test = spawning();

const budgets = task(() => {
  const scope = current()?.scope;
  return {grace: scope?.grace, teardown: scope?.parent?.teardownBudget};
});

for (const ms of [Number.POSITIVE_INFINITY, 2 ** 31, 2 ** 40])
  test(`X2, T10: with times of ${ms} ms an actor starts, a cancel waits for the clean-up, and the tree ends`, async t => {
    const {file, lines} = notesOf(t);
    const timeouts = {
      spawn: ms,
      handshake: ms,
      cancelAck: ms,
      exit: ms,
      flush: ms,
      heartbeat: ms,
      explain: ms,
      stall: ms,
    };
    await openNursery(
      async nursery => {
        const portal = await nursery.startActor('patient', {expose: [tidy]});
        const one = await portal.openContext(tidy, file, 50);
        t.true(await one.cancel('enough', {timeout: ms}));
        const other = await portal.openContext(tidy, file, 50);
        t.true(await other.cancel('enough'));
      },
      {timeouts},
    );
    t.deepEqual(lines(), ['begin true enough', 'end', 'begin true enough', 'end']);
  });

test('T10, X3: the times of a spawned actor follow those of the root', async t => {
  await openNursery(
    async nursery => {
      const portal = await nursery.startActor('inner', {expose: [budgets], backend: 'inline'});
      t.deepEqual(await portal.run(budgets), {grace: 7_000, teardown: 7_300});
    },
    {timeouts: {exit: 7_000}},
  );
});

test('C12: a sleep() that has lost a race does not keep the process, in the root or in an actor', async t => {
  const program = startProgram(t, 'lost-race');
  t.deepEqual(await program.next(), ['answer', 'answer']);
  t.deepEqual(await program.exited, {code: 0, signal: null});
  t.is(program.stderr, '');
});
