// The two ends of a context see its types from their own side; what comes out of a stream is what went in.
import {interval, type Observable, of} from 'rxjs';
import type {ActorId, CalleeContext, Context, MsgStream, RemoteStream, SubjectLike} from '../../lib/index.js';
import {expectType} from './expect.js';

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
