/**
 * Values that cross are checked against schemas, at the end that sends them and at the one that receives them.
 */
import {once} from 'node:events';
import {type} from 'arktype';
import test, {type ExecutionContext} from 'ava';
import {
  firstValueFrom,
  lastValueFrom,
  type MonoTypeOperatorFunction,
  type Observable,
  of,
  tap,
  throwError,
  toArray,
} from 'rxjs';
import * as v from 'valibot';
import {z} from 'zod';
import {modulesOf} from '../../lib/actor/exposed.js';
import {context, operator, stream, task} from '../../lib/actor/markers.js';
import {makePortal, type Portal} from '../../lib/actor/portal.js';
import {deferred} from '../../lib/base/deferred.js';
import {type ContextCancelled, MessageTypeError, RemoteActorError} from '../../lib/base/errors.js';
import type {CalleeContext} from '../../lib/context/rx/callee-context.js';
import type {RemoteStream} from '../../lib/context/rx/remote-stream.js';
import type {SchemaResult, StandardSchema} from '../../lib/msg/schema.js';
import {newPair, type Pair, turns, until} from '../kit/pair.js';

const at = (name: string): {module: string; name: string} => ({module: import.meta.url, name});

/** A schema by hand: says what it makes of a value. */
function schema<T>(validate: (value: unknown) => SchemaResult<T> | Promise<SchemaResult<T>>): StandardSchema<T> {
  return {'~standard': {version: 1, vendor: 'spec', validate}};
}

const later = <T>(check: (value: unknown) => SchemaResult<T>): StandardSchema<T> =>
  schema(async value => {
    await turns(3);
    return check(value);
  });

/** Lets a value pass so often, then no more: what the sender lets go the receiver refuses. */
function passing<T>(passes: number): StandardSchema<T> {
  let seen = 0;
  return schema(value => (seen++ < passes ? {value: value as T} : {issues: [{message: 'enough'}]}));
}

async function open(...functions: Parameters<typeof modulesOf>[0][number][]): Promise<{pair: Pair; portal: Portal}> {
  const pair = await newPair();
  await pair.far.actor.exposed.load(modulesOf(functions), true);
  const portal = makePortal(pair.near, {
    scope: pair.near.actor.scope,
    ended: new Promise(() => {}),
    cancelActor: async () => false,
  });
  return {pair, portal};
}

/** Whether an error says that a value does not fit, and of what. */
function refused(t: ExecutionContext, error: unknown, text: RegExp): void {
  t.true(error instanceof MessageTypeError, String(error));
  t.regex((error as Error).message, text);
}

function refusedThere(t: ExecutionContext, error: unknown, text: RegExp): void {
  t.true(error instanceof RemoteActorError, String(error));
  refused(t, (error as Error).cause, text);
}

// biome-ignore lint/suspicious/noExplicitAny: a value that its types forbid
const lie = (value: unknown): any => value;

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

// The three libraries

const libraries = {
  zod: task((a: number, b: string) => `${a}${b}`, {
    ...at('zod'),
    args: z.tuple([z.number(), z.string()]),
    result: z.string(),
  }),
  valibot: task((a: number, b: string) => `${a}${b}`, {
    ...at('valibot'),
    args: v.tuple([v.number(), v.string()]),
    result: v.string(),
  }),
  arktype: task((a: number, b: string) => `${a}${b}`, {
    ...at('arktype'),
    args: type(['number', 'string']),
    result: type('string'),
  }),
};

for (const [name, fn] of Object.entries(libraries)) {
  test(`arguments that do not fit a schema of ${name} reject at the caller, and nothing is sent (T6)`, async t => {
    const {pair, portal} = await open(fn);
    t.is(await portal.run(fn, 1, 'a'), '1a');
    const said = pair.wire.length;
    const error = (await t.throwsAsync(portal.run(fn, 1, lie(2)))) as MessageTypeError;
    refused(t, error, new RegExp(`an argument does not fit the schema of ${name}: args\\[1\\]: `));
    t.deepEqual((error.issues as {path: unknown}[])[0]?.path, [1]);
    t.is(pair.wire.length, said);
    t.is(await portal.run(fn, 2, 'b'), '2b');
  });
}

// Arguments

const parsing = task((n: number) => n + 1, {...at('parsing'), args: z.tuple([z.string().transform(Number)])});
const counting = context(
  async (ctx: CalleeContext<number, number, string>, from: number) => {
    ctx.started.next('ready');
    return from;
  },
  {...at('counting'), args: z.tuple([z.number()])},
);
const upTo = stream((n: number) => Array.from({length: n}, (_, i) => i), {...at('upTo'), args: z.tuple([z.number()])});
const plus = operator(
  async function* (source: RemoteStream<number>, n: number) {
    for await (const value of source) yield value + n;
  },
  {...at('plus'), args: z.tuple([z.number()])},
);

