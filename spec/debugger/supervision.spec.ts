// A tree of processes with somebody at the prompt: nobody is ended, and nobody is judged late.
import {EventEmitter, once} from 'node:events';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {
  ActorDied,
  breakpoint,
  ContextCancelled,
  main,
  type Nursery,
  openNursery,
  type Portal,
  RemoteActorError,
  type RootOptions,
  SpawnFailed,
  sleep,
  waitForActor,
} from '../../lib/index.js';
import {divide, fall} from '../fixtures/crashers.js';
import {block, failAbove, idle, idleBelow, mend, mourn, pause, pauseBelow, slow} from '../fixtures/pauses.js';
import {pidOf} from '../fixtures/tasks.js';
import {tell, told} from '../fixtures/told.js';
import {folderOf} from '../kit/folder.js';
import {patient} from '../kit/patient.js';
import {isAlive, untilGone} from '../kit/processes.js';
import {startProgram} from '../kit/program.js';
import {Prompts} from '../kit/prompts.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({takesLong: true});

const prompts = new Prompts();
test.before(() => prompts.open());
test.afterEach.always(() => prompts.forget());
test.after.always(() => prompts.close());

const all = [block, failAbove, idle, idleBelow, mend, mourn, pause, pauseBelow, pidOf, slow];
const debug: RootOptions = {...patient, debug: true, expose: [told]};
/** So short that whoever is judged while somebody is at the prompt is lost, and long enough for those who are asked when it is left. */
const hasty: RootOptions = {...debug, timeouts: {...patient.timeouts, exit: 2_000, cancelAck: 1_000}};
/** Longer than all of those. */
const longer = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 2_500));
/** The lines that the root says of itself, and who waits for a line of it. */
const said: string[] = [];
const news = new EventEmitter();
async function logged(pattern: RegExp): Promise<void> {
  while (!said.some(text => pattern.test(text))) await once(news, 'line');
}
function heard(options: RootOptions): RootOptions {
  said.length = 0;
  const note = (_: object, text: string): void => {
    said.push(text);
    news.emit('line');
  };
  return {...options, logLevel: 'runtime', logger: {debug: note, info: note, warn: note, error: note}};
}

async function start(nursery: Nursery, ...names: string[]): Promise<[Portal, Portal, Portal]> {
  const portals = names.map(name => nursery.startActor(name, {expose: all, logLevel: 'silent'}));
  return (await Promise.all(portals)) as [Portal, Portal, Portal];
}
/** A tree that fails: its error, once somebody has looked at it at the root. */
async function failing(t: ExecutionContext, tree: Promise<unknown>): Promise<unknown> {
  const failed = quietly(tree);
  const prompt = await prompts.next('root');
  t.is(prompt.kind, 'post-mortem');
  prompt.answer();
  return failed;
}
/** Lets the next of that name go on. */
async function answered(name: string): Promise<void> {
  (await prompts.next(name)).answer();
}
const quietly = (promise: Promise<unknown>): Promise<unknown> => promise.catch(error => error);

test('two actors that stop at once have the prompt one after the other', async t => {
  await openNursery(async nursery => {
    const children = await Promise.all(['one', 'two'].map(name => nursery.startActor(name, {expose: all})));
    const tasks = children.map(child => child.run(pause));
    const first = await prompts.next();
    t.is(prompts.waiting, 0);
    first.answer();
    const second = await prompts.next();
    second.answer();
    t.deepEqual([first.name, second.name].sort(), ['one', 'two']);
    t.deepEqual(await Promise.all(tasks), ['one', 'two']);
  }, debug);
});

test('an actor far below reaches the terminal past those between, though these stand still', async t => {
  await openNursery(async nursery => {
    const [top] = await start(nursery, 'top');
    const task = top.run(pauseBelow, 'leaf', 2);
    const first = await prompts.next('leaf');
    const go = join(folderOf(t), 'go');
    const blocked = top.run(block, go);
    await longer();
    first.answer();
    const second = await prompts.next('leaf');
    writeFileSync(go, '');
    second.answer();
    t.is(await task, 'leaf');
    await blocked;
  }, debug);
});

