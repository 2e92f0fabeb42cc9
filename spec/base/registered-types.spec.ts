// The types that registerType() takes, and those that it refuses with a text that says why.
// Beside registered-errors; spec/msg/registered.spec.ts shows what a registration does.
import test from 'ava';
import {registerType} from '../../lib/base/registered-types.js';

class Money {}
const how = {pack: (): null => null, unpack: (): Money => new Money()};
registerType(Money, how);

const wrong: readonly (readonly [title: string, register: () => void, message: RegExp])[] = [
  [
    'a name that is taken',
    () => registerType(class Other {}, {...how, name: 'Money'}),
    /the name Money is taken already/,
  ],
  ['the same class again', () => registerType(Money, {...how, name: 'other'}), /the class Money is registered already/],
  ['the same registration again', () => registerType(Money, how), /the name Money is taken already/],
  ['a class without a name', () => registerType((() => class {})(), how), /a class with a name, or \{name\}/],
  ['an empty name', () => registerType(class Empty {}, {...how, name: ''}), /a class with a name, or \{name\}/],
  ['no class', () => registerType({} as never, how), /takes a class/],
  ['a function without a prototype', () => registerType((() => 1) as never, how), /takes a class/],
  ['a builtin class', () => registerType(Map, how as never), /not the builtin Map/],
  ['an error class', () => registerType(class Oops extends Error {}, how as never), /registerError\(\)/],
  ['no functions', () => registerType(class NoHow {}, undefined as never), /\{pack, unpack\}/],
  ['no pack', () => registerType(class NoPack {}, {unpack: how.unpack} as never), /pack of NoPack is not a function/],
  [
    'no unpack',
    () => registerType(class NoUnpack {}, {pack: how.pack} as never),
    /unpack of NoUnpack is not a function/,
  ],
];
for (const [title, register, message] of wrong)
  test(`F10: registerType() refuses ${title}`, t => {
    t.throws(register, {instanceOf: TypeError, message});
  });

test('F10: a class may take any name that is free', t => {
  t.notThrows(() => registerType(class Another {}, {...how, name: 'shop/Another'}));
});
