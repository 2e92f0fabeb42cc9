// Nothing is changed in silence: whatever is sent arrives as what it was, or is refused with the path to the part at fault.
// Beside codec.spec.ts. Values are made together with what is known of them: where their first fault lies, and how often their getters
// were called.
import {inspect, isDeepStrictEqual} from 'node:util';
import {createContext, runInContext, runInNewContext} from 'node:vm';
import test from 'ava';
import {Unserializable} from '../../lib/base/errors.js';
import {registerType} from '../../lib/base/registered-types.js';
import {messagePack} from '../../lib/msg/codec.js';
import {unpackRegistered} from '../../lib/msg/registered.js';
import {fc} from '../kit/fast-check.js';
import {newPair} from '../kit/pair.js';
import {anyValue} from './values.js';

const runs = process.env.RXTRACTOR_CI ? 20_000 : 1000;

class Box {
  readonly content: unknown;
  constructor(content: unknown) {
    this.content = content;
  }
}
registerType(Box, {pack: ({content}) => content, unpack: content => new Box(content)});
class Stranger {}

type Path = readonly (string | number)[];

/** A value, and what is known of it. The value is made anew for each run, because its getters count. */
interface Made {
  readonly make: () => unknown;
  readonly arrives: () => unknown;
  /** The path to the first part that cannot cross. */
  readonly fault: Path | undefined;
}

const fine = (make: () => unknown, arrives = make): Made => ({make, arrives, fault: undefined});

/** The first fault of the parts, in the order in which they are read. */
function firstFault(parts: readonly (readonly [key: string | number, part: Made])[]): Path | undefined {
  const found = parts.find(([, {fault}]) => fault !== undefined);
  return found && [found[0], ...(found[1].fault as Path)];
}

/** How often each getter of the value was called. */
let calls: number[] = [];

const detached = (): ArrayBuffer => {
  const buffer = new ArrayBuffer(8);
  structuredClone(buffer, {transfer: [buffer]});
  return buffer;
};

const detachedView = (): Uint8Array => {
  const view = new Uint8Array(8);
  structuredClone(view.buffer, {transfer: [view.buffer]});
  return view;
};

const faults: readonly (() => unknown)[] = [
  () => () => 1,
  () => Symbol('s'),
  () => new Stranger(),
  () => new (class extends Box {})(1),
  () => Promise.resolve(),
  () => new WeakMap(),
  () => Object('boxed'),
  () => Object.assign([1], {named: 1}),
  () => Object.assign(new Map(), {named: 1}),
  () => Object.assign(new Set(), {named: 1}),
  () => Object.assign(new Date(), {named: 1}),
  () => Object.assign(/x/, {named: 1}),
  () => Object.assign(new URL('a:b'), {named: 1}),
  () => Object.assign(Buffer.alloc(3), {named: 1}),
  () => Object.assign(new Float32Array(90), {named: 1}),
  () => Object.assign(new ArrayBuffer(3), {named: 1}),
  () => ({[Symbol('key')]: 1}),
  () => Object.freeze(Object.defineProperty([], 'raw', {value: 1})),
  () => detachedView(),
  () => detached(),
  () => new Uint8Array(new SharedArrayBuffer(3)),
  () => new (class extends Map {})(),
  () => new (class extends Uint8Array {})(2),
  () => new Proxy(new Map(), {}),
  () => Object.setPrototypeOf(new Set(), null),
  () => runInNewContext('new (class Dates extends Date {})()'),
];

/** Values made in another realm, and what they are in this one. */
const foreign: readonly (readonly [code: string, own: () => unknown])[] = [
  ['({a: [1, {b: -0}]})', () => ({a: [1, {b: -0}]})],
  ['new Map([[1, new Set([2])]])', () => new Map([[1, new Set([2])]])],
  ['new Date(7)', () => new Date(7)],
  ['/a/gu', () => /a/gu],
  ['new Uint8Array([1, 2])', () => new Uint8Array([1, 2])],
  ['new BigInt64Array([-1n])', () => new BigInt64Array([-1n])],
  ['new ArrayBuffer(2)', () => new ArrayBuffer(2)],
];
const realm = createContext();

const bytes = fc.uint8Array({maxLength: 400});
const leaf: fc.Arbitrary<Made> = fc.oneof(
  {weight: 8, arbitrary: anyValue.map(value => fine(() => value))},
  {weight: 4, arbitrary: bytes.map(each => fine(() => Buffer.from(each)))},
  {weight: 2, arbitrary: bytes.map(each => fine(() => Buffer.from([0, ...each, 0]).subarray(1, -1)))},
  {weight: 1, arbitrary: bytes.map(each => fine(() => each.slice().buffer))},
  {weight: 1, arbitrary: bytes.map(each => fine(() => new DataView(each.slice().buffer)))},
  {weight: 1, arbitrary: fc.float64Array().map(each => fine(() => each))},
  {weight: 1, arbitrary: fc.bigUint64Array().map(each => fine(() => each))},
  {weight: 1, arbitrary: fc.webUrl().map(each => fine(() => new URL(each)))},
  {weight: 2, arbitrary: fc.constantFrom(...foreign).map(([code, own]) => fine(() => runInContext(code, realm), own))},
  {weight: 1, arbitrary: fc.constantFrom(...faults).map(make => ({make, arrives: make, fault: []}))},
);

type Entries = readonly (readonly [key: string, part: Made])[];
const key = fc.string({unit: 'grapheme', maxLength: 12}).filter(text => text !== '__proto__');
const uniqueEntries = (part: fc.Arbitrary<Made>): fc.Arbitrary<[string, Made][]> =>
  fc.uniqueArray(fc.tuple(key, part), {selector: ([name]) => name, maxLength: 5});