for (const backend of ['thread', 'inline'] as const)
  test(`an actor with the backend ${backend} takes the same lock, and so do those below it`, async t => {
    await openNursery(async nursery => {
      const portal = await nursery.startActor('host', {expose: all, backend});
      const task = portal.run(pauseBelow, 'below');
      const prompt = await prompts.next('below');
      const own = portal.run(pause);
      await longer();
      t.is(prompts.waiting, 0);
      prompt.answer();
      (await prompts.next('host')).answer();
      t.deepEqual(await Promise.all([task, own]), ['below', 'host']);
    }, debug);
  });

test('a holder that is killed loses the terminal to the next, whose nursery waits for it', async t => {
  const error = await failing(
    t,
    openNursery(async nursery => {
      const [one, two] = await start(nursery, 'killed', 'next');
      void quietly(one.run(pause));
      const holder = await prompts.next('killed');
      const waits = two.run(pause);
      await logged(/^next .* waits for the terminal/);
      process.kill(holder.pid, 'SIGKILL');
      const prompt = await prompts.next('next');
      // The nursery has failed by the death of the first.
      await longer();
      t.true(nursery.signal.aborted);
      t.true(isAlive(prompt.pid));
      prompt.answer();
      t.is(await waits, 'next');
    }, heard(hasty)),
  );
  t.true(error instanceof ActorDied);
});

test('one that is killed while it waits for the terminal leaves the queue', async t => {
  const error = await failing(
    t,
    openNursery(async nursery => {
      const [one, two, three] = await start(nursery, 'first', 'second', 'third');
      const holds = one.run(pause);
      const prompt = await prompts.next('first');
      const lost = quietly(two.run(pause));
      await logged(/^second .* waits for the terminal/);
      const waits = three.run(pause);
      await logged(/^third .* waits for the terminal/);
      process.kill(two.actor.pid, 'SIGKILL');
      t.true((await lost) instanceof ActorDied);
      await logged(/^second .* does not wait any more for the terminal/);
      prompt.answer();
      (await prompts.next()).answer();
      t.deepEqual(await Promise.all([holds, waits]), ['first', 'third']);
    }, heard(debug)),
  );
  t.true(error instanceof ActorDied);
  t.false(prompts.seen.includes('second'));
});

test('one that is cancelled while it waits for the terminal leaves the queue, and is told at once', async t => {
  await openNursery(async nursery => {
    const [one, two] = await start(nursery, 'holds', 'cancelled');
    const holds = one.run(pause);
    const prompt = await prompts.next('holds');
    const leave = new AbortController();
    const waits = quietly(two.with({signal: leave.signal}).run(pause));
    await logged(/^cancelled .* waits for the terminal/);
    leave.abort();
    t.true((await waits) instanceof ContextCancelled);
    await logged(/^cancelled .* does not wait any more for the terminal/);
    prompt.answer();
    t.is(await holds, 'holds');
  }, heard(debug));
  t.false(prompts.seen.includes('cancelled'));
});

test('T9, T10: a root that fails ends nobody while a grandchild is at the prompt, nor those that wait', async t => {
  let pids: number[] = [];
  const error = await failing(
    t,
    openNursery(async nursery => {
      const [top, side, killed] = await start(nursery, 'top', 'side', 'killed');
      void quietly(top.run(pauseBelow, 'leaf'));
      const prompt = await prompts.next('leaf');
      pids = [top.actor.pid, side.actor.pid, prompt.pid];
      void quietly(side.run(pause));
      void (async () => {
        await longer();
        t.deepEqual(pids.filter(isAlive), pids);
        prompt.answer();
        const waited = await prompts.next('side');
        await longer();
        t.deepEqual(
          pids.filter(pid => !isAlive(pid)),
          [],
          'those that had left the prompt are ended before the last has',
        );
        waited.answer();
      })();
      await longer();
      process.kill(killed.actor.pid, 'SIGKILL');
      await sleep(1e9);
    }, hasty),
  );
  t.true(error instanceof ActorDied, String(error));
  t.deepEqual(await untilGone(pids), []);
});

