// Code of users that runs within ours: what it throws stops nothing of ours.
// Beside hostile.spec.ts, whose values are hostile when they are looked at. Here functions are, when they are called.
import type {ExecutionContext} from 'ava';
import {finalize, firstValueFrom, lastValueFrom, Observable, toArray} from 'rxjs';
import {onAbort} from '../../lib/base/abort.js';
import {Moment} from '../../lib/base/moment.js';
import {Scope} from '../../lib/base/scope.js';
import {
  ActorDied,
  type Backend,
  ContextCancelled,
  currentSignal,
  type LogLevel,
  MessageTypeError,
  NurseryError,
  openNursery,
  openShared,
  type Portal,
  RemoteActorError,
} from '../../lib/index.js';
import {parse, parseNow, type StandardSchema} from '../../lib/msg/schema.js';
import {cleanUpBadly, hold, hostile, ping, startWith, throwIt} from '../fixtures/hostile.js';
import {listen, reject, throwLater} from '../fixtures/own-handlers.js';
import {countTo} from '../fixtures/streams.js';
import {patient} from '../kit/patient.js';
import {startProgram} from '../kit/program.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({always: 10, warns: true});

const mean = (): never => {
  throw new Error('mean');
};

/** Collects what nothing has caught while `body` runs, and lets nobody else see it. */
async function uncaughtIn(body: () => Promise<unknown>): Promise<unknown[]> {
  const uncaught: unknown[] = [];
  process.setUncaughtExceptionCaptureCallback(error => uncaught.push(error));
  try {
    await body();
    await new Promise(resolve => setImmediate(resolve));
  } finally {
    process.setUncaughtExceptionCaptureCallback(null);
  }
  return uncaught;
}

/** Runs `body` with an actor in this process, and sees that the actor is gone afterwards. */
async function withVictim(t: ExecutionContext, body: (portal: Portal) => Promise<unknown>): Promise<void> {
  let victim: Portal | undefined;
  await openNursery(async nursery => {
    victim = await nursery.startActor('victim', {expose: [countTo, hold, ping, startWith, throwIt], backend: 'inline'});
    await body(victim);
    t.is(await victim.run(ping), 'pong');
  }, patient);
  t.is(await victim?.ended, undefined);
}

for (const [name, log] of Object.entries<() => unknown>({
  throws: mean,
  rejects: async () => mean(),
  'gives a thenable that throws': hostile['a thenable that throws'] as () => unknown,
})) {
  for (const logLevel of ['cancel', 'runtime', 'transport'] as LogLevel[]) {
    test(`T9: a logger that ${name}, at level ${logLevel}, holds nothing up, and a warning says it once`, async t => {
      const warnings: string[] = [];
      const hear = (warning: Error & {code?: string}): void => {
        if (warning.code === 'RXTRACTOR_LOGGER') warnings.push(warning.message);
      };
      process.on('warning', hear);
      const logger = {debug: log, info: log, warn: log, error: log};
      let victim: Portal | undefined;
      const backend = logLevel === 'cancel' ? 'process' : 'inline';
      await openNursery(
        async nursery => {
          victim = await nursery.startActor('victim', {expose: [hold], backend});
          victim.run(hold).catch(() => {});
          await victim.cancelActor();
          await nursery.startActor('another', {expose: [hold], backend});
        },
        {...patient, logger, logLevel},
      );
      t.is(await victim?.ended, undefined);
      await new Promise(resolve => setImmediate(resolve));
      process.off('warning', hear);
      t.is(warnings.length, 1);
      t.regex(warnings[0] ?? '', /the logger threw in debug\(\)/);
    });
  }
}

test('E6: when a body gives an Observable, its teardown may throw: the nursery rejects with what ended it, and its actors are gone', async t => {
  const controller = new AbortController();
  let victim: Portal | undefined;
  const failure = await t.throwsAsync(
    openNursery(
      nursery =>
        new Observable<never>(() => {
          void nursery.startActor('victim', {expose: [hold], backend: 'inline'}).then(portal => {
            victim = portal;
            controller.abort('enough');
          });
          return mean;
        }),
      {signal: controller.signal},
    ),
  );
  t.is(failure.cause, 'enough');
  t.is(await victim?.ended, undefined);
});

test('E6: an iterator whose return() throws does not replace the cancellation that ended it, and is kept with it', async t => {
  const controller = new AbortController();
  await openNursery(async nursery => {
    const victim = await nursery.startActor('victim', {expose: [cleanUpBadly], backend: 'inline'});
    const values = victim.with({signal: controller.signal}).stream(cleanUpBadly, 'a frozen error');
    const failure = await t.throwsAsync(
      (async () => {
        for await (const value of values) if (value === 3) controller.abort('enough');
      })(),
      {instanceOf: ContextCancelled},
    );
    t.is(failure.cause, 'enough');
    t.deepEqual(
      failure.suppressed.map(error => (error as Error).message),
      ['frozen'],
    );
  }, patient);
});

