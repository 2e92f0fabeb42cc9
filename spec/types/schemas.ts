/**
 * The types that TypeScript makes of marks with schemas: this file is compiled, and never run.
 */
import {type} from 'arktype';
import * as v from 'valibot';
import {z} from 'zod';
import {context, operator, type Portal, type RemoteStream, stream, task} from '../../lib/index.js';

declare const portal: Portal;
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <_T extends true>(): void => {};

// Parameters come from the schema of the arguments, whatever the library.
const zods = task((a, b) => a + b.length, {args: z.tuple([z.number(), z.string()])});
holds<Equal<Parameters<typeof zods>, [number, string]>>();
const valibots = task((a, b) => a + b, {args: v.tuple([v.number(), v.number()]), result: v.number()});
holds<Equal<Parameters<typeof valibots>, [number, number]>>();
const arktypes = task(a => a.toUpperCase(), {args: type(['string'])});
holds<Equal<Parameters<typeof arktypes>, [string]>>();
holds<Equal<ReturnType<typeof portal.run<[string], string>>, Promise<string>>>();

// A function may say the same by itself; what it says has to fit.
task((a: number) => a, {args: z.tuple([z.number()])});
// @ts-expect-error the schema gives a number
task((a: string) => a, {args: z.tuple([z.number()])});
// @ts-expect-error the schema wants a text
task(() => 1, {result: z.string()});
task(async () => 'text', {result: z.string()});

// The parameter is what the schema parses to; the result is what it checks.
const parsed = task(n => n + 1, {args: z.tuple([z.string().transform(Number)])});
holds<Equal<Parameters<typeof parsed>, [number]>>();
task(() => 'text', {result: z.string().transform(Number)});

stream(n => Array.from({length: n}, String), {args: z.tuple([z.number()]), out: z.string()});
// @ts-expect-error the stream gives numbers
stream(() => [1, 2], {out: z.string()});

const stage = operator(
  source => {
    holds<Equal<typeof source, RemoteStream<number>>>();
    return source;
  },
  {in: z.number(), out: z.number()},
);
portal.operator(stage)([1, 2]);
// @ts-expect-error the stage takes numbers
portal.operator(stage)(['1']);

const dialog = context(
  async (ctx, from) => {
    ctx.started.next('ready');
    // @ts-expect-error the first value is a text
    ctx.started.next(1);
    const wire = ctx.openStream();
    for await (const n of wire) await wire.send(n > from);
    // @ts-expect-error it sends booleans
    await wire.send(1);
    return 'done';
  },
  {args: z.tuple([z.number()]), in: z.number(), out: z.boolean(), started: z.string(), result: z.string()},
);
const opened = await portal.openContext(dialog, 1);
holds<Equal<typeof opened.first, string>>();
holds<Equal<Awaited<ReturnType<typeof opened.result>>, string>>();
const wire = opened.openStream();
await wire.send(1);
// @ts-expect-error it receives numbers
await wire.send('1');
wire.subscribe(value => holds<Equal<typeof value, boolean>>());

// @ts-expect-error a task has no stream
task(() => 1, {in: z.number()});
// @ts-expect-error no schema
task(() => 1, {result: {}});