test('T9, T10: an actor between whose nursery fails ends nobody while its child is at the prompt', async t => {
  await openNursery(async nursery => {
    const top = await nursery.startActor('top', {expose: all});
    const task = quietly(top.run(failAbove, 'leaf', 'between fails'));
    const prompt = await prompts.next('leaf');
    let over = false;
    void task.then(() => {
      over = true;
    });
    tell('leaf');
    await longer();
    t.false(over);
    t.true(isAlive(prompt.pid));
    prompt.answer();
    (await prompts.next('top')).answer();
    const error = await task;
    t.true(error instanceof RemoteActorError);
    t.regex(String(error), /between fails/);
    t.deepEqual(await untilGone([prompt.pid]), []);
  }, hasty);
});

test('X2: a call that is cancelled while somebody is at the prompt has its whole time after that', async t => {
  await openNursery(async nursery => {
    const [late, other] = await start(nursery, 'late', 'other');
    const task = other.run(pause);
    const prompt = await prompts.next('other');
    const leave = new AbortController();
    const call = quietly(late.with({signal: leave.signal}).run(slow, 2_600));
    await late.run(pidOf);
    leave.abort();
    await longer();
    prompt.answer();
    await task;
    // Had it been given up in the meantime, it would be a cancellation that nobody has acknowledged.
    t.is(await call, 'late');
  }, hasty);
});

test('T10: an actor that stops in its clean-up is not late: its parent waits, however long that takes', async t => {
  await openNursery(
    async nursery => {
      const [top, other] = await start(nursery, 'mender', 'other');
      // The modules that it needs for that are loaded.
      for (const actor of [top, other]) {
        const warm = actor.run(pause);
        (await prompts.next()).answer();
        await warm;
      }
      void quietly(top.run(mend));
      void quietly(other.run(mend));
      await Promise.all([top, other].map(actor => actor.run(pidOf)));
      const gone = Promise.all([top.cancelActor(), other.cancelActor()]);
      for (let i = 0; i < 2; i++) {
        const prompt = await prompts.next();
        await new Promise(resolve => setTimeout(resolve, 2_200));
        t.true(isAlive(prompt.pid));
        prompt.answer();
      }
      t.deepEqual(await gone, [true, true]);
    },
    {...debug, timeouts: {...patient.timeouts, cancelAck: 500, exit: 1_500}},
  );
});

test('X2: an actor that was found is asked to end when the prompt is left', async t => {
  await openNursery(async nursery => {
    const [top, other] = await start(nursery, 'finder', 'other');
    void quietly(top.run(idleBelow, 'sought'));
    const found = await waitForActor('sought');
    const task = other.run(pause);
    const prompt = await prompts.next('other');
    let ended = false;
    const asked = found.cancelActor().then(acked => {
      ended = true;
      return acked;
    });
    await longer();
    t.false(ended);
    t.true(isAlive(found.actor.pid));
    prompt.answer();
    await task;
    t.true(await asked);
    t.deepEqual(await untilGone([found.actor.pid]), []);
  }, hasty);
});

test('T8: a body that ends while an actor is at the prompt waits with the end of the others', async t => {
  let pids: number[] = [];
  let over = false;
  const done = openNursery(async nursery => {
    const [one, two] = await start(nursery, 'one', 'two');
    pids = [one.actor.pid, two.actor.pid];
    const sub = one.with({onExit: 'cancel'}).run(mourn, 'it was');
    void quietly(sub);
    void quietly(two.run(idle));
    const prompt = await prompts.next('one');
    t.is(prompt.kind, 'post-mortem');
    t.is(prompt.error, 'it was');
    void longer().then(() => {
      t.false(over);
      t.deepEqual(pids.filter(isAlive), pids);
      prompt.answer();
    });
    void nursery.cancel();
  }, hasty);
  await done;
  over = true;
  t.deepEqual(await untilGone(pids), []);
});

