// Rule C12: whoever is called by a source that we make is called in the async context of its subscription.
import {AsyncLocalStorage} from 'node:async_hooks';
import test from 'ava';
import {Observable} from 'rxjs';
import type {RemoteStream} from '../../../lib/context/rx/remote-stream.js';
import {type Callee, type Caller, newPair, type Pair, turns, until} from '../../kit/pair.js';

const place = new AsyncLocalStorage<string>();

/** Subscribes at a place, and gives the places where it is called. */
function placesOf(source: Observable<unknown>, at = 'mine'): string[] {
  const seen: string[] = [];
  const note = (what: string) => (): void => void seen.push(`${what} in ${place.getStore()}`);
  place.run(at, () => source.subscribe({next: note('value'), error: note('error'), complete: note('complete')}));
  return seen;
}

/** Values that come one by one, from a place that is not the subscriber's. */
function slowly(failure?: Error): Observable<number> {
  return new Observable(subscriber => {
    void place.run('far', async () => {
      for (const value of [1, 2, 3]) {
        await turns(3);
        subscriber.next(value);
      }
      await turns(3);
      if (failure) subscriber.error(failure);
      else subscriber.complete();
    });
  });
}
const expected = ['value in mine', 'value in mine', 'value in mine', 'complete in mine'];

const sources: Record<string, (pair: Pair) => Observable<unknown>> = {
  'portal.stream()': pair => pair.with({}).stream(() => slowly()),
  'portal.operator()': pair => pair.with({}).operator(() => slowly())([]),
  'mapAsync()': pair =>
    pair
      .with({})
      .stream(() => slowly())
      .mapAsync(value => [value]),
};
for (const [name, make] of Object.entries(sources))
  test(`C12: ${name} calls its subscriber in the async context of the subscription`, async t => {
    const pair = await newPair();
    const seen = placesOf(make(pair));
    await until(() => seen.includes('complete in mine') || seen.some(line => line.startsWith('complete')));
    t.deepEqual(seen, expected);
    await pair.quiet();
  });

test('C12: also with its error', async t => {
  const pair = await newPair();
  const seen = placesOf(pair.with({}).stream(() => slowly(new Error('late'))));
  await until(() => seen.length === 4);
  t.deepEqual(seen, [...expected.slice(0, 3), 'error in mine']);
  await pair.quiet();
});

test('C12: consume and mapAsync call the function of a user in the async context of the call', async t => {
  const pair = await newPair();
  const seen: unknown[] = [];
  const note = (): unknown[] => [seen.push(place.getStore())];
  const stream = pair.with({}).stream(() => slowly());
  await place.run('mine', () => stream.consume(note));
  t.deepEqual(seen, ['mine', 'mine', 'mine']);
  await place.run('other', () => stream.mapAsync(note).forEach(() => {}));
  t.deepEqual(seen.slice(3), ['other', 'other', 'other']);
  await pair.quiet();
});

test('C12: each subscriber of a MsgStream is called in its own async context, also when the first has left', async t => {
  const pair = await newPair();
  let far: {send(value: number): Promise<void>; complete(): void} | undefined;
  const ctx: Caller = await pair.with({}).openContext((callee: Callee) => {
    callee.started.next(0);
    far = callee.openStream();
    return new Promise(resolve => callee.signal.addEventListener('abort', resolve));
  });
  const wire = ctx.openStream() as RemoteStream<unknown>;
  const first: unknown[] = [];
  const subscription = place.run('first', () => wire.subscribe(() => first.push(place.getStore())));
  const others = [placesOf(wire, 'second'), placesOf(wire, 'third')];
  const {send, complete} = far as NonNullable<typeof far>;
  const sender = far as NonNullable<typeof far>;
  await send.call(sender, 1);
  await until(() => first.length === 1);
  subscription.unsubscribe();
  await send.call(sender, 2);
  complete.call(sender);
  await until(() => others.every(seen => seen.length === 3));
  t.deepEqual(first, ['first']);
  t.deepEqual(others, [
    ['value in second', 'value in second', 'complete in second'],
    ['value in third', 'value in third', 'complete in third'],
  ]);
  await ctx.cancel();
});

test('C12: portal.context() completes and fails in the async context of the subscription; so does started', async t => {
  const pair = await newPair();
  const started: string[][] = [];
  const end = async (callee: Callee): Promise<void> => {
    await turns(3);
    callee.started.next(0);
    await turns(3);
  };
  const calls = pair.with({});
  calls.context(end).subscribe(context => started.push(placesOf(context.started, 'inner')));
  const seen = placesOf(calls.context(end));
  const failed = placesOf(calls.context(async () => Promise.reject(await turns(3))));
  await until(() => seen.length === 2 && failed.length === 2);
  t.deepEqual(seen, ['value in mine', 'complete in mine']);
  t.deepEqual(failed, ['value in mine', 'error in mine']);
  await until(() => started[0]?.length === 2);
  t.deepEqual(started, [['value in inner', 'complete in inner']]);
  await pair.quiet();
});
