// The result type of a call follows from the function: through portals, nurseries, cold actors and pools.
import {map, type Observable, type OperatorFunction, of} from 'rxjs';
import {
  type CalleeContext,
  type Context,
  context,
  main,
  type Nursery,
  openNursery,
  openShared,
  operator,
  type Pool,
  type Portal,
  parent,
  type RemoteStream,
  type RestartOptions,
  type Shared,
  type Source,
  stream,
  task,
} from '../../lib/index.js';
import {expectType} from './expect.js';

const add = task((a: number, b = 0) => a + b);
const load = task(async (id: string) => ({id, size: 1}));
const nothing = task(() => {});
const first = task(<T>(values: readonly T[]): T | undefined => values[0]);
function twice(value: string): string;
function twice(value: number): number;
function twice(value: string | number): string | number {
  return typeof value === 'string' ? value + value : value + value;
}
const doubled = task(twice);
const count = stream(function* (to: number) {
  for (let n = 0; n < to; n++) yield n;
});
const lines = stream(async function* (path: string) {
  yield path;
});
const ticks = stream((ms: number) => of(new Date(ms)));
const later = stream(async () => of('a'));
const smooth = operator((source: Observable<number>, digits: number) => source.pipe(map(n => n.toFixed(digits))));
const upper = operator(async function* (source: AsyncIterable<string>) {
  for await (const text of source) yield text.toUpperCase();
});
const same = operator(<T>(source: Observable<T>) => source);
const pairs = operator((source: RemoteStream<number>) => source.mapAsync(n => [[n, 'a'] as const]));
type Command = 'more' | 'stop';
const counter = context(async (ctx: CalleeContext<Command, number, string>, start: number) => {
  ctx.started.next('ready');
  return {start};
});

export async function restarts(nursery: Nursery): Promise<void> {
  const delay = (attempt: number): number => 50 * attempt;
  expectType<Promise<Portal>>()(nursery.startActor('a', {expose: [add], restart: {}}));
  expectType<Promise<Portal>>()(nursery.startActor('a', {expose: [add], restart: {times: 3, within: 1, delay: 1}}));
  const restart: RestartOptions = {times: Number.POSITIVE_INFINITY, delay};
  expectType<Promise<Portal>>()(nursery.with({expose: [add]}).startActor('a', {expose: [add], restart}));
  // @ts-expect-error: no such option
  nursery.startActor('a', {expose: [add], restart: {time: 3}});
  // @ts-expect-error: a time is a number of milliseconds
  nursery.startActor('a', {expose: [add], restart: {delay: '1s'}});
  // @ts-expect-error: an object
  nursery.startActor('a', {expose: [add], restart: true});
}