test('the callee parses its arguments: transforms apply there, and what was given is what is sent', async t => {
  const {portal} = await open(parsing);
  t.is(await portal.run(parsing, lie('41')), 42);
  await t.throwsAsync(portal.run(parsing, lie(41)), {instanceOf: MessageTypeError});
});

test('every kind of call checks its arguments at the caller before anything is sent (T6)', async t => {
  const {pair, portal} = await open(counting, upTo, plus);
  const text = /an argument does not fit the schema of/;
  refused(t, await t.throwsAsync(portal.openContext(counting, lie('1'))), text);
  refused(t, await t.throwsAsync(firstValueFrom(portal.context(counting, lie('1')))), text);
  refused(t, await t.throwsAsync(firstValueFrom(portal.stream(upTo, lie('1')))), text);
  refused(t, await t.throwsAsync(firstValueFrom(of(1).pipe(portal.operator(plus, lie('1'))))), text);
  t.deepEqual(pair.wire, []);
  t.is(pair.open, 0);
});

const slowly = task((n: number) => n, {
  ...at('slowly'),
  args: later(value => ((value as number[])[0] === 1 ? {value: [1] as [number]} : {issues: [{message: 'only 1'}]})),
});
const slowPlus = operator(
  async function* (source: RemoteStream<number>, n: number) {
    for await (const value of source) yield value + n;
  },
  {...at('slowPlus'), args: later(value => ({value: value as [number]}))},
);
const slowEcho = context(
  async (ctx: CalleeContext<string, string, string>, _n: number) => {
    ctx.started.next('ready');
    const wire = ctx.openStream();
    for await (const text of wire) await wire.send(text);
    return 'done';
  },
  {...at('slowEcho'), args: later(value => ({value: value as [number]}))},
);

test('arguments may be checked asynchronously: the call goes out when they fit, and never when they do not', async t => {
  const {pair, portal} = await open(slowly);
  t.is(await portal.run(slowly, 1), 1);
  const said = pair.wire.length;
  refused(t, await t.throwsAsync(portal.run(slowly, 2)), /only 1/);
  t.is(pair.wire.length, said);
  t.is(pair.open, 0);
});

test('what a source or a stream has to say waits behind the check of the arguments', async t => {
  const {pair, portal} = await open(slowPlus, slowEcho);
  t.deepEqual(await lastValueFrom(portal.operator(slowPlus, 10)([1, 2]).pipe(toArray())), [11, 12]);
  t.deepEqual(await lastValueFrom(of(1, 2).pipe(portal.operator(slowPlus, 10), toArray())), [11, 12]);
  const context = await opened(portal.context(slowEcho, 1));
  const wire = context.openStream();
  wire.next('a');
  wire.complete();
  const got: string[] = [];
  for await (const text of wire) got.push(text);
  t.deepEqual(got, ['a']);
  t.is(await context.result(), 'done');
  await pair.quiet();
});

test('a call that is cancelled while its arguments are checked is never sent (X10)', async t => {
  const {pair, portal} = await open(slowly);
  const controller = new AbortController();
  const call = portal.with({signal: controller.signal}).run(slowly, 1);
  controller.abort('no');
  const error = (await t.throwsAsync(call)) as ContextCancelled;
  t.is(error.code, 'ERR_CANCELLED');
  t.is(error.cause, 'no');
  await turns();
  t.deepEqual(pair.wire, []);
  t.is(pair.open, 0);
});

// Results

const badResult = task(() => lie('text'), {...at('badResult'), result: z.number()});
const badLater = task(() => lie('text'), {
  ...at('badLater'),
  result: later<number>(() => ({issues: [{message: 'never'}]})),
});
const dated = task(() => '2020-01-02', {...at('dated'), result: z.string().transform(text => text.length)});
const datedLater = task(() => '2020', {...at('datedLater'), result: z.string().transform(async text => text.length)});

test('C5: a result is kept when the cancel comes while its schema checks it', async t => {
  const {pair, portal} = await open(datedLater);
  const controller = new AbortController();
  const call = portal.with({signal: controller.signal}).run(datedLater);
  await until(() => pair.wire.includes('→ Start'));
  await turns(1);
  controller.abort('no');
  t.is((await call) as unknown, 4);
  await pair.quiet();
});

test('X10: a result whose schema still checks it when the time is over does not count', async t => {
  const checked = deferred();
  let checks = 0;
  const atReceiver = schema<number>(async value => {
    // The end that sends the result checks it first.
    if (++checks > 1) await checked.promise;
    return {value: value as number};
  });
  const slowResult = task(() => 1, {...at('slowResult'), result: atReceiver});
  const {pair, portal} = await open(slowResult);
  const error = await t.throwsAsync(portal.with({timeout: 50}).run(slowResult));
  t.is((error as ContextCancelled).reason, 'deadline');
  checked.resolve();
  await pair.quiet();
});