test('S5: a teardown behind a context that throws is uncaught, and everything else on the channel goes on', async t => {
  const uncaught = await uncaughtIn(() =>
    withVictim(t, async portal => {
      const bad = new Promise<void>(resolve =>
        portal.context(startWith, 'null').pipe(finalize(mean)).subscribe({complete: resolve}),
      );
      const good = lastValueFrom(portal.stream(countTo, 3).pipe(toArray()));
      await bad;
      t.deepEqual(await good, [1, 2, 3]);
    }),
  );
  t.is(uncaught.length, 1);
});

test('C6: a teardown that throws where a scope is left fails the scope, which ends all else', async t => {
  let victim: Portal | undefined;
  const failure = await t.throwsAsync(
    openNursery(async nursery => {
      victim = await nursery.startActor('victim', {expose: [countTo, hold], backend: 'inline'});
      nursery
        .actor('other', {expose: [hold], backend: 'inline'})
        .pipe(finalize(mean))
        .subscribe();
      await firstValueFrom(victim.stream(countTo, 1));
    }),
    // RxJS throws something then that is not an Error.
    {any: true},
  );
  t.regex(String((failure as Error).message), /mean/);
  t.is(await victim?.ended, undefined);
});

test('X3: a listener of a signal that throws is uncaught, as in Node, and everything else is told of the cancel', async t => {
  let told = 0;
  const uncaught = await uncaughtIn(() =>
    t.throwsAsync(
      openNursery(async nursery => {
        const victim = await nursery.startActor('victim', {expose: [hold], backend: 'inline'});
        currentSignal().addEventListener('abort', mean);
        currentSignal().addEventListener('abort', () => told++);
        victim.run(hold).catch(() => told++);
        throw new Error('the body');
      }),
      {message: 'the body'},
    ),
  );
  t.is(uncaught.length, 1);
  t.is(told, 2);
});

test('X3: of several that wait for one event, each is told, whatever one of them throws', async t => {
  const told: string[] = [];
  const uncaught = await uncaughtIn(async () => {
    const moment = new Moment();
    moment.on(mean);
    moment.on(() => told.push('moment'));
    moment.happen();
    const scope = new Scope('a scope');
    scope.onCancel(mean);
    scope.onCancel(() => told.push('scope'));
    scope.cancel(new ContextCancelled('enough', {canceller: undefined, reason: 'requested'}));
    const controller = new AbortController();
    onAbort(controller.signal, mean);
    onAbort(controller.signal, () => told.push('signal'));
    controller.abort();
  });
  t.deepEqual(told, ['moment', 'scope', 'signal']);
  t.is(uncaught.length, 3);
});

test('F2: the promise of a consumer may be any thenable: one that throws fails the call, one that settles twice counts once', async t => {
  await withVictim(t, async portal => {
    const twice = hostile['a thenable that settles twice'] as () => unknown;
    await portal.stream(countTo, 3).consume(twice);
    const throwing = hostile['a thenable that throws'] as () => unknown;
    await t.throwsAsync(portal.stream(countTo, 3).consume(throwing), {message: 'nobody may look'});
    await t.throwsAsync(lastValueFrom(portal.stream(countTo, 3).mapAsync(mean)), {message: 'mean'});
    await t.throwsAsync(
      lastValueFrom(portal.stream(countTo, 3).mapAsync(() => hostile['a revoked proxy']?.() as Observable<never>)),
    );
  });
});

const validators: Readonly<Record<string, () => unknown>> = {
  throws: mean,
  'gives null': () => null,
  'gives a revoked proxy': hostile['a revoked proxy'] as () => unknown,
  'gives issues that cannot be listed': () => ({issues: {[Symbol.iterator]: mean}}),
  'gives issues that cannot be read': () => ({
    issues: [
      {
        get message(): never {
          return mean();
        },
      },
    ],
  }),
  'gives an issue whose message is a symbol and whose path cannot be shown': () => ({
    issues: [{message: {toString: mean}, path: [{key: {toString: mean}}]}],
  }),
  'gives a thenable that throws': hostile['a thenable that throws'] as () => unknown,
  'rejects with a revoked proxy': async () => {
    throw hostile['a revoked proxy']?.();
  },
};

for (const [title, validate] of Object.entries(validators)) {
  test(`T6: a schema that ${title} is refused as a MessageTypeError, and nothing else`, async t => {
    const schema = {'~standard': {version: 1, vendor: 'spec', validate}} as unknown as StandardSchema;
    const of = {part: 'args', name: 'f'} as const;
    await t.throwsAsync(async () => parse(schema, 1, of), {instanceOf: MessageTypeError});
    t.throws(() => parseNow(schema, 1, of), {instanceOf: MessageTypeError});
  });
}