export async function calls(portal: Portal, nursery: Nursery, pool: Pool): Promise<void> {
  // portal.run
  expectType<Promise<number>>()(portal.run(add, 1, 2));
  expectType<Promise<number>>()(portal.run(add, 1));
  expectType<Promise<{id: string; size: number}>>()(portal.run(load, 'a'));
  expectType<Promise<void>>()(portal.run(nothing));
  expectType<Promise<number>>()(portal.with({timeout: 1}).run(add, 1));
  expectType<Portal | undefined>()(parent());

  // A generic function says over there what it says here only when it is told its types; of overloads the last counts.
  expectType<Promise<unknown>>()(portal.run(first, ['a']));
  expectType<Promise<string | undefined>>()(portal.run(first<string>, ['a']));
  expectType<Observable<unknown>>()(of(1).pipe(portal.operator(same)));
  expectType<Observable<number>>()(of(1).pipe(portal.operator(same<number>)));
  expectType<Promise<number>>()(portal.run(doubled, 1));
  // @ts-expect-error not the first of its overloads
  portal.run(doubled, 'a');

  // portal.stream
  expectType<RemoteStream<number>>()(portal.stream(count, 3));
  expectType<RemoteStream<string>>()(portal.stream(lines, 'a'));
  expectType<RemoteStream<Date>>()(portal.stream(ticks, 1));
  expectType<RemoteStream<string>>()(portal.stream(later));

  // portal.operator
  const stages = [portal.operator(smooth, 2), portal.operator(upper), portal.operator(pairs)] as const;
  expectType<(source: Source<number>) => RemoteStream<string>>()(stages[0]);
  expectType<(source: Source<string>) => RemoteStream<string>>()(stages[1]);
  expectType<(source: Source<number>) => RemoteStream<readonly [number, 'a']>>()(stages[2]);
  expectType<Observable<string>>()(of(1).pipe(portal.operator(smooth, 2), portal.operator(upper)));
  expectType<RemoteStream<string>>()(portal.operator(smooth, 2)([1, 2, 3]));

  // portal.openContext, portal.context: what the callee sends is what the caller receives
  expectType<Promise<Context<number, Command, string, {start: number}>>>()(portal.openContext(counter, 1));
  expectType<Observable<Context<number, Command, string, {start: number}>>>()(portal.context(counter, 1));

  // nursery
  expectType<Promise<number>>()(nursery.run(add, 1, 2));
  expectType<Promise<number>>()(nursery.with({name: 'a', cwd: '/', timeout: 1}).run(add, 1));
  expectType<Promise<Portal>>()(nursery.startActor('a', {expose: [add, new URL('file:///a')]}));
  expectType<Observable<Portal>>()(nursery.actor('a', {expose: [add]}));
  expectType<Observable<number>>()(nursery.actor('a', {expose: [add]}, there => there.stream(count, 1)));
  expectType<Observable<number>>()(nursery.actor('a', {expose: [add]}, there => there.run(add, 1)));
  expectType<Observable<string>>()(nursery.with({daemon: true}).actor('a', {expose: [add]}, () => ['a']));
  expectType<Promise<number>>()(main(n => n.run(add, 1)).then(value => value ?? 0));
  expectType<Promise<number | undefined>>()(main(n => n.run(add, 1)));
  expectType<Promise<number>>()(openNursery(n => n.run(add, 1)));
  expectType<Promise<string>>()(openNursery(() => of('a')));
  expectType<Promise<Nursery>>()(openNursery({name: 'a'}));

  // pool
  expectType<Promise<Pool>>()(nursery.openPool(2, {expose: [add]}));
  expectType<Promise<{id: string; size: number}>>()(pool.run(load, 'a'));
  const mapped = pool.map(load, {ordered: true});
  expectType<OperatorFunction<string, {id: string; size: number}>>()(mapped);
  expectType<Observable<{id: string; size: number}>>()(of('a').pipe(pool.map(load)));

  // shared resources
  const db = {query: () => 1, [Symbol.asyncDispose]: async () => {}};
  expectType<Promise<Shared<typeof db>>>()(openShared('db', async () => db));

  await misuse(portal, nursery, pool);
}

async function misuse(portal: Portal, nursery: Nursery, pool: Pool): Promise<void> {
  // @ts-expect-error too few arguments
  portal.run(add);
  // @ts-expect-error too many
  portal.run(add, 1, 2, 3);
  // @ts-expect-error of another type
  portal.run(add, '1');
  // @ts-expect-error not marked
  portal.run((n: number) => n, 1);
  // @ts-expect-error another kind: stream()
  portal.run(count, 1);
  // @ts-expect-error another kind: run()
  portal.stream(add, 1, 2);
  // @ts-expect-error another kind: openContext()
  portal.run(counter, 1);
  // @ts-expect-error another kind: stream()
  portal.openContext(count, 1);
  // @ts-expect-error another kind: operator()
  portal.stream(upper);
  // @ts-expect-error the source is of another type
  of('a').pipe(portal.operator(smooth, 2));
  // @ts-expect-error and an iterable of another type
  portal.operator(smooth, 2)(['a']);
  // @ts-expect-error its own arguments count too
  portal.operator(smooth, 'two');
  // @ts-expect-error what the stage before gives is of another type
  of(1).pipe(portal.operator(smooth, 2), portal.operator(smooth, 2));
  // @ts-expect-error the arguments of a context
  portal.openContext(counter, 'one');
  // @ts-expect-error a task only
  nursery.run(count, 1);
  // @ts-expect-error its arguments
  nursery.run(load, 1);
  // @ts-expect-error the allow-list is needed
  nursery.startActor('a', {});
  // @ts-expect-error and names marked functions
  nursery.startActor('a', {expose: [() => 1]});
  // @ts-expect-error there is no such option
  nursery.startActor('a', {expose: [add], backends: 'thread'});
  // @ts-expect-error nor such a backend
  nursery.startActor('a', {expose: [add], backend: 'fork'});
  // @ts-expect-error `use` gives something to subscribe to
  nursery.actor('a', {expose: [add]}, () => 1);
  // @ts-expect-error a task of one argument
  pool.map(task((a: number, b: number) => a + b));
  // @ts-expect-error values of another type
  of(1).pipe(pool.map(load));
  // @ts-expect-error there is no such policy
  portal.with({overflow: 'block'});
  // @ts-expect-error milliseconds
  portal.with({timeout: '1s'});
  // @ts-expect-error what is shared can be closed
  openShared('db', async () => ({}));
}
