// tests/msg/test_ext_types_msgspec.py: types beyond those of the wire format, and what has none.
import {
  type Nursery,
  openNursery,
  type Portal,
  RemoteActorError,
  registerError,
  task,
  Unserializable,
} from '../../lib/index.js';
import {giveBack, saysBadly} from '../fixtures/extensions.js';
import {test} from '../kit/limited.js';
import {leavesNothing} from '../kit/spawning.js';

let nursery: Nursery;
let portal: Portal;

test.before(async () => {
  nursery = await openNursery();
  portal = await nursery.startActor('echo', {expose: [giveBack, saysBadly]});
});
leavesNothing({last: () => nursery[Symbol.asyncDispose]()});

class Taken extends Error {}
class Plain {}
const other = {Taken: class Taken extends Error {}};

const refused = test.macro({
  exec(t, declare: () => unknown, message: RegExp) {
    registerError(Taken);
    t.throws(declare, {instanceOf: TypeError, message});
  },
  title: what =>
    `ext_types_msgspec/test_pld_limiting_usage: what could not be revived or found over there is refused with a TypeError where it is declared (E1) [${what}]`,
});
test('a type that the wire cannot revive', refused, () => registerError(Plain as never), /extends Error/);
test('a type without a name', refused, () => registerError(class extends Error {}), /with a name/);
test('a second type under one name', refused, () => registerError(other.Taken), /named Taken is registered already/);
test(
  'a remote function with an empty name',
  refused,
  () => task(() => 1, {name: ''}),
  /the name of a mark is a text that is not empty/,
);

const values: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  '-0': -0,
  'a bigint': 2n ** 70n,
  'a Date': new Date(12_345),
  'a Map': new Map<unknown, unknown>([[{key: 1}, new Set([1n])]]),
  'a Set': new Set(['a', undefined]),
  'a RegExp': /x+/giu,
  'a URL': new URL('file:///a?b#c'),
  'an ArrayBuffer': Uint8Array.of(1, 2, 3).buffer,
  'a DataView': new DataView(Uint8Array.of(1, 2).buffer),
  'a Float64Array': Float64Array.of(0.5, -1),
  'a BigInt64Array': BigInt64Array.of(-1n),
  'a string with half a pair': 'x\ud800',
  'an Error': new RangeError('far', {cause: new TypeError('inner')}),
};
for (const [what, value] of Object.entries(values)) {
  test(`ext_types_msgspec/test_ext_types_over_ipc: a type beyond those of JSON crosses as argument, first value, stream value and result (F6, E1) [${what}]`, async t => {
    const ctx = await portal.openContext(giveBack, value);
    const wire = ctx.openStream();
    const echoes = wire.iterate();
    await wire.send({deep: [value]});
    const echo = await echoes.next();
    wire.complete();
    const result = await ctx.result();
    for (const got of [ctx.first, (echo.value as {deep: unknown[]}).deep[0], result]) {
      t.is(Object.prototype.toString.call(got), Object.prototype.toString.call(value));
      // Stacks are made printable on the way.
      if (value instanceof Error) t.like(got, {name: value.name, message: value.message});
      else t.deepEqual(got, value);
    }
  });
}

test('ext_types_msgspec/test_ext_types_over_ipc: what has no type on the wire is refused at the caller that sends it, and the context goes on (T6)', async t => {
  const bad = {deep: [0, () => 1]};
  const message = /deep\[1\] cannot be sent/;
  await t.throwsAsync(portal.openContext(giveBack, bad), {instanceOf: Unserializable, message});
  const ctx = await portal.openContext(giveBack, 'well');
  const wire = ctx.openStream();
  await t.throwsAsync(wire.send(bad), {instanceOf: Unserializable, message});
  await wire.pump(['after']);
  t.deepEqual(await wire.iterate().next(), {done: false, value: 'after'});
  t.is(await ctx.result(), 'well');
});

for (const where of ['started', 'send', 'result'] as const) {
  test(`ext_types_msgspec/test_ext_types_over_ipc: what has no type on the wire fails the callee that gives it, and its caller hears of it (E1) [${where}]`, async t => {
    const error = await t.throwsAsync(
      portal.openContext(saysBadly, where).then(ctx => ctx.result()),
      {instanceOf: RemoteActorError, message: /deep\[1\] cannot be sent/},
    );
    t.true(error.is(Unserializable));
    t.is(error.origin.name, 'echo');
    t.is((await portal.openContext(giveBack, 'still')).first, 'still');
  });
}
