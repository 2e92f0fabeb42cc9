// Shared resources: one opening for all, one closing by the last, and who hears of what fails.
import {ContextCancelled, NoRuntime, openNursery, openShared, shield, sleep} from '../../lib/index.js';
import {test} from '../kit/limited.js';

const unhandled: unknown[] = [];
process.on('unhandledRejection', error => unhandled.push(error));
test.after.always('no rejection is unhandled', t => t.deepEqual(unhandled, []));

/** A promise that the test settles. */
function gate(): {readonly opened: Promise<void>; open(): void} {
  let open!: () => void;
  const opened = new Promise<void>(resolve => {
    open = resolve;
  });
  return {opened, open};
}

/** A resource that notes what happens to it. */
function recorded(events: string[], closing: () => unknown = () => {}): () => Promise<AsyncDisposable> {
  return async () => {
    events.push('open');
    return {
      [Symbol.asyncDispose]: async () => {
        events.push('closing');
        await closing();
        events.push('closed');
      },
    };
  };
}

test('B2: ten tasks at a time enter once, and all have the same resource', async t => {
  const events: string[] = [];
  await openNursery(async () => {
    const uses = await Promise.all(Array.from({length: 10}, () => openShared('one', recorded(events))));
    t.is(new Set(uses.map(({value}) => value)).size, 1);
    t.is(uses.filter(({fresh}) => fresh).length, 1);
    for (const use of uses.slice(1)) await use[Symbol.asyncDispose]();
    t.deepEqual(events, ['open']);
    await uses[0]?.[Symbol.asyncDispose]();
    t.deepEqual(events, ['open', 'closing', 'closed']);
  });
});

test('B2: the last user waits for the exit; leaving twice is leaving once', async t => {
  const events: string[] = [];
  const {opened, open} = gate();
  await openNursery(async () => {
    const first = await openShared(
      'exit',
      recorded(events, () => opened),
    );
    const last = await openShared('exit', recorded(events));
    await first[Symbol.asyncDispose]();
    await first[Symbol.asyncDispose]();
    t.deepEqual(events, ['open']);
    const left = last[Symbol.asyncDispose]().then(() => events.push('left'));
    await new Promise(setImmediate);
    t.deepEqual(events, ['open', 'closing']);
    open();
    await left;
    t.deepEqual(events, ['open', 'closing', 'closed', 'left']);
  });
});

const failing = recorded([], () => {
  throw new RangeError('the exit failed');
});

test('B2: an error of the exit reaches the last user', async t => {
  await openNursery(async () => {
    const first = await openShared('bad exit', failing);
    const last = await openShared('bad exit', failing);
    await first[Symbol.asyncDispose]();
    await t.throwsAsync(last[Symbol.asyncDispose](), {instanceOf: RangeError});
    t.true((await openShared('bad exit', recorded([]))).fresh);
  });
});

test('B2: a last user that is cancelled waits for the exit all the same', async t => {
  const events: string[] = [];
  await openNursery(async nursery => {
    await openShared(
      'cancelled',
      recorded(events, () => shield(() => sleep(50))),
    );
    void nursery.cancel();
    await t.throwsAsync(sleep(1e9), {instanceOf: ContextCancelled});
  });
  t.deepEqual(events, ['open', 'closing', 'closed']);
});

test('B2: an error of the exit wins over the cancellation of the last user', async t => {
  await openNursery(async outer => {
    await t.throwsAsync(
      openNursery(async nursery => {
        await openShared('both', failing);
        void nursery.cancel();
        await sleep(1e9);
      }),
      {instanceOf: RangeError, message: 'the exit failed'},
    );
    t.false(outer.signal.aborted);
  });
});

test('B2: a first entrant that is cancelled while it enters lets the next one try', async t => {
  const started = gate();
  let signal: AbortSignal | undefined;
  await openNursery(async () => {
    const cancelled = openNursery(async nursery => {
      const entering = openShared('lock', async given => {
        signal = given;
        started.open();
        await sleep(1e9);
        throw new Error('never');
      });
      await started.opened;
      setImmediate(() => void nursery.cancel());
      await entering;
    });
    await started.opened;
    const next = openShared('lock', recorded([]));
    await t.throwsAsync(cancelled, {instanceOf: ContextCancelled});
    t.true(signal?.aborted);
    t.true((await next).fresh);
  });
});

test('B2: an opening that fails is told to the first caller, and the next tries when nothing of it is left', async t => {
  const events: string[] = [];
  const {opened, open} = gate();
  await openNursery(async () => {
    const first = openShared('fails', async () => {
      await opened;
      throw new RangeError('no luck');
    });
    const second = openShared('fails', recorded(events));
    open();
    await t.throwsAsync(first, {instanceOf: RangeError});
    t.true((await second).fresh);
    t.deepEqual(events, ['open']);
  });
});