test('a result that does not fit is a failure of the function that gave it', async t => {
  const {pair, portal} = await open(badResult, badLater);
  refusedThere(t, await t.throwsAsync(portal.run(badResult)), /the result does not fit the schema of badResult: /);
  refusedThere(t, await t.throwsAsync(portal.run(badLater)), /never/);
  t.is(pair.open, 0);
});

test('the caller parses the result, at once or asynchronously', async t => {
  const {pair, portal} = await open(dated, datedLater);
  t.is(await portal.run(dated), lie(10));
  t.is(await portal.run(datedLater), lie(4));
  t.is(pair.open, 0);
});

const returnedTwice = passing<number>(1);
const onceFits = task(() => 1, {...at('onceFits'), result: returnedTwice});

test('a result that the caller itself refuses rejects the call there', async t => {
  const {pair, portal} = await open(onceFits);
  refused(t, await t.throwsAsync(portal.run(onceFits)), /the result does not fit the schema of onceFits: \w+: enough/);
  t.is(pair.open, 0);
});

// Started

const badStart = context(
  async ctx => {
    const error = (() => {
      try {
        ctx.started.next(lie(1));
        return undefined;
      } catch (thrown) {
        return thrown as Error;
      }
    })();
    ctx.started.next('mended');
    return error?.message;
  },
  {...at('badStart'), started: z.string()},
);
const parsedStart = context(
  async ctx => {
    ctx.started.next('4');
    return 1;
  },
  {...at('parsedStart'), started: z.string().transform(Number)},
);
const startTwice = passing<string>(1);
const refusedStart = context(
  async ctx => {
    ctx.started.next('x');
    await aborted(ctx.signal);
  },
  {...at('refusedStart'), started: startTwice},
);

test('a value of started that does not fit throws in the function, which may then give another', async t => {
  const {portal} = await open(badStart);
  const opened = await portal.openContext(badStart);
  t.is(opened.first, 'mended');
  t.regex(String(await opened.result()), /the value of started does not fit the schema of badStart/);
});

test('the caller parses the value of started', async t => {
  const {portal} = await open(parsedStart);
  const opened = await portal.openContext(parsedStart);
  t.is(opened.first, lie(4));
  await opened.result();
});

test('a value of started that the caller itself refuses fails the context at both ends (K56)', async t => {
  const {pair, portal} = await open(refusedStart);
  refused(t, await t.throwsAsync(portal.openContext(refusedStart)), /enough/);
  await pair.quiet();
});

// Streams

const echo = context(
  async ctx => {
    ctx.started.next(undefined);
    const wire = ctx.openStream();
    let sum = 0;
    for await (const n of wire) {
      sum += n;
      await wire.send(`${n}`);
    }
    return sum;
  },
  {...at('echo'), in: z.number().min(1), out: z.string()},
);

test('a send that does not fit rejects that call alone, and takes no sequence number (F8)', async t => {
  const {pair, portal} = await open(echo);
  const context = await portal.openContext(echo);
  const wire = context.openStream();
  await wire.send(1);
  refused(t, await t.throwsAsync(wire.send(0)), /a value does not fit what goes into the stream of echo: /);
  await wire.send(2);
  t.is(wire.stats.sent, 2);
  wire.complete();
  t.deepEqual(await lastValueFrom(wire.pipe(toArray())), ['1', '2']);
  t.is(await context.result(), 3);
  await pair.quiet();
});

test('a next that does not fit fails the context at both ends, with the error at the end that sent', async t => {
  const {pair, portal} = await open(echo);
  const context = await portal.openContext(echo);
  const wire = context.openStream();
  wire.next(0);
  refused(t, await t.throwsAsync(context.result()), /what goes into the stream of echo/);
  await pair.quiet();
});

const badOut = context(
  async ctx => {
    ctx.started.next(undefined);
    const wire = ctx.openStream();
    try {
      await wire.send(lie(1));
    } catch (error) {
      await wire.send((error as Error).message);
    }
    wire.next(lie(2));
    await aborted(ctx.signal);
  },
  {...at('badOut'), out: z.string()},
);

test('the function itself is held to what comes out of it', async t => {
  const {pair, portal} = await open(badOut);
  const context = await portal.openContext(badOut);
  const got: string[] = [];
  const error = await t.throwsAsync(lastValueFrom(context.openStream().pipe(collect(got))));
  t.is(got.length, 1);
  t.regex(got[0] as string, /what comes out of the stream of badOut/);
  refusedThere(t, error, /what comes out of the stream of badOut/);
  await pair.quiet();
});

