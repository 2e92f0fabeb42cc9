// A context as a cold Observable: never two at once, and what the use of one that was let go says.
import test from 'ava';
import {firstValueFrom, repeat, retry, take} from 'rxjs';
import {scopeKey} from '../../../lib/actor/call-options.js';
import {Scope} from '../../../lib/base/scope.js';
import {ContextCancelled, RemoteActorError} from '../../../lib/index.js';
import {type Callee, type Caller, newPair, type Pair, turns, until} from '../../kit/pair.js';

/** A function that ends when it is let go only, and how many of it run. */
function stubborn(): {
  run: (callee: Callee) => Promise<void>;
  begun: number;
  running: number;
  most: number;
  end: () => void;
} {
  const held = {
    begun: 0,
    running: 0,
    most: 0,
    end: () => {},
    run: async (callee: Callee): Promise<void> => {
      held.begun++;
      held.running++;
      held.most = Math.max(held.most, held.running);
      callee.started.next(held.begun);
      await new Promise<void>(resolve => {
        held.end = resolve;
      });
      held.running--;
      throw callee.signal.reason ?? new Error('over');
    },
  };
  return held;
}

const quiet = async (pair: Pair, t: {deepEqual(a: unknown, b: unknown): unknown}): Promise<void> => {
  await pair.quiet();
  t.deepEqual(pair.near.actor.scope.failures, []);
};

test('X9: subscribed again, context() waits until the one before has ended, its clean-up included', async t => {
  const pair = await newPair();
  const fn = stubborn();
  const source = pair.with({}).context(fn.run);
  const first = source.subscribe();
  await until(() => fn.begun === 1);
  first.unsubscribe();
  let second = 0;
  const next = source.subscribe(() => second++);
  await turns(30);
  t.is(fn.begun, 1);
  t.is(second, 0);
  fn.end();
  await until(() => fn.begun === 2);
  t.is(second, 1);
  t.is(fn.most, 1);
  next.unsubscribe();
  fn.end();
  await quiet(pair, t);
});

test('X9: two subscriptions that live do not hold up each other, nor one that comes later', async t => {
  const pair = await newPair();
  const fns = [stubborn(), stubborn(), stubborn()];
  let calls = 0;
  const source = pair.with({}).context(callee => fns[calls++]?.run(callee));
  const subscriptions = [source.subscribe(), source.subscribe()];
  await until(() => calls === 2);
  subscriptions[0]?.unsubscribe();
  // This one waits for the first, which is over and still ends, and not for the second, which lives.
  subscriptions.push(source.subscribe());
  await turns(30);
  t.is(calls, 2);
  fns[0]?.end();
  await until(() => calls === 3);
  for (const subscription of subscriptions) subscription.unsubscribe();
  for (const fn of fns) fn.end();
  await quiet(pair, t);
});

test('X9: a subscription that left while it waited has no turn', async t => {
  const pair = await newPair();
  const fn = stubborn();
  const source = pair.with({}).context(fn.run);
  const one = source.subscribe();
  await until(() => fn.begun === 1);
  one.unsubscribe();
  const [two, three] = [source.subscribe(), source.subscribe()];
  two.unsubscribe();
  fn.end();
  await until(() => fn.begun === 2);
  three.unsubscribe();
  fn.end();
  await pair.quiet();
  t.is(fn.begun, 2);
  t.is(fn.most, 1);
  await quiet(pair, t);
});

test('X9: whoever subscribes again when it is told of the end waits for that end', async t => {
  const pair = await newPair();
  let [running, most, runs] = [0, 0, 0];
  const source = pair.with({}).context(async callee => {
    most = Math.max(most, ++running);
    callee.started.next(0);
    await turns(2);
    running--;
    if (++runs === 1) throw new RangeError('again');
  });
  await new Promise<void>(resolve => {
    source.subscribe({error: () => source.subscribe({complete: () => source.subscribe({complete: resolve})})});
  });
  t.is(runs, 3);
  t.is(most, 1);
  await quiet(pair, t);
});

