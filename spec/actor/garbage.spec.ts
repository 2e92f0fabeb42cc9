// A parent whose child does not keep to the protocol: the channel ends with a typed error, the child
// with it, and the parent and its other children go on.
import {ActorDied, openNursery, ProtocolError, Unserializable} from '../../lib/index.js';
import {cutShort, inject} from '../fixtures/liars.js';
import {add, big, echo} from '../fixtures/tasks.js';
import {isAlive} from '../kit/processes.js';
import {spawning} from '../kit/spawning.js';

const test = spawning({always: 3});

type ErrorClass = abstract new (...args: never[]) => Error;

function hasCause(error: unknown, Class: ErrorClass): boolean {
  if (error instanceof Class) return true;
  return error instanceof Error && hasCause((error as Error).cause, Class);
}

const breaks = test.macro({
  async exec(t, bytes: Uint8Array, message: RegExp) {
    await openNursery(async outer => {
      const bystander = await outer.startActor('bystander', {expose: [add]});
      const failure = await t.throwsAsync(
        openNursery(async nursery => {
          const liar = await nursery.startActor('liar', {expose: [inject]});
          const error = await t.throwsAsync(liar.run(inject, bytes), {instanceOf: ActorDied});
          t.true(hasCause(error, ProtocolError), `no word of the protocol in ${error.stack}`);
          // The frames that are announced here measure 2 GiB and more; other tests of this file take their 64 MiB.
          t.true(process.memoryUsage().arrayBuffers < 512 * 1024 * 1024, 'memory was taken for the frame');
          t.false(isAlive(liar.actor.pid));
        }),
        {instanceOf: ActorDied},
      );
      t.regex(messages(failure), message);
      t.is(await bystander.run(add, 1, 2), 3);
    });
  },
  title: what => `a child that writes ${what} to its channel is ended, and its calls fail with a ProtocolError`,
});

function messages(error: unknown): string {
  return error instanceof Error ? `${error.message}\n${messages(error.cause)}` : '';
}

const length = (bytes: number): Uint8Array => {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(bytes);
  return out;
};

test('a frame over the limit', breaks, Buffer.concat([length(0x7fffffff), Buffer.alloc(100)]), /limit|bytes/);
test('the longest length there is', breaks, length(0xffffffff), /limit|bytes/);
test('a frame of no bytes', breaks, length(0), /./);
test('a frame of an unknown kind', breaks, Buffer.concat([length(3), Buffer.from([0x7f, 0, 0])]), /./);
test('text', breaks, Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'), /./);
test(
  'noise',
  breaks,
  Uint8Array.from({length: 4096}, (_, i) => (i * 7919 + 104_729) % 251),
  /./,
);

test('T4: a frame that is cut short by a kill is the same end as any: ActorDied with the signal', async t => {
  const failure = await t.throwsAsync(
    openNursery(async nursery => {
      const liar = await nursery.startActor('liar', {expose: [cutShort]});
      await t.throwsAsync(liar.run(cutShort, Buffer.concat([length(1000), Buffer.alloc(10)])), {instanceOf: ActorDied});
    }),
    {instanceOf: ActorDied},
  );
  t.deepEqual(failure.exit, {code: null, signal: 'SIGKILL'});
});

test('a message over the limit is refused where it is encoded, and the actor lives on', async t => {
  const tooMuch = 64 * 1024 * 1024 + 1;
  await openNursery(async nursery => {
    const portal = await nursery.startActor('callee', {expose: [add, big, echo]});
    await t.throwsAsync(portal.run(echo, new Uint8Array(tooMuch)), {instanceOf: Unserializable});
    const error = await t.throwsAsync(portal.run(big, tooMuch));
    t.true(hasCause(error, Unserializable));
    t.is(await portal.run(add, 1, 2), 3);
  });
});

test('a message just under the limit crosses in pieces, and small ones pass it', async t => {
  const much = 32 * 1024 * 1024;
  await openNursery(async nursery => {
    const portal = await nursery.startActor('callee', {expose: [add, big]});
    const order: string[] = [];
    const large = portal.run(big, much).then(bytes => {
      order.push('large');
      return bytes.length;
    });
    const small = portal.run(add, 1, 2).then(() => order.push('small'));
    t.is(await large, much);
    await small;
    t.deepEqual(order, ['small', 'large']);
  });
});