/** In the order in which JavaScript lists the properties of an object, which is that of numbers first. */
const entries = (part: fc.Arbitrary<Made>): fc.Arbitrary<Entries> =>
  uniqueEntries(part).map(each => Object.entries(Object.fromEntries(each)));

const madeOf = (parts: Entries): [string, unknown][] => parts.map(([name, {make}]) => [name, make()]);
const arrived = (parts: Entries): [string, unknown][] => parts.map(([name, {arrives}]) => [name, arrives()]);
const record = (base: object | null, properties: [string, unknown][]): object =>
  Object.assign(Object.create(base), Object.fromEntries(properties));

const {made} = fc.letrec<{made: Made}>(tie => ({
  made: fc.oneof(
    {depthSize: 'small', withCrossShrink: true},
    leaf,
    fc.array(tie('made'), {maxLength: 5}).map(parts => ({
      make: () => parts.map(({make}) => make()),
      arrives: () => parts.map(({arrives}) => arrives()),
      fault: firstFault(parts.map((part, i) => [i, part])),
    })),
    fc.tuple(fc.constantFrom(Object.prototype, null), entries(tie('made'))).map(([base, parts]) => ({
      make: () => record(base, madeOf(parts)),
      arrives: () => record(base, arrived(parts)),
      fault: firstFault(parts),
    })),
    // The object itself is looked at before its parts.
    entries(tie('made')).map(parts => ({
      make: () =>
        Object.defineProperty(record(Object.prototype, madeOf(parts)), 'hidden', {value: 1, enumerable: false}),
      arrives: () => undefined,
      fault: ['hidden'],
    })),
    entries(tie('made')).map(parts => ({
      make: () => withGetters(madeOf(parts)),
      arrives: () => record(Object.prototype, arrived(parts)),
      fault: firstFault(parts),
    })),
    entries(tie('made')).map(parts => ({
      make: () => new Proxy(withGetters(madeOf(parts)), {}),
      arrives: () => record(Object.prototype, arrived(parts)),
      fault: firstFault(parts),
    })),
    uniqueEntries(tie('made')).map(parts => ({
      make: () => new Map(madeOf(parts)),
      arrives: () => new Map(arrived(parts)),
      fault: firstFault(parts),
    })),
    fc.array(tie('made'), {maxLength: 4}).map(parts => ({
      // Each item is in a list of its own, because two equal texts are one item of a Set.
      make: () => new Set(parts.map(({make}) => [make()])),
      arrives: () => new Set(parts.map(({arrives}) => [arrives()])),
      fault: firstFault(parts.map((part, i) => [i, {...part, fault: part.fault && [0, ...part.fault]}])),
    })),
    tie('made').map(({make, arrives, fault}) => ({
      make: () => new Box(make()),
      arrives: () => new Box(arrives()),
      fault: fault && ['pack()', ...fault],
    })),
  ),
}));

function withGetters(properties: [string, unknown][]): object {
  const object = {};
  for (const [name, value] of properties) {
    const at = calls.push(0) - 1;
    const get = (): unknown => {
      calls[at] = (calls[at] as number) + 1;
      return value;
    };
    Object.defineProperty(object, name, {get, enumerable: true, configurable: true});
  }
  return object;
}

type Result = {readonly value: unknown} | {readonly error: unknown};

/** Whether the value arrived as it must, or was refused at the part at fault. */
function holds({arrives, fault}: Made, prefix: Path, result: Result): boolean {
  if (fault === undefined) {
    if ('error' in result) throw result.error;
    return isSame(result.value, arrives()) && calls.every(count => count === 1);
  }
  if (!('error' in result) || !(result.error instanceof Unserializable)) return false;
  return isDeepStrictEqual(result.error.path, [...prefix, ...fault]) && calls.every(count => count <= 1);
}

/** Compares prototypes too, so that a Buffer is not a Uint8Array. To `isDeepStrictEqual` two URLs may be equal that are not. */
function isSame(value: unknown, expected: unknown): boolean {
  const show = (each: unknown): string => inspect(each, {depth: 80, maxArrayLength: null, maxStringLength: null});
  return isDeepStrictEqual(value, expected) && show(value) === show(expected);
}

const countFaults = (): {readonly of: fc.Arbitrary<Made>; seen: number} => {
  const counter = {
    seen: 0,
    of: made.map(each => {
      if (each.fault) counter.seen++;
      return each;
    }),
  };
  return counter;
};

test(`F9: a value arrives as what it was, or is refused with the path to the part at fault`, t => {
  const counted = countFaults();
  const check = (each: Made): boolean => {
    calls = [];
    const value = each.make();
    return holds(
      each,
      ['value'],
      attempt(() => messagePack.decode(messagePack.encode(value, 'value'), unpackRegistered)),
    );
  };
  t.notThrows(() => fc.assert(fc.property(counted.of, check), {numRuns: runs}));
  t.true(counted.seen > runs / 50 && counted.seen < runs, `${counted.seen} of ${runs} values were at fault`);
});

test.serial(`F9: it goes through an actor and back unchanged, or is refused at the call`, async t => {
  const pair = await newPair();
  const portal = pair.with({});
  const check = async (each: Made): Promise<boolean> => {
    calls = [];
    const result: Result = await portal
      .run(value => value, each.make())
      .then(
        value => ({value}),
        error => ({error}),
      );
    return holds(each, ['args', 1], result);
  };
  await t.notThrowsAsync(fc.assert(fc.asyncProperty(made, check), {numRuns: runs / 10}));
  await pair.quiet();
});

function attempt(act: () => unknown): Result {
  try {
    return {value: act()};
  } catch (error) {
    return {error};
  }
}
