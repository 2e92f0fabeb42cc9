// The helpers with which the type tests are written. Nothing of spec/types runs: the build fails where a type is another than it should be.

/** Whether two types are the same, `any` and `readonly` included. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** `expectType<number>()(value)` compiles when the type of `value` is `number`, and no other. */
export function expectType<Expected>() {
  return <Actual>(_value: Actual, ..._proof: Equal<Actual, Expected> extends true ? [] : [isNot: Expected]): void => {};
}

// The measure itself
expectType<number>()(1 as number);
// @ts-expect-error `any` is not every type
expectType<number>()(JSON.parse('1'));
// @ts-expect-error nor is a part of a union the union
expectType<number | string>()(1 as number);
// @ts-expect-error nor what is readonly what is not
expectType<{a: number}>()({a: 1} as {readonly a: number});