test('q in an actor reaches the root as DebuggerQuit, and the tree ends with it', async t => {
  const error = await failing(
    t,
    openNursery(async nursery => {
      const top = await nursery.startActor('top', {expose: all});
      const task = top.run(pauseBelow, 'quitter');
      (await prompts.next('quitter')).answer('quit');
      (await prompts.next('top')).answer();
      await task;
    }, debug),
  );
  t.true(error instanceof RemoteActorError);
  t.regex(String(error), /DebuggerQuit/);
});

for (const backend of ['process', 'thread'] as const)
  test(`a crash in an actor with the backend ${backend} has its prompt there, and then in the root`, async t => {
    const error = await failing(
      t,
      openNursery(async nursery => {
        const portal = await nursery.startActor('far', {expose: [pause, divide], backend});
        void answered('far');
        return portal.run(divide, 1, 0);
      }, debug),
    );
    t.true(error instanceof RemoteActorError);
    t.regex(String(error), /1 cannot be divided by 0/);
  });

test('a module that throws while it is imported has its prompt in the root alone', async t => {
  const before = prompts.seen.length;
  const expose = [
    new URL('../fixtures/pauses.js', import.meta.url),
    new URL('../fixtures/throws-at-import.js', import.meta.url),
  ];
  const error = await failing(
    t,
    openNursery(async nursery => nursery.startActor('never', {expose, logLevel: 'silent'}), debug),
  );
  t.true(error instanceof SpawnFailed);
  t.deepEqual(prompts.seen.slice(before), ['root']);
});

test('T13: what nothing in an actor has caught ends it when it has been looked at, and not before', async t => {
  const error = await failing(
    t,
    openNursery(async nursery => {
      const child = await nursery.startActor('falls', {expose: [pause, fall], logLevel: 'silent'});
      const gone = quietly(child.run(fall, 'out of time'));
      const prompt = await prompts.next('falls');
      t.is(prompt.error, 'out of time');
      await longer();
      t.true(isAlive(prompt.pid));
      prompt.answer();
      t.true((await gone) instanceof ActorDied);
    }, hasty),
  );
  t.regex(String(error), /out of time/);
});

test('a breakpoint of the root and those of its actors share the terminal', async t => {
  await main(async nursery => {
    const child = await nursery.startActor('child', {expose: all});
    const own = breakpoint();
    const prompt = await prompts.next();
    t.is(prompt.pid, process.pid);
    const task = child.run(pause, 2);
    await longer();
    t.is(prompts.waiting, 0);
    prompt.answer();
    for (let i = 0; i < 2; i++) (await prompts.next('child')).answer();
    await Promise.all([own, task]);
  }, debug);
});

test('P1: Ctrl-C at a root ends nobody while somebody is at the prompt, however often, and the tree after it', async t => {
  const program = startProgram(t, 'paused-program');
  const [pid = 0] = await program.next<number[]>();
  const prompt = await prompts.next('paused');
  for (let i = 0; i < 5; i++) program.kill('SIGINT');
  await longer();
  t.true(isAlive(pid));
  prompt.answer();
  t.is(await program.next<string>(), 'paused');
  program.kill('SIGINT');
  t.deepEqual(await program.exited, {code: 130, signal: null});
  t.deepEqual(await untilGone([pid]), []);
});

test('P1: SIGTERM at a root ends the tree when the prompt is left, and not before', async t => {
  const program = startProgram(t, 'paused-program');
  const [pid = 0] = await program.next<number[]>();
  const prompt = await prompts.next('paused');
  program.kill('SIGTERM');
  await longer();
  // Neither does it end by what was to be its second Ctrl-C.
  program.kill('SIGINT');
  await longer();
  t.deepEqual([pid, program.pid].filter(isAlive), [pid, program.pid]);
  prompt.answer();
  t.deepEqual(await program.exited, {code: 143, signal: null});
  t.deepEqual(await untilGone([pid]), []);
});
