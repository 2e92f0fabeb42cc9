// The handle to an actor over a real process: its calls, their options, its end.

import {setTimeout as delay} from 'node:timers/promises';
import {
  ActorDied,
  ContextCancelled,
  currentActor,
  isRoot,
  NoRuntime,
  NotExposed,
  openNursery,
  parent,
  RemoteActorError,
} from '../../lib/index.js';
import {talk} from '../fixtures/contexts.js';
import {askHidden, askParent} from '../fixtures/relay.js';
import {add, double, echo, hang, nap, pidOf, spinFor, who} from '../fixtures/tasks.js';
import {patient} from '../kit/patient.js';
import {actorProcesses, isAlive} from '../kit/processes.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({always: 6});

test('run gives the value of a task, whatever it is', async t => {
  await openNursery(async nursery => {
    const portal = await nursery.startActor('callee', {expose: [add, echo]});
    t.is(await portal.run(add, 20, 22), 42);
    const values = [undefined, null, 0, -0, NaN, '', 'text', 10n ** 20n, [1, [2]], {a: {b: 1}}, new Date(5)];
    for (const value of values) t.deepEqual(await portal.run(echo, value), value);
    const map = new Map([['k', new Set([1, 2])]]);
    t.deepEqual(await portal.run(echo, map), map);
    t.deepEqual(await portal.run(echo, new Uint8Array([1, 2, 3])), new Uint8Array([1, 2, 3]));
  });
});

test('many runs are in flight at once, and each gets its own answer', async t => {
  await openNursery(async nursery => {
    const portal = await nursery.startActor('callee', {expose: [double]});
    const answers = await Promise.all(Array.from({length: 1_000}, (_, i) => portal.run(double, i)));
    t.deepEqual(
      answers,
      Array.from({length: 1_000}, (_, i) => 2 * i),
    );
  });
});

test('T2: a spawned actor knows who it is, and that it is no root', async t => {
  await openNursery(async nursery => {
    const portal = await nursery.startActor('a name', {expose: [who]});
    const {actor, root} = await portal.run(who);
    t.deepEqual(actor, portal.actor);
    t.false(root);
    t.is(currentActor().pid, process.pid);
    t.true(isRoot());
    t.is(parent(), undefined);
  });
  t.throws(currentActor, {instanceOf: NoRuntime, code: 'ERR_NO_RUNTIME'});
});

test('an actor calls what its root exposes, through parent(), and nothing else', async t => {
  await openNursery(
    async nursery => {
      const portal = await nursery.startActor('child', {expose: [askHidden, askParent]});
      t.is(await portal.run(askParent, 21), 42);
      const error = await t.throwsAsync(portal.run(askHidden), {instanceOf: RemoteActorError});
      t.true(error.is(NotExposed));
    },
    {expose: [double]},
  );
});

test('T10: cancelActor resolves true once the actor is gone, and again after that', async t => {
  await openNursery(async nursery => {
    const portal = await nursery.startActor('callee', {expose: [pidOf]});
    const pid = await portal.run(pidOf);
    t.true(await portal.cancelActor());
    t.false(isAlive(pid));
    t.true(await portal.cancelActor());
    t.is(await portal.ended, undefined);
  });
});

test.long('X8: cancelActor ends the contexts into it with ContextCancelled, which fails nothing else', async t => {
  await openNursery(async nursery => {
    const portal = await nursery.startActor('callee', {expose: [nap, talk]});
    const context = await portal.openContext(talk);
    const waiting = [portal.run(nap, 1e9), context.result(), context.openStream().iterate().next()];
    const outcomes = Promise.allSettled(waiting);
    t.true(await portal.cancelActor('why not'));
    for (const outcome of await outcomes) {
      t.true(outcome.status === 'rejected' && outcome.reason instanceof ContextCancelled);
      const {canceller} = (outcome as PromiseRejectedResult).reason as ContextCancelled;
      t.is(canceller?.pid, process.pid);
    }
    t.false(nursery.signal.aborted);
  }, patient);
});

test('ended gives the death of an actor that nobody asked to end', async t => {
  await t.throwsAsync(
    openNursery(async nursery => {
      const portal = await nursery.startActor('victim', {expose: [pidOf]});
      process.kill(await portal.run(pidOf), 'SIGTERM');
      const death = await portal.ended;
      t.true(death instanceof ActorDied);
      t.deepEqual(death?.exit, {code: 143, signal: null});
    }),
    {instanceOf: ActorDied},
  );
});

