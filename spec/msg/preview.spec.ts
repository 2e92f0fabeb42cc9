// The parts of a value that an observer is shown: its type from its first bytes, and its beginning.
import test from 'ava';
import {registerType} from '../../lib/index.js';
import {messagePack} from '../../lib/msg/codec.js';
import {previewOf, typeOfEncoded} from '../../lib/msg/preview.js';

class Money {
  readonly cents: number;
  constructor(cents: number) {
    this.cents = cents;
  }
}

let unpacked = 0;
registerType(Money, {
  name: 'spec/Money',
  pack: ({cents}) => cents,
  unpack: cents => {
    unpacked++;
    return new Money(cents as number);
  },
});

const long = 70_000;
const types: readonly (readonly [type: string, values: readonly unknown[]])[] = [
  ['number', [0, 127, 128, -1, -33, 65_536, -70_000, 1.5, 2 ** 40, Number.NaN]],
  ['string', ['', 'a', 'a'.repeat(40), 'a'.repeat(300), 'a'.repeat(long), '\ud800']],
  ['boolean', [true, false]],
  ['null', [null]],
  ['undefined', [undefined]],
  ['bigint', [1n, -(10n ** 40n)]],
  ['array', [[], [1], Array(20).fill(0), Array(long).fill(0)]],
  ['object', [{}, {a: 1}, Object.fromEntries(Array.from({length: 20}, (_, at) => [`k${at}`, at]))]],
  ['Uint8Array', [new Uint8Array(3), new Uint8Array(300), new Uint8Array(long)]],
  ['Float64Array', [new Float64Array(1), new Float64Array(100)]],
  ['Date', [new Date(0), new Date(-1)]],
  ['Map', [new Map([[1, 2]])]],
  ['Set', [new Set([1])]],
  ['Error', [new Error('x')]],
  ['registered', [new Money(3)]],
];

for (const [type, values] of types)
  test(`the type of a value is read from its bytes: ${type}`, t => {
    for (const value of values) {
      t.is(typeOfEncoded(messagePack.encode(value)), type);
      t.is(typeOfEncoded(messagePack.encodeGiven(structuredCloneOf(value))), type);
    }
  });

/** A value to give away. */
const structuredCloneOf = (value: unknown): unknown => (ArrayBuffer.isView(value) ? structuredClone(value) : value);

test('a preview is the beginning of a value on one line', t => {
  const of = (value: unknown): string | undefined => previewOf(messagePack.encode(value));
  t.is(of({item: 'lamp', count: 2}), "{ item: 'lamp', count: 2 }");
  t.is(of('line 1\nline 2'), "'line 1\\nline 2'");
  t.is(of({a: {b: {c: {d: 1}}}}), '{ a: { b: { c: [Object] } } }');
  const cut = of({text: 'x'.repeat(5_000)}) ?? '';
  t.is(cut.length, 120);
  t.true(cut.endsWith('…'));
  t.is(of('x'.repeat(long)), undefined, 'it is too large to be read for that');
});

test('the code of a registered type does not run for a preview', t => {
  const before = unpacked;
  t.is(previewOf(messagePack.encode({price: new Money(3)})), '{ price: [spec/Money] }');
  t.is(unpacked, before);
});