test('E4: what the log says of a clean-up that failed is cut', async t => {
  const lines: string[] = [];
  const note = (_record: object, text: string): void => void lines.push(text);
  await openNursery(
    async nursery => {
      const victim = await nursery.startActor('victim', {expose: [cleanUpBadly], backend: 'inline'});
      for await (const value of victim.stream(cleanUpBadly, 'an error of 10 MB')) if (value === 3) break;
    },
    {...patient, logger: {debug: note, info: note, warn: note, error: note}},
  );
  t.is(lines.length, 1);
  t.regex(lines[0] ?? '', /^the clean-up of .* failed: Error: e{100}/);
  t.true((lines[0] ?? '').length < 2_000);
});

test('B2: the key of a shared resource need not have a text', async t => {
  await openNursery(async () => {
    const key = Object.create(null);
    const shared = await openShared(key, async () => ({[Symbol.asyncDispose]: async () => {}}));
    t.true(shared.fresh);
  });
});

test('T6: options whose getters throw are refused at the call, and the nursery goes on', async t => {
  await openNursery(async nursery => {
    const options = Object.defineProperty({backend: 'inline' as const}, 'expose', {get: mean, enumerable: true});
    await t.throwsAsync(nursery.startActor('refused', options as never), {message: 'mean'});
    await nursery.startActor('started', {expose: [hold], backend: 'inline'});
  });
});

for (const [title, prepare] of Object.entries<typeof Error.prepareStackTrace>({
  throws: mean,
  'gives no text': (_error, sites) => sites,
})) {
  test(`E1: where the program has a prepareStackTrace that ${title}, errors arrive nevertheless`, async t => {
    await withVictim(t, async portal => {
      const before = Error.prepareStackTrace;
      let failure: unknown;
      let several: NurseryError | undefined;
      try {
        Error.prepareStackTrace = prepare;
        failure = await portal.run(throwIt, 'an error in a circle').catch(error => error);
        several = new NurseryError([failure], 'several');
      } finally {
        Error.prepareStackTrace = before;
      }
      t.true(failure instanceof RemoteActorError);
      t.is((failure as RemoteActorError).message, 'Error: a circle');
      t.regex(String(several?.stack), /several/);
    });
  });
}

for (const backend of ['process', 'thread'] as Backend[]) {
  test(`T13: ${backend}: a listener of its own for rejections decides, and the actor lives`, t =>
    openNursery(async nursery => {
      const actor = await nursery.startActor('own', {expose: [listen, reject], backend});
      await actor.run(listen, 'unhandledRejection');
      t.deepEqual(await actor.run(reject), ['unhandledRejection: rejected']);
      t.deepEqual(await actor.run(reject), ['unhandledRejection: rejected', 'unhandledRejection: rejected']);
    }, patient));

  test(`T13: ${backend}: a listener of its own for exceptions decides of these, and of rejections too`, t =>
    openNursery(async nursery => {
      const actor = await nursery.startActor('own', {expose: [listen, reject, throwLater], backend});
      await actor.run(listen, 'uncaughtException');
      await actor.run(throwLater, 10);
      t.deepEqual(await actor.run(reject), [
        'uncaughtException: thrown (uncaughtException)',
        'uncaughtException: rejected (unhandledRejection)',
      ]);
    }, patient));

  test(`T13: ${backend}: a listener of its own for rejections does not decide of exceptions: they end the actor`, async t => {
    const failure = await t.throwsAsync(
      openNursery(async nursery => {
        const actor = await nursery.startActor('own', {expose: [listen, throwLater], backend});
        await actor.run(listen, 'unhandledRejection');
        await actor.run(throwLater, 60_000);
      }, patient),
    );
    t.true(failure instanceof ActorDied || failure instanceof RemoteActorError);
    t.regex(failure.message, /thrown/);
  });
}

for (const what of ['an error whose getters throw', 'an object that cannot be shown', 'a revoked proxy']) {
  for (const how of ['body', 'uncaught']) {
    test(`E3: main prints ${what} (${how}) as far as it can be read, and exits with 1`, async t => {
      const program = startProgram(t, 'hostile-main', {args: [how, what]});
      t.deepEqual(await program.exited, {code: 1, signal: null});
      t.not(program.stderr.trim(), '');
    });
  }
}

test('E3: what has every property counts as none of our errors', t => {
  const mock = hostile['a mock that has everything, and never settles']?.();
  t.false(mock instanceof RemoteActorError);
  t.false(mock instanceof ActorDied);
});
