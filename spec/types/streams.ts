// The two ends of a context see its types from their own side; what comes out of a stream is what went in.
import {catchError, filter, interval, map, mergeMap, type Observable, of, retry, scan, take, toArray} from 'rxjs';
import {
  type ActorId,
  type CalleeContext,
  type Context,
  type MsgStream,
  operator,
  type Portal,
  type RemoteStream,
  type SubjectLike,
} from '../../lib/index.js';
import {expectType} from './expect.js';

const squared = operator((numbers: Observable<number>) => numbers.pipe(map(n => n * n)));
const spelled = operator((numbers: Observable<number>) => numbers.pipe(map(n => n.toFixed())));

type Command = {readonly go: boolean};

export async function caller(context: Context<number, Command, string, Date>): Promise<void> {
  expectType<string>()(context.first);
  expectType<Observable<string>>()(context.started);
  expectType<Promise<Date>>()(context.result());
  expectType<Promise<boolean>>()(context.cancel('why', {timeout: 1}));
  expectType<ActorId | undefined>()(context.canceller);
  const wire = context.openStream({window: 1});
  expectType<MsgStream<number, Command>>()(wire);

  // Receiving
  for await (const value of wire) expectType<number>()(value);
  for await (const value of wire.iterate({lag: 1})) expectType<number>()(value);
  expectType<Promise<void>>()(wire.consume(n => expectType<number>()(n), {concurrency: 2}));
  expectType<Observable<string>>()(wire.mapAsync(async n => String(n), {ordered: true}));
  expectType<Observable<number>>()(wire.mapAsync(n => [n]));
  wire.subscribe(value => expectType<number>()(value));

  // Sending
  expectType<Promise<void>>()(wire.send({go: true}));
  expectType<void>()(wire.next({go: true}));
  expectType<Promise<void>>()(wire.pump([{go: true}], {complete: false}));
  of({go: true}).subscribe(wire);

  // @ts-expect-error the caller sends commands, and receives numbers
  wire.send(1);
  // @ts-expect-error whichever way it sends
  wire.next(1);
  // @ts-expect-error whichever way it sends
  wire.pump(interval(1));
  // @ts-expect-error whichever way it sends
  interval(1).subscribe(wire);
  // @ts-expect-error what comes in are numbers
  wire.consume((command: Command) => command);
  // @ts-expect-error mapAsync gives something to subscribe to
  wire.mapAsync(n => n);
  // @ts-expect-error there is no such option
  wire.iterate({lags: 1});
  // @ts-expect-error there is no such policy
  context.openStream({overflow: 'newest'});
  // @ts-expect-error only the callee says `started`
  context.started.next('ready');
}

export async function callee(ctx: CalleeContext<Command, number, string>): Promise<void> {
  expectType<SubjectLike<string>>()(ctx.started);
  expectType<AbortSignal>()(ctx.signal);
  const wire = ctx.openStream();
  expectType<MsgStream<Command, number>>()(wire);
  for await (const value of wire) expectType<Command>()(value);
  await wire.send(1);
  interval(1).subscribe(wire);

  // @ts-expect-error the callee receives commands, and sends numbers
  wire.send({go: true});
  // @ts-expect-error the first value is a text
  ctx.started.next(1);
  // @ts-expect-error and is needed, where it is not void
  ctx.started.next();
  // @ts-expect-error the result is what the function returns
  ctx.result();
}

/** A first value that says nothing need not be given. */
export function withoutFirst(ctx: CalleeContext<never, never, void>): void {
  ctx.started.next();
  // @ts-expect-error nothing can be sent
  ctx.openStream().send(1);
}

export function received(values: RemoteStream<number>): void {
  expectType<Observable<number>>()(asObservable(values));
  expectType<AsyncIterable<number>>()(asIterable(values));
  // @ts-expect-error it only receives
  values.next(1);
  // @ts-expect-error nor is it there to be closed
  values.close();
}
const asObservable = <T>(values: Observable<T>): Observable<T> => values;
const asIterable = <T>(values: AsyncIterable<T>): AsyncIterable<T> => values;

export async function piped(numbers: RemoteStream<number>, texts: RemoteStream<string>, portal: Portal): Promise<void> {
  const [square, spell] = [portal.operator(squared), portal.operator(spelled)];
  // Behind a remote stage comes a remote stream, which can be iterated.
  expectType<RemoteStream<number>>()(numbers.pipe(square));
  expectType<RemoteStream<string>>()(numbers.pipe(square, spell));
  expectType<RemoteStream<string>>()(
    numbers.pipe(
      map(n => n + 1),
      filter(n => n > 1),
      square,
      spell,
    ),
  );
  for await (const n of numbers.pipe(square)) expectType<number>()(n);
  for await (const text of numbers.pipe(
    map(String),
    map(Number),
    map(n => n.toFixed()),
    map(Number),
    spell,
  ))
    expectType<string>()(text);

  // Behind an operator of RxJS comes an Observable. What the operators take is inferred as ever.
  expectType<Observable<number>>()(numbers.pipe());
  expectType<Observable<string>>()(numbers.pipe(map(n => n.toFixed(1))));
  expectType<Observable<number>>()(numbers.pipe(square, take(1)));
  expectType<Observable<readonly [number, string]>>()(
    numbers.pipe(mergeMap(n => texts.pipe(map(text => [n, text] as const)))),
  );
  expectType<Observable<number | undefined>>()(numbers.pipe(catchError(() => of(undefined))));
  expectType<Observable<{sum: number}>>()(numbers.pipe(scan(({sum}, n) => ({sum: sum + n}), {sum: 0})));
  expectType<Observable<number[]>>()(numbers.pipe(retry(2), toArray()));
  expectType<Observable<1 | 2>>()(texts.pipe(map(text => (text ? 1 : 2))));
  const wide: (source: Observable<number>) => Observable<string> = source => source.pipe(map(String));
  expectType<Observable<string>>()(numbers.pipe(wide));
  expectType<Observable<string>>()(numbers.pipe(source => source.pipe(map(String))));
  // @ts-expect-error the stage takes numbers
  texts.pipe(square);
  // @ts-expect-error an operator of RxJS gives nothing to iterate
  for await (const n of numbers.pipe(map(n => n))) expectType<number>()(n);
}
