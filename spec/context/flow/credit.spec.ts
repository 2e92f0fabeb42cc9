// Credit by itself: grants are absolute, a gap is an error, and neither half can starve the other.
import assert from 'node:assert/strict';
import {inspect} from 'node:util';
import test from 'ava';
import {ProtocolError} from '../../../lib/base/errors.js';
import {WindowBudget} from '../../../lib/channel/window-budget.js';
import {type Grant, ReceiveCredit, SendCredit} from '../../../lib/context/flow/credit.js';
import {fc} from '../../kit/fast-check.js';

test('F1: nothing may be sent before the first grant', t => {
  const credit = new SendCredit();
  t.false(credit.open);
  t.false(credit.fits(1));
});

test('F1: a grant is absolute: said twice it grants once', t => {
  const credit = new SendCredit();
  credit.grant(2, 100);
  credit.grant(2, 100);
  t.is(credit.take(10), 1);
  t.is(credit.take(10), 2);
  t.false(credit.open);
  t.false(credit.fits(1));
  credit.grant(2, 100);
  t.false(credit.open);
  credit.grant(3, 100);
  t.true(credit.open);
});

const nonsense = test.macro({
  exec(t, messages: unknown, bytes: unknown) {
    const credit = new SendCredit();
    credit.grant(5, 50);
    t.throws(() => credit.grant(messages as number, bytes as number), {instanceOf: ProtocolError});
    // A grant stands.
    t.true(credit.fits(50));
  },
  title: (_, messages, bytes) => `K54: a grant of ${inspect(messages)} messages and ${inspect(bytes)} bytes is refused`,
});
test(nonsense, 4, 50);
test(nonsense, 5, 49);
test(nonsense, -1, 50);
test(nonsense, Number.NaN, 50);
test(nonsense, 5, Number.POSITIVE_INFINITY);
test(nonsense, 5.5, 50);
test(nonsense, 2 ** 53, 50);
test(nonsense, '6', 50);
test(nonsense, undefined, undefined);
test(nonsense, 6n, 50n);