test.long('X10: with({timeout}) ends a run with reason deadline, and the actor goes on', async t => {
  await openNursery(async nursery => {
    const portal = await nursery.startActor('callee', {expose: [add, nap]});
    const error = await t.throwsAsync(portal.with({timeout: 200}).run(nap, 1e9), {instanceOf: ContextCancelled});
    t.is(error.reason, 'deadline');
    t.true(error.acked);
    t.is(await portal.run(add, 1, 2), 3);
  });
});

test.long('X10: a timeout is total: a value that a busy task returns later does not count', async t => {
  await openNursery(async nursery => {
    const portal = await nursery.startActor('callee', {expose: [add, spinFor]});
    const error = await t.throwsAsync(portal.with({timeout: 50}).run(spinFor, 400), {instanceOf: ContextCancelled});
    t.like(error, {reason: 'deadline', acked: true});
    t.is(await portal.run(add, 1, 2), 3);
  });
});

test('X10: the timeout of a one-shot actor counts its start, and with 0 nothing is started', async t => {
  await openNursery(async nursery => {
    t.throws(() => nursery.with({timeout: Number.NaN}), {instanceOf: RangeError, message: /not NaN/});
    for (const timeout of [1, 0]) {
      const run = nursery.with({timeout}).run(add, 1, 2);
      t.is(actorProcesses().filter(({parent}) => parent === process.pid).length, 0);
      t.is((await t.throwsAsync(run, {instanceOf: ContextCancelled}))?.reason, 'deadline');
    }
    t.false(nursery.signal.aborted);
    t.is(await nursery.with({timeout: Number.POSITIVE_INFINITY}).run(add, 1, 2), 3);
  });
});

test.long('X10: with({signal}) ends a run, with the reason of the signal as its cause', async t => {
  await openNursery(async nursery => {
    const portal = await nursery.startActor('callee', {expose: [add, nap]});
    const controller = new AbortController();
    const running = portal.with({signal: controller.signal}).run(nap, 1e9);
    await portal.run(add, 1, 2);
    controller.abort('no longer needed');
    const error = await t.throwsAsync(running, {instanceOf: ContextCancelled});
    t.is(error.cause as unknown, 'no longer needed');
    t.is(error.canceller?.pid, process.pid);
    t.is(await portal.run(add, 1, 2), 3);
  });
});

test('with() adds to the options that are there, and leaves the portal as it is', async t => {
  await openNursery(async nursery => {
    const portal = await nursery.startActor('callee', {expose: [add]});
    const aborted = portal.with({signal: AbortSignal.abort('no')});
    await t.throwsAsync(aborted.with({timeout: 10_000}).run(add, 1, 2), {instanceOf: ContextCancelled});
    t.is(await portal.run(add, 1, 2), 3);
    t.deepEqual(aborted.actor, portal.actor);
  });
});

test('startActor with a signal: aborting it ends the actor, which is no death', async t => {
  await openNursery(async nursery => {
    const controller = new AbortController();
    const portal = await nursery.startActor('callee', {expose: [pidOf], signal: controller.signal});
    const pid = await portal.run(pidOf);
    controller.abort('enough');
    t.is(await portal.ended, undefined);
    t.false(isAlive(pid));
    t.false(nursery.signal.aborted);
  });
});

test('startActor with a signal that has aborted starts nothing', async t => {
  await openNursery(async nursery => {
    await t.throwsAsync(nursery.startActor('never', {expose: [pidOf], signal: AbortSignal.abort('no')}), {
      instanceOf: ContextCancelled,
    });
  });
});

test('a run that the callee does not let go is given up at the bound, unacknowledged', async t => {
  await openNursery(async nursery => {
    const portal = await nursery.startActor('callee', {expose: [add, hang]});
    const controller = new AbortController();
    const running = portal.with({signal: controller.signal}).run(hang);
    t.is(await portal.run(add, 1, 2), 3);
    controller.abort();
    const error = await t.throwsAsync(running, {instanceOf: ContextCancelled});
    t.false(error.acked);
  });
});

test('one signal that many calls share has one listener', async t => {
  const warnings: string[] = [];
  const listen = (warning: Error): number => warnings.push(warning.message);
  process.on('warning', listen);
  await openNursery(async nursery => {
    const portal = await nursery.startActor('callee', {expose: [double]});
    const shared = portal.with({signal: new AbortController().signal});
    await Promise.all(Array.from({length: 50}, (_, i) => shared.run(double, i)));
  });
  await delay(0);
  process.off('warning', listen);
  t.deepEqual(warnings, []);
});
