// A mark keeps the type of its function: of generics and overloads too, so that it can be called as before.
import {type Observable, of} from 'rxjs';
import {type CalleeContext, context, type Marked, operator, type RemoteFn, stream, task} from '../../lib/index.js';
import {expectType} from './expect.js';

// Annotated parameters, optional ones, rest
expectType<((a: number, b: number) => number) & Marked<'task'>>()(task((a: number, b: number) => a + b));
expectType<((a: string, b?: Date) => Promise<Date | undefined>) & Marked<'task'>>()(
  task(async (_: string, b?: Date) => b),
);
expectType<((...all: string[]) => number) & Marked<'task'>>()(task((...all: string[]) => all.length));
expectType<(() => {kind: string; pair: (string | number)[]}) & Marked<'task'>>()(
  task(() => ({kind: 'a', pair: ['b', 1]})),
);

// Generics and overloads
expectType<(<T>(values: readonly T[]) => T | undefined) & Marked<'task'>>()(
  task(<T>(values: readonly T[]): T | undefined => values[0]),
);
function twice(value: string): string;
function twice(value: number): number;
function twice(value: string | number): string | number {
  return typeof value === 'string' ? value + value : value + value;
}
expectType<typeof twice & Marked<'task'>>()(task(twice));
const identity = task(<T>(value: T): T => value);
expectType<Date>()(identity(new Date()));
expectType<string>()(task(twice)('a'));

// The other kinds
expectType<((n: number) => Generator<number, void, unknown>) & Marked<'stream'>>()(
  stream(function* (n: number): Generator<number, void, unknown> {
    yield n;
  }),
);
expectType<((source: Observable<number>, by: number) => Observable<number>) & Marked<'operator'>>()(
  operator((_source: Observable<number>, by: number) => of(by)),
);
expectType<((ctx: CalleeContext<1, 2, 3>, n: number) => Promise<number>) & Marked<'context'>>()(
  context(async (_ctx: CalleeContext<1, 2, 3>, n: number) => n),
);

// Whatever may be subscribed to or iterated, and a promise of it
expectType<(() => number[]) & Marked<'stream'>>()(stream(() => [1]));
expectType<(() => Set<string>) & Marked<'stream'>>()(stream(() => new Set(['a'])));
expectType<(() => Promise<Observable<number>>) & Marked<'stream'>>()(stream(async () => of(1)));
expectType<((source: AsyncIterable<string>) => AsyncGenerator<string, void, unknown>) & Marked<'operator'>>()(
  operator(async function* (source: AsyncIterable<string>) {
    for await (const text of source) yield text;
  }),
);

stream(() => new Blob([]).stream());
stream(() => 'text');

// Parameters typed from outside
expectType<((n: number) => number) & Marked<'task'>>()(task<(n: number) => number>(n => n));
export const half: ((n: number) => number) & Marked<'task'> = task(n => n / 2);

// All four fit where any of them may stand
export const all: readonly RemoteFn[] = [
  half,
  stream(() => of(1)),
  operator((s: Observable<1>) => s),
  context(() => 1),
];

// Misuse
// @ts-expect-error a parameter needs a type: the mark gives it none
task(n => n);
// @ts-expect-error the same in a stream
stream(n => of(n));
// @ts-expect-error the same in an operator
operator(source => source);
// @ts-expect-error the same in a context
context(async ctx => ctx);
// @ts-expect-error the same for one among others
task((a: number, b) => a + b);
// @ts-expect-error a stream gives something to subscribe to, or to iterate
stream(() => 1);
// @ts-expect-error or a promise of it
stream(async () => 1);
// @ts-expect-error on every path
stream((empty: boolean) => (empty ? undefined : of(1)));
// @ts-expect-error an operator likewise
operator((source: Observable<number>) => source.subscribe());
// @ts-expect-error only functions can be marked
task(1);
// @ts-expect-error nor can classes
task(class {});
// @ts-expect-error a name is a text
task(() => 1, {module: import.meta.url, name: 1});
// @ts-expect-error there is no such option
task(() => 1, {modul: import.meta.url});
// @ts-expect-error an unmarked function is none that can be called from outside
export const unmarked: RemoteFn = () => 1;
// @ts-expect-error a mark is of one kind
export const other: Marked<'stream'> = task(() => 1);