test('the largest sequence number is as good as any', t => {
  const credit = new SendCredit();
  credit.grant(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  t.true(credit.fits(2 ** 30));
});

test('F1: a window as large as a count can be is granted again and again, and the grant stays a count', t => {
  const most = Number.MAX_SAFE_INTEGER;
  for (const [window, windowBytes] of [
    [most, 10],
    [4, most],
    [most, most],
  ] as const) {
    const sender = new SendCredit();
    const receiver = new ReceiveCredit(window, windowBytes);
    const {messages, bytes} = receiver.open();
    sender.grant(messages, bytes);
    for (let n = 0; n < 100; n++) {
      t.true(sender.fits(5));
      receiver.accept(sender.take(5), 5);
      const grant = receiver.consume(1, 5);
      if (grant) sender.grant(grant.messages, grant.bytes);
    }
  }
});

test('F7: a value larger than the window goes when there is any room at all, and only then', t => {
  const credit = new SendCredit();
  credit.grant(10, 100);
  credit.take(99);
  t.true(credit.fits(1_000));
  credit.take(1_000);
  t.false(credit.fits(1));
  t.false(credit.fits(1_000));
});

test('F7: a large value lifts the bound in bytes only, and only once the receiver has opened its end', t => {
  const credit = new SendCredit();
  t.false(credit.fits(1_000));
  credit.grant(1, 100);
  credit.take(1);
  t.false(credit.fits(1_000), 'no message is left');
  credit.grant(2, 100);
  t.true(credit.fits(1_000));
});

test('F7: when nothing is outstanding a value of any size goes, whatever was sent and consumed before', t => {
  fc.assert(
    fc.property(
      fc.integer({min: 1, max: 50}),
      fc.integer({min: 1, max: 300_000}),
      fc.array(fc.integer({min: 1, max: 100_000}), {maxLength: 30}),
      fc.integer({min: 1, max: 64 * 1024 * 1024}),
      (window, windowBytes, before, large) => {
        const sender = new SendCredit();
        const receiver = new ReceiveCredit(window, windowBytes);
        const {messages, bytes} = receiver.open();
        sender.grant(messages, bytes);
        for (const length of [...before, large]) {
          assert.ok(sender.fits(length));
          receiver.accept(sender.take(length), length);
          const grant = receiver.consume(1, length);
          if (grant) sender.grant(grant.messages, grant.bytes);
        }
      },
    ),
  );
  t.pass();
});

test('a small value does not go over the byte bound', t => {
  const credit = new SendCredit();
  credit.grant(10, 100);
  credit.take(80);
  t.true(credit.fits(20));
  t.false(credit.fits(21));
});

test('F1: values must come without a gap and once', t => {
  const credit = new ReceiveCredit(4, 100);
  credit.open();
  t.true(credit.accept(1, 1));
  t.throws(() => credit.accept(3, 1), {instanceOf: ProtocolError, message: /value 3 .* where 2 was due/});
  t.throws(() => credit.accept(1, 1), {instanceOf: ProtocolError});
  t.true(credit.accept(2, 1));
  t.is(credit.received, 2);
});

test('a value before the first grant is beyond the credit', t => {
  t.false(new ReceiveCredit(4, 100).accept(1, 1));
});

test('a value beyond the messages granted is beyond the credit', t => {
  const credit = new ReceiveCredit(2, 100);
  credit.open();
  t.true(credit.accept(1, 1));
  t.true(credit.accept(2, 1));
  t.false(credit.accept(3, 1));
  t.is(credit.received, 2);
});

test('a value beyond the bytes granted is beyond the credit, but for one that began below them', t => {
  const credit = new ReceiveCredit(10, 100);
  credit.open();
  t.true(credit.accept(1, 99));
  t.true(credit.accept(2, 500));
  t.false(credit.accept(3, 1));
});

test('credit is granted anew at half the window, of messages or of bytes', t => {
  const credit = new ReceiveCredit(4, 100);
  t.deepEqual(credit.open(), {messages: 4, bytes: 100});
  for (let seq = 1; seq <= 4; seq++) credit.accept(seq, 1);
  t.is(credit.consume(1, 1), undefined);
  t.deepEqual(credit.consume(1, 1), {messages: 6, bytes: 102});
  credit.accept(5, 60);
  t.deepEqual(credit.consume(1, 60), {messages: 7, bytes: 162});
});

test('F7: a window starts at 64 KiB and doubles whenever its bytes are used, up to what was set', t => {
  const credit = new ReceiveCredit(1_000_000, 1_000_000);
  const first = 64 * 1024;
  t.is(credit.open().bytes, first);
  const windows: number[] = [];
  let consumed = 0;
  for (let seq = 1; windows.length < 6; seq++) {
    credit.accept(seq, 1_000);
    consumed += 1_000;
    const grant = credit.consume(1, 1_000);
    if (grant) windows.push(grant.bytes - consumed);
  }
  t.deepEqual(windows, [first * 2, first * 4, first * 8, 1_000_000, 1_000_000, 1_000_000]);
});

test('F7: a window whose messages alone are used stays as small as it is', t => {
  const credit = new ReceiveCredit(4, 1_000_000);
  const {bytes} = credit.open();
  for (let seq = 1; seq <= 100; seq++) {
    credit.accept(seq, 1);
    const grant = credit.consume(1, 1);
    if (grant) t.is(grant.bytes, bytes + seq);
  }
});

test('F7: windows together grant no more than their channel has; one that finds nothing left gets 1 KiB', t => {
  const budget = new WindowBudget(100_000);
  const one = new ReceiveCredit(1_000_000, 1_000_000, budget);
  t.is(one.open().bytes, 65_536);
  const two = new ReceiveCredit(1_000_000, 1_000_000, budget);
  t.is(two.open().bytes, 100_000 - 65_536);
  const three = new ReceiveCredit(1_000_000, 1_000_000, budget);
  t.is(three.open().bytes, 1_024);
  one.accept(1, 60_000);
  t.is(one.consume(1, 60_000)?.bytes, 60_000 + 65_536, 'nothing is left to grow by');
  two.close();
  two.close();
  one.accept(2, 60_000);
  t.is(one.consume(1, 60_000)?.bytes, 120_000 + 65_536 + (100_000 - 65_536 - 1_024), 'another stream has ended');
  one.close();
  three.close();
  t.is(budget.used, 0);
});

test('no sequence of values, grants lost or repeated included, overfills the window or stops for ever', t => {
  let giants = 0;
  let repeats = 0;
  let grown = 0;
  fc.assert(
    fc.property(
      fc.integer({min: 1, max: 5}),
      fc.integer({min: 1, max: 40}),
      // In large units windows grow, and run into the budget.
      fc.constantFrom(1, 1, 5_000),
      fc.integer({min: 1, max: 300_000}),
      fc.array(fc.record({bytes: fc.integer({min: 1, max: 100}), act: fc.integer({min: 0, max: 3})}), {
        minLength: 5,
        maxLength: 60,
      }),
      (window, units, unit, budget, script) => {
        const windowBytes = units * unit;
        const sender = new SendCredit();
        const receiver = new ReceiveCredit(window, windowBytes, new WindowBudget(budget));
        const grants: Grant[] = [receiver.open()];
        const held: number[] = [];
        let heldBytes = 0;
        let consumed = 0;
        const hear = (): void => {
          const grant = grants.shift();
          if (!grant) return;
          sender.grant(grant.messages, grant.bytes);
          // Said again it changes nothing.
          sender.grant(grant.messages, grant.bytes);
          repeats++;
        };
        const consume = (): void => {
          const bytes = held.shift();
          if (bytes === undefined) return;
          heldBytes -= bytes;
          consumed += bytes;
          const grant = receiver.consume(1, bytes);
          if (!grant) return;
          if (grant.bytes - consumed > 65_536) grown++;
          grants.push(grant);
        };
        const send = (bytes: number): boolean => {
          if (!sender.fits(bytes)) return false;
          if (bytes > windowBytes) giants++;
          const seq = sender.take(bytes);
          assert.ok(receiver.accept(seq, bytes), 'what fits is within the credit');
          held.push(bytes);
          heldBytes += bytes;
          const largest = Math.max(...held);
          assert.ok(held.length <= window && heldBytes <= windowBytes - 1 + Math.max(largest, 1));
          return true;
        };
        for (const {bytes: count, act} of script) {
          const bytes = count * unit;
          if (act === 0) consume();
          else if (act === 1) hear();
          else send(bytes);
        }
        // Progress: once all is consumed and every grant heard, any value goes.
        while (held.length > 0) consume();
        while (grants.length > 0) hear();
        for (const {bytes: count} of script) {
          const bytes = count * unit;
          if (send(bytes)) continue;
          while (held.length > 0) consume();
          while (grants.length > 0) hear();
          assert.ok(send(bytes), 'with nothing outstanding any value goes');
        }
      },
    ),
    {numRuns: 500},
  );
  t.log(`${giants} values larger than the window, ${repeats} grants heard twice, ${grown} of a window that had grown`);
  t.true(giants > 0 && repeats > 0 && grown > 0);
});
