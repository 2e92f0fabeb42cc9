// Standbys: what starts in one, what does not, and that nobody notices an unlucky one (rule T18).
import {appendFileSync, realpathSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import type {ExecutionContext} from 'ava';
import {firstValueFrom, lastValueFrom, take, toArray} from 'rxjs';
import type {Actor} from '../../lib/actor/actor.js';
import {surveyOf} from '../../lib/actor/survey.js';
import {plainClock} from '../../lib/base/clock.js';
import {current} from '../../lib/base/current.js';
import {deferred} from '../../lib/base/deferred.js';
import {
  type ActorEvent,
  type ActorOptions,
  listActors,
  type Nursery,
  openNursery,
  type Portal,
  type RootOptions,
  type StandbyOptions,
  sleep,
  watchActors,
} from '../../lib/index.js';
import {die, wasStandby} from '../fixtures/born.js';
import {complain, print} from '../fixtures/printers.js';
import {ownPid} from '../fixtures/slow-import.js';
import {askRoot, storage, storeOfRoot} from '../fixtures/store.js';
import {countTo} from '../fixtures/streams.js';
import {argv, cwd, env, execArgv} from '../fixtures/surroundings.js';
import {pidOf, who} from '../fixtures/tasks.js';
import {folderOf, notesOf} from '../kit/folder.js';
import {canInspect, isAlive, treeOf, untilGone} from '../kit/processes.js';
import {startProgram, sweep} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';
import {begunStandbys, untilBegun} from '../kit/standbys.js';

const test = spawning({always: 3});
const inspects = canInspect ? test : test.skip;
const inspectsLong = canInspect ? test.long : test.skip;

const expose = [pidOf, who, argv, cwd, env, execArgv, countTo, print, complain];

/** The standbys that have been ready, and the barrier for the next ones. */
class Ready {
  readonly #pids: number[] = [];
  #taken = 0;
  #news = deferred();

  /** Reads the log of the root: a standby is ready when it says so. */
  note(text: string): void {
    const [, pid] = /^a standby \(pid (\d+)\) waits$/.exec(text) ?? [];
    if (pid === undefined) return;
    this.#pids.push(Number(pid));
    this.#news.resolve();
    this.#news = deferred();
  }

  /** The pids of the next ones, once they are ready. */
  async more(count: number): Promise<number[]> {
    const pids: number[] = [];
    while (pids.length < count) pids.push(await this.next());
    return pids;
  }

  /** The pid of the next one, once that is ready. */
  async next(): Promise<number> {
    while (this.#pids.length <= this.#taken) await this.#news.promise;
    return this.#pids[this.#taken++] as number;
  }
}

type StandbyBody = (nursery: Nursery, ready: Ready) => Promise<unknown>;

/** A nursery with standbys. Resolves with what was logged at level `info` or above. */
async function openQuietly(
  standby: number | StandbyOptions,
  body: StandbyBody,
  options: RootOptions = {},
): Promise<readonly string[]> {
  const ready = new Ready();
  const told: string[] = [];
  const tell = (_: object, text: string) => void told.push(text);
  const logger = {debug: (_: object, text: string) => ready.note(text), info: tell, warn: tell, error: tell};
  // A standby does not keep this process running while it is waited for.
  const stay = setInterval(() => {}, 1_000);
  await openNursery(nursery => body(nursery, ready), {...options, standby, logger, logLevel: 'runtime'}).finally(() =>
    clearInterval(stay),
  );
  return told;
}

/** The same. Nothing may be told. */
async function withStandbys(t: ExecutionContext, ...args: Parameters<typeof openQuietly>): Promise<void> {
  t.deepEqual(await openQuietly(...args), []);
}

inspects('T18: an actor is started in a standby, which is used once, and another one is begun', async t => {
  await withStandbys(t, 1, async (nursery, ready) => {
    const first = await ready.next();
    const one = await nursery.startActor('one', {expose});
    t.is(one.actor.pid, first);
    t.is(await one.run(pidOf), first);
    const second = await ready.next();
    const two = await nursery.startActor('two', {expose});
    t.is(two.actor.pid, second);
    await one.cancelActor();
    t.false(isAlive(first));
  });
});

inspects('T18: a standby learns who it is when it is assigned', async t => {
  await withStandbys(t, 1, async (nursery, ready) => {
    const begun = await ready.next();
    const actor = await nursery.startActor('näme "x"\n', {expose, argv: ['--level', '', 'ä\nb']});
    t.is(actor.actor.pid, begun);
    t.like(await actor.run(who), {actor: actor.actor, root: false});
    t.is(actor.actor.name, 'näme "x"\n');
    t.deepEqual(await actor.run(argv), ['--level', '', 'ä\nb']);
    const next = await ready.next();
    const other = await nursery.startActor('other', {expose});
    t.is(other.actor.pid, next);
    t.deepEqual(await other.run(argv), process.argv.slice(2));
    t.not(other.actor.id, actor.actor.id);
  });
});

const ways: Readonly<Record<string, (nursery: Nursery, ready: Ready) => Promise<boolean>>> = {
  'startActor()': async nursery => (await nursery.startActor('one', {expose: [wasStandby]})).run(wasStandby),
  'actor()': nursery => firstValueFrom(nursery.actor('one', {expose: [wasStandby]}, portal => portal.run(wasStandby))),
  'run()': nursery => nursery.run(wasStandby),
  'openPool()': async nursery => (await nursery.openPool(1, {expose: [wasStandby]})).run(wasStandby),
  'a restart': async (nursery, ready) => {
    const portal = await nursery.startActor('one', {expose: [die, wasStandby], restart: {delay: 0}});
    await ready.next();
    await portal.run(die).catch(() => {});
    return portal.run(wasStandby);
  },
  'the replacement of a worker': async (nursery, ready) => {
    const pool = await nursery.openPool(1, {expose: [die, wasStandby]});
    await ready.next();
    await pool.run(die).catch(() => {});
    return pool.run(wasStandby);
  },
};

for (const [way, start] of Object.entries(ways))
  inspectsLong(`T18: a standby is used by ${way}`, t =>
    openQuietly(1, async (nursery, ready) => {
      await ready.next();
      t.true(await start(nursery, ready));
    }),
  );

inspects('T18: as many wait as were asked for, and none is left when the nursery has settled', async t => {
  let all: readonly number[] = [];
  await withStandbys(t, 3, async (nursery, ready) => {
    all = await ready.more(3);
    const pool = await nursery.openPool(3, {expose});
    const pids = await Promise.all([pool.run(pidOf), pool.run(pidOf), pool.run(pidOf)]);
    t.deepEqual([...pids].sort(), [...all].sort());
    all = [...all, ...(await ready.more(3))];
    t.is(new Set(all).size, 6);
  });
  t.deepEqual(all.filter(isAlive), []);
});

const others: Readonly<Record<string, Partial<ActorOptions>>> = {
  env: {env: {RXTRACTOR_SPEC_STANDBY: 'x'}},
  cwd: {cwd: realpathSync(tmpdir())},
  execArgv: {execArgv: ['--no-warnings']},
  maxHeap: {maxHeap: 512},
  stdio: {stdio: 'ignore'},
  'a thread': {backend: 'thread'},
  'an inline actor': {backend: 'inline'},
};

for (const [what, options] of Object.entries(others))
  inspectsLong(
    `T18: a standby is not used where something is different that was fixed at its birth: ${what}`,
    async t => {
      await withStandbys(t, 1, async (nursery, ready) => {
        const begun = await ready.next();
        const actor = await nursery.startActor('other', {expose, ...options});
        t.not(actor.actor.pid, begun);
        t.true(isAlive(begun));
        t.deepEqual(begunStandbys(), [begun]);
        t.is((await nursery.startActor('one', {expose})).actor.pid, begun);
      });
    },
  );

inspects('T18: standbys for actors with options of their own', async t => {
  const own = {
    env: {RXTRACTOR_SPEC_STANDBY: 'x'},
    cwd: realpathSync(tmpdir()),
    execArgv: ['--no-warnings'],
    maxHeap: 512,
  };
  await withStandbys(t, {count: 1, stdio: 'pipe', ...own}, async (nursery, ready) => {
    const begun = await ready.next();
    t.not((await nursery.startActor('plain', {expose})).actor.pid, begun);
    const actor = await nursery.startActor('own', {expose, stdio: 'pipe', ...own});
    t.is(actor.actor.pid, begun);
    t.is(await actor.run(env, 'RXTRACTOR_SPEC_STANDBY'), 'x');
    t.is(await actor.run(cwd), own.cwd);
    t.deepEqual(await actor.run(execArgv), ['--no-warnings', '--max-old-space-size=512']);
    const lines = lastValueFrom(actor.output.pipe(take(2), toArray()));
    await actor.run(print, 'out\n');
    await actor.run(complain, 'err\n');
    t.deepEqual((await lines).map(({line}) => line).sort(), ['err', 'out']);
  });
});

const changes: Readonly<Record<string, () => () => void>> = {
  'the environment': () => {
    process.env.RXTRACTOR_SPEC_CHANGED = 'yes';
    return () => delete process.env.RXTRACTOR_SPEC_CHANGED;
  },
  'the folder': () => {
    const before = process.cwd();
    process.chdir(tmpdir());
    return () => process.chdir(before);
  },
  'the umask': () => {
    const before = process.umask(0o077);
    return () => process.umask(before);
  },
};

for (const [what, change] of Object.entries(changes))
  inspects(`T18: a standby is discarded when this has changed in the root: ${what}`, async t => {
    await withStandbys(t, 1, async (nursery, ready) => {
      const outdated = await ready.next();
      t.teardown(change());
      const actor = await nursery.startActor('one', {expose});
      t.not(actor.actor.pid, outdated);
      t.deepEqual(await untilGone([outdated]), []);
      const fresh = await ready.next();
      const next = await nursery.startActor('two', {expose});
      t.is(next.actor.pid, fresh);
      t.is(await next.run(cwd), process.cwd());
      t.is(await next.run(env, 'RXTRACTOR_SPEC_CHANGED'), process.env.RXTRACTOR_SPEC_CHANGED ?? null);
    });
  });

inspectsLong('T18: a standby that has died is not missed, whether its end was seen or not', async t => {
  await withStandbys(t, 1, async (nursery, ready) => {
    const unseen = await ready.next();
    process.kill(unseen, 'SIGKILL');
    const one = await nursery.startActor('one', {expose});
    t.not(one.actor.pid, unseen);
    const seen = await ready.next();
    process.kill(seen, 'SIGTERM');
    t.deepEqual(await untilGone([seen]), []);
    await plainClock.turn(5);
    const two = await nursery.startActor('two', {expose});
    t.not(two.actor.pid, seen);
    const next = await ready.next();
    t.is((await nursery.startActor('three', {expose})).actor.pid, next);
  });
});

inspects('T18: a standby that dies while it is being assigned is not missed', async t => {
  await withStandbys(t, 1, async (nursery, ready) => {
    // From now on everything is loaded.
    await ready.next();
    await nursery.startActor('first', {expose});
    const stopped = await ready.next();
    process.kill(stopped, 'SIGSTOP');
    const starting = nursery.startActor('one', {expose});
    // It has been assigned by then.
    await plainClock.turn(20);
    process.kill(stopped, 'SIGKILL');
    const {actor} = await starting;
    t.not(actor.pid, stopped);
    t.is(actor.name, 'one');
  });
});

inspects('T18: a standby that does not answer is ended, and another process is begun', async t => {
  await withStandbys(t, 1, async (nursery, ready) => {
    const stopped = await ready.next();
    process.kill(stopped, 'SIGSTOP');
    t.not((await nursery.startActor('one', {expose})).actor.pid, stopped);
    t.deepEqual(await untilGone([stopped]), []);
  });
});

inspects('T18: a start that waits for a standby can be cancelled', async t => {
  await openQuietly(1, async (nursery, ready) => {
    const stopped = await ready.next();
    process.kill(stopped, 'SIGSTOP');
    const starting = t.throwsAsync(nursery.startActor('one', {expose}), {name: 'ContextCancelled'});
    await plainClock.turn(20);
    await nursery.cancel();
    await starting;
    t.deepEqual(await untilGone([stopped]), []);
  });
});

inspectsLong('T18: a standby that always dies fails nothing, and is not begun without end', async t => {
  const notes = notesOf(t);
  const hook = join(folderOf(t), 'hook.mjs');
  appendFileSync(notes.file, '');
  writeFileSync(
    hook,
    `import {appendFileSync} from 'node:fs';
     appendFileSync(${JSON.stringify(notes.file)}, 'begun\\n');
     process.exit(3);`,
  );
  await withStandbys(t, {count: 2, execArgv: ['--import', pathToFileURL(hook).href]}, async nursery => {
    for (const name of ['one', 'two', 'three']) await nursery.startActor(name, {expose});
  });
  t.true(notes.lines().length >= 1);
  t.true(notes.lines().length <= 4, `${notes.lines().length} were begun`);
});

inspects('T18: a standby is on no list, in no survey, and takes no seat', async t => {
  const seen: ActorEvent[] = [];
  await withStandbys(
    t,
    2,
    async (nursery, ready) => {
      const watching = watchActors().subscribe(event => seen.push(event));
      await ready.more(2);
      await nursery.startActor('one', {expose});
      await ready.next();
      t.deepEqual(
        (await listActors()).map(({name}) => name),
        ['root', 'one'],
      );
      const rows = await surveyOf(current()?.runtime as Actor);
      t.deepEqual(
        rows.map(({depth}) => depth),
        [0, 1],
      );
      await t.throwsAsync(nursery.startActor('two', {expose}), {message: /may have 1 actors/});
      watching.unsubscribe();
    },
    {maxActors: 1},
  );
  t.deepEqual(
    seen.map(({actor}) => actor.name),
    ['root', 'one'],
  );
});

inspectsLong('T18: none is begun while an actor is being started', async t => {
  const go = join(folderOf(t), 'go');
  process.env.SPEC_GO = go;
  t.teardown(() => delete process.env.SPEC_GO);
  await withStandbys(t, 1, async (nursery, ready) => {
    const first = await ready.next();
    const starting = nursery.startActor('slow', {expose: [ownPid]});
    // This one is started after it, and serves while it still imports.
    const quick = await nursery.startActor('quick', {expose});
    t.deepEqual(begunStandbys(), [first]);
    t.not(quick.actor.pid, first);
    writeFileSync(go, '');
    t.is((await starting).actor.pid, first);
    await ready.next();
  });
});

inspects('T18: a call of an actor is served in the async context of its start', async t => {
  await withStandbys(
    t,
    1,
    async (nursery, ready) => {
      const start = (): Promise<Portal> => nursery.startActor('one', {expose: [askRoot, pidOf]});
      const begun = await ready.next();
      const actor = await storage.run('mine', start);
      t.is(actor.actor.pid, begun);
      t.is(await actor.run(askRoot), 'mine');
      const next = await storage.run('not mine', () => ready.next());
      const other = await start();
      t.is(other.actor.pid, next);
      t.is(await other.run(askRoot), 'none');
    },
    {expose: [storeOfRoot]},
  );
});

test('T18: standby takes a number of processes, or such a number and options that are fixed at a birth', async t => {
  const wrong: [unknown, RegExp][] = [
    [-1, /standby is a number of processes from 0 to 1024, not -1/],
    [1.5, /not 1\.5/],
    [Number.NaN, /not NaN/],
    [Number.POSITIVE_INFINITY, /not Infinity/],
    [1_025, /not 1025/],
    ['2', /not 2$/],
    [null, /not null/],
    [true, /not true/],
    [{}, /not undefined/],
    [{count: '1'}, /not 1$/],
    [{count: 1, name: 'x'}, /standby: there is no option name/],
    [{count: 1, stdio: 'none'}, /standby: stdio is inherit, prefix, ignore or pipe/],
    [{count: 1, maxHeap: 0}, /standby: maxHeap is a number of MiB/],
    [{count: 1, cwd: 1}, /standby: cwd is a text/],
    [{count: 1, execArgv: 'x'}, /standby: execArgv is a list of texts/],
  ];
  for (const [standby, message] of wrong)
    await t.throwsAsync(
      openNursery(async () => {}, {standby: standby as number}),
      {instanceOf: TypeError, message},
    );
  await openNursery(async () => {}, {standby: 0});
  await openNursery(async () => {
    await t.throwsAsync(
      openNursery(async () => {}, {standby: 1}),
      {instanceOf: TypeError, message: /standby belongs to/},
    );
  });
});

for (const setpriv of process.platform === 'linux' ? [true, false] : [false]) {
  const unless = setpriv ? {} : {RXTRACTOR_NO_SETPRIV: '1'};
  const how = setpriv ? 'with setpriv' : 'without setpriv';

  for (const [way, signal, code] of [
    ['waits', 'SIGKILL', null],
    ['waits', 'SIGTERM', 143],
    ['exits', undefined, 3],
    ['ends', undefined, 1],
    ['idles', undefined, 13],
  ] as const)
    inspectsLong(
      `T18, T11: standbys end with a root that ${way}${signal ? ` and gets ${signal}` : ''}, ${how}`,
      async t => {
        const go = join(folderOf(t), 'go');
        const program = startProgram(t, 'stands-by', {args: [way], env: {SPEC_GO: go, ...unless}});
        await program.next();
        const [one = 0] = await untilBegun(2, [], program.pid);
        const tree = treeOf(one);
        writeFileSync(go, '');
        if (signal) program.kill(signal);
        t.is((await program.exited).code, code, program.stderr);
        await sweep(t, tree, 'standbys outlived their root');
      },
    );
}

const isRoot = process.getuid?.() === 0;

(isRoot && canInspect ? test : test.skip)(
  `T18: a root that gives up its privileges does not use the standbys that have them${isRoot ? '' : ' (skipped: needs root)'}`,
  async t => {
    const go = join(folderOf(t), 'go');
    const program = startProgram(t, 'stands-by', {args: ['gives up'], env: {SPEC_GO: go}});
    await program.next();
    const privileged = await untilBegun(2, [], program.pid);
    writeFileSync(go, '');
    t.is(await program.next(), 65_534);
    t.deepEqual(await program.exited, {code: 0, signal: null}, program.stderr);
    t.is(program.stderr, '');
    t.deepEqual(await untilGone(privileged), []);
  },
);

inspectsLong(
  'T18: standbys of a tree in debug mode are those of its actors, and are replaced when the tree enters it',
  async t => {
    const flag = '--no-turbo-escape';
    await withStandbys(
      t,
      1,
      async (nursery, ready) => {
        const begun = await ready.next();
        const actor = await nursery.startActor('one', {expose});
        t.is(actor.actor.pid, begun);
        t.true((await actor.run(execArgv)).includes(flag));
        const next = await ready.next();
        t.not((await nursery.startActor('off', {expose, debug: false})).actor.pid, next);
      },
      {debug: true},
    );
    await withStandbys(t, 1, async (nursery, ready) => {
      const plain = await ready.next();
      const debugged = await nursery.startActor('debugged', {expose, debug: true});
      t.not(debugged.actor.pid, plain);
      t.deepEqual(await untilGone([plain]), []);
      const now = await ready.next();
      t.is((await nursery.startActor('two', {expose})).actor.pid, now);
      await sleep(0);
    });
  },
);