const values = stream(() => [1, 2, lie('three'), 4], {...at('values'), out: z.number()});
const doubled = operator(
  async function* (source) {
    for await (const n of source) yield n * 2;
  },
  {...at('doubled'), in: z.string().transform(Number), out: z.number()},
);

test('a stream function ends at the first value that does not fit: those before it arrive', async t => {
  const {pair, portal} = await open(values);
  const got: number[] = [];
  refusedThere(t, await t.throwsAsync(lastValueFrom(portal.stream(values).pipe(collect(got)))), /what comes out of/);
  t.deepEqual(got, [1, 2]);
  await pair.quiet();
});

test('a remote stage parses what comes in, and its caller is told of what does not fit', async t => {
  const {pair, portal} = await open(doubled);
  t.deepEqual(
    await lastValueFrom(
      portal
        .operator(doubled)(lie(['1', '2']))
        .pipe(toArray()),
    ),
    [2, 4],
  );
  refused(t, await t.throwsAsync(lastValueFrom(portal.operator(doubled)(lie(['1', 2])))), /what goes into/);
  await t.throwsAsync(lastValueFrom(throwError(() => new RangeError('mine')).pipe(portal.operator(doubled))), {
    instanceOf: RangeError,
  });
  await pair.quiet();
});

const thrice = passing<number>(3);
const receives = context(
  async ctx => {
    ctx.started.next(undefined);
    const got: number[] = [];
    try {
      for await (const n of ctx.openStream()) got.push(n);
    } catch {
      return got;
    }
    return got;
  },
  {...at('receives'), in: thrice},
);

test('a value that the receiver itself refuses fails the context: what came before it was received (K56)', async t => {
  const {pair, portal} = await open(receives);
  const context = await portal.openContext(receives);
  const wire = context.openStream();
  // Checked here, checked there, and the third time here; the fourth is the receiver's.
  wire.next(1);
  await turns();
  wire.next(2);
  refusedThere(t, await t.throwsAsync(context.result()), /what goes into the stream of receives: \w+: enough/);
  await pair.quiet();
});

const asyncIn = context(
  async ctx => {
    ctx.started.next(undefined);
    for await (const _ of ctx.openStream()) break;
  },
  {...at('asyncIn'), in: later<number>(value => ({value: value as number}))},
);

test('a schema of stream values that is asynchronous is refused where it is used', async t => {
  const {pair, portal} = await open(asyncIn);
  const context = await portal.openContext(asyncIn);
  const wire = context.openStream();
  refused(t, await t.throwsAsync(wire.send(1)), /asynchronous: only those of args and result may be/);
  await context.cancel();
  await pair.quiet();
});

// Marks

const throwing = task((n: number) => n, {
  ...at('throwing'),
  args: schema<[number]>(() => {
    throw new RangeError('a schema of no use');
  }),
});

test('a schema that throws is told as what it is', async t => {
  const {portal} = await open(throwing);
  const error = await t.throwsAsync(portal.run(throwing, 1));
  refused(t, error, /the schema of args of throwing threw/);
  t.true(error?.cause instanceof RangeError);
});

test('a mark refuses a schema that is none, and one that its kind of function does not have', t => {
  const fits = z.number();
  t.throws(() => task(() => 1, lie({result: {}})), {
    instanceOf: TypeError,
    message: /result of task\(\) is no schema/,
  });
  t.throws(() => task(() => 1, lie({in: fits})), {
    instanceOf: TypeError,
    message: /task\(\) has no option in: it takes args, result, module and name/,
  });
  t.throws(() => stream(() => [1], lie({results: fits})), {instanceOf: TypeError});
});

test('the issues of an error cross with it: texts and paths', async t => {
  const {portal} = await open(deep);
  const error = (await t.throwsAsync(portal.run(deep))) as RemoteActorError;
  const cause = error.cause as MessageTypeError;
  t.deepEqual(
    (cause.issues as {path: unknown[]}[]).map(({path}) => path),
    [
      ['a', 0],
      ['b', 'c'],
    ],
  );
  t.regex(cause.message, /: result\.a\[0\]: .*; result\.b\.c: /);
});

const deep = task(() => lie({a: ['x'], b: {c: 1}}), {
  ...at('deep'),
  result: z.object({a: z.array(z.number()), b: z.object({c: z.string()})}),
});

const collect = <T>(into: T[]): MonoTypeOperatorFunction<T> => tap(value => void into.push(value));

/** The context of a cold call, kept open. */
async function opened<T>(source: Observable<T>): Promise<T> {
  let got: T | undefined;
  source.subscribe(value => {
    got = value;
  });
  await until(() => got !== undefined);
  return got as T;
}