test('B2: what an opening gives although its caller was cancelled is closed, and others open anew', async t => {
  const events: string[] = [];
  const {opened, open} = gate();
  await openNursery(async () => {
    const cancelled = openNursery(async nursery => {
      const entering = openShared('deaf', async () => {
        void nursery.cancel();
        await opened;
        return recorded(events)();
      });
      await entering;
    });
    const next = openShared('deaf', recorded(events));
    open();
    await t.throwsAsync(cancelled, {instanceOf: ContextCancelled});
    t.true((await next).fresh);
    t.deepEqual(events, ['open', 'closing', 'closed', 'open']);
  });
});

test('B2: who is cancelled while it waits for another’s opening leaves at once, and holds nothing', async t => {
  const events: string[] = [];
  const {opened, open} = gate();
  await openNursery(async () => {
    const first = openShared('slow', async () => {
      await opened;
      return recorded(events)();
    });
    await t.throwsAsync(
      openNursery(async nursery => {
        setImmediate(() => void nursery.cancel());
        await openShared('slow', recorded([]));
      }),
      {instanceOf: ContextCancelled},
    );
    open();
    await (await first)[Symbol.asyncDispose]();
    t.deepEqual(events, ['open', 'closing', 'closed']);
  });
});

test('B2: keys are independent', async t => {
  await openNursery(async () => {
    const keys = ['a', 'b', Symbol('a'), {}, {}];
    const uses = await Promise.all(keys.map(key => openShared(key, recorded([]))));
    t.true(uses.every(({fresh}) => fresh));
    t.is(new Set(uses.map(({value}) => value)).size, keys.length);
    await uses[0]?.[Symbol.asyncDispose]();
    t.false((await openShared('b', recorded([]))).fresh);
    t.true((await openShared('a', recorded([]))).fresh);
  });
});

test('B2: who comes while it closes waits, and opens it anew', async t => {
  const events: string[] = [];
  const {opened, open} = gate();
  await openNursery(async () => {
    const first = await openShared(
      'again',
      recorded(events, () => opened),
    );
    const left = first[Symbol.asyncDispose]();
    const [one, two] = [openShared('again', recorded(events)), openShared('again', recorded(events))];
    await new Promise(setImmediate);
    t.deepEqual(events, ['open', 'closing']);
    open();
    await left;
    t.deepEqual([(await one).fresh, (await two).fresh], [true, false]);
    t.deepEqual(events, ['open', 'closing', 'closed', 'open']);
  });
});

test('B2: the end of a scope ends its uses, also of a call that nobody awaited', async t => {
  const events: string[] = [];
  await openNursery(async () => {
    const kept = await openNursery(async () => openShared('scoped', recorded(events)));
    t.deepEqual(events, ['open', 'closing', 'closed']);
    await kept[Symbol.asyncDispose]();
    t.is(events.length, 3);
    const {opened, open} = gate();
    let late: Promise<unknown> | undefined;
    await openNursery(async () => {
      late = openShared('scoped', async () => {
        await opened;
        return recorded(events)();
      });
    });
    open();
    await t.throwsAsync(late as Promise<unknown>, {instanceOf: ContextCancelled});
    t.deepEqual(events.slice(3), ['open', 'closing', 'closed']);
  });
});

test('B2: an error of the exit that a scope’s end met fails that scope', async t => {
  await openNursery(async outer => {
    await t.throwsAsync(
      openNursery(async () => void (await openShared('left bad', failing))),
      {instanceOf: RangeError},
    );
    t.false(outer.signal.aborted);
  });
});

test('what the resource opens belongs to it, and not to whoever came first', async t => {
  const events: string[] = [];
  await openNursery(async () => {
    const {opened, open} = gate();
    const waited: unknown[] = [];
    const openIt = async (): Promise<AsyncDisposable> => {
      // A checkpoint of the resource: it would be cancelled with its scope.
      const waiting = opened
        .then(() => sleep(0))
        .then(
          () => waited.push('well'),
          error => waited.push(error),
        );
      return {[Symbol.asyncDispose]: async () => void (await waiting)};
    };
    const entered = gate();
    const first = openNursery(
      async () => {
        await openShared('own', openIt);
        entered.open();
        await sleep(1e9);
      },
      {signal: AbortSignal.timeout(200)},
    ).catch(error => events.push(error.name));
    await entered.opened;
    const later = await openShared('own', openIt);
    await first;
    open();
    await later[Symbol.asyncDispose]();
    t.deepEqual(waited, ['well']);
  });
  t.deepEqual(events, ['ContextCancelled']);
});

test('openShared() outside a runtime is NoRuntime', async t => {
  await t.throwsAsync(openShared('nowhere', recorded([])), {instanceOf: NoRuntime});
});