test('X9: a context that was never there frees its turn: retry tries again, in another turn of the loop', async t => {
  const pair = await newPair();
  const source = pair.with({signal: AbortSignal.abort('no')}).context(() => {});
  let turned = false;
  setImmediate(() => {
    turned = true;
  });
  const error = await t.throwsAsync(firstValueFrom(source.pipe(retry(50))), {instanceOf: ContextCancelled});
  t.is(error.cause as unknown, 'no');
  t.true(turned);
});

test('X9: retry of a function that fails, and repeat of one that returns, never have two of them', async t => {
  const pair = await newPair();
  let [running, most, runs] = [0, 0, 0];
  const source = pair.with({}).context(async callee => {
    most = Math.max(most, ++running);
    callee.started.next(0);
    await turns(2);
    running--;
    if (++runs < 5) throw new RangeError('again');
  });
  await new Promise((resolve, reject) =>
    source.pipe(retry(4), repeat(3)).subscribe({error: reject, complete: () => resolve(0)}),
  );
  t.is(runs, 7);
  t.is(most, 1);
  await quiet(pair, t);
});

test('X9: what does not end in its bound no longer holds up the next', async t => {
  const pair = await newPair();
  pair.near.actor.tree = {...pair.near.actor.tree, timeouts: {...pair.near.actor.tree.timeouts, exit: 5}};
  const fn = stubborn();
  const source = pair.with({}).context(fn.run);
  source.subscribe().unsubscribe();
  const first = source.subscribe();
  await until(() => fn.begun === 1);
  const endFirst = fn.end;
  first.unsubscribe();
  const next = source.subscribe();
  await until(() => fn.begun === 2);
  next.unsubscribe();
  endFirst();
  fn.end();
  await quiet(pair, t);
});

test('T8: a subscription that waits for its turn is unsubscribed when its scope is left, and sees nothing', async t => {
  const pair = await newPair();
  const fn = stubborn();
  const scope = new Scope('a nursery', pair.near.actor.scope);
  const source = pair.with({scope: {[scopeKey]: scope}}).context(fn.run);
  const seen: unknown[] = [];
  const watch = {
    next: () => seen.push('value'),
    error: (error: unknown) => seen.push(error),
    complete: () => seen.push('end'),
  };
  const first = source.subscribe();
  await until(() => fn.begun === 1);
  first.unsubscribe();
  source.subscribe(watch);
  const left = scope.leave(false);
  await turns();
  fn.end();
  await left;
  scope.settle();
  await turns();
  t.deepEqual(seen, []);
  t.is(fn.begun, 1);
  await quiet(pair, t);
});

test('use of a context whose subscription has ended names openContext', async t => {
  const pair = await newPair();
  const calls = pair.with({});
  const forever = async (callee: Callee): Promise<never> => {
    callee.started.next('first');
    await new Promise(resolve => callee.signal.addEventListener('abort', resolve));
    throw callee.signal.reason;
  };
  const expected = {instanceOf: ContextCancelled, message: /anyContext in .*firstValueFrom.*portal\.openContext\(\)/};
  const atOnce = await firstValueFrom(calls.context(forever));
  t.throws(() => atOnce.first, expected);
  t.throws(() => atOnce.openStream(), expected);
  await t.throwsAsync(firstValueFrom(atOnce.started), expected);
  await t.throwsAsync(atOnce.result(), expected);

  let late: Caller | undefined;
  const subscription = calls.context(forever).subscribe(context => {
    late = context;
  });
  const context = late as unknown as Caller;
  await firstValueFrom(context.started);
  subscription.unsubscribe();
  t.is(context.first, 'first');
  t.throws(() => context.openStream(), expected);
  await t.throwsAsync(context.result(), expected);
  await quiet(pair, t);
});

test('a context that has ended before its subscription says what it did', async t => {
  const pair = await newPair();
  const calls = pair.with({});
  let given: Caller | undefined;
  const note = (context: Caller): void => {
    given = context;
  };
  await calls
    .context(callee => callee.started.next(0) ?? 'done')
    .pipe(take(2))
    .forEach(note);
  t.is(await (given as unknown as Caller).result(), 'done');
  await t.throwsAsync(
    calls.context(callee => Promise.reject(callee.started.next(0) ?? new RangeError('mine'))).forEach(note),
  );
  await t.throwsAsync((given as unknown as Caller).result(), {instanceOf: RemoteActorError});
  await quiet(pair, t);
});
