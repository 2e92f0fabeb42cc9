// The claims of tests/test_2way.py: the plainest dialog there is.
import {openNursery} from '../../lib/index.js';
import type {Callee, Caller} from '../kit/pair.js';
import {over} from './over.js';

const count = 10;

/** Answers each ping; the result is how many there were until the caller had no more. */
const servers = {
  'for await': async (ctx: Callee): Promise<number> => {
    ctx.started.next(count + 1);
    const wire = ctx.openStream();
    let pings = 0;
    for await (const message of wire) {
      if (message !== 'ping') throw new TypeError(`${message} is no ping`);
      pings++;
      await wire.send('pong');
    }
    return pings;
  },
  'next()': async (ctx: Callee): Promise<number> => {
    ctx.started.next(count + 1);
    const wire = ctx.openStream();
    const messages = wire[Symbol.asyncIterator]();
    for (let pings = 0; ; pings++) {
      const {done, value} = await messages.next();
      if (done) return pings;
      if (value !== 'ping') throw new TypeError(`${value} is no ping`);
      await wire.send('pong');
    }
  },
};

/** Sends ten pings and leaves; the last of the ten pongs may not have been read by then. */
const clients = {
  'for await': async (ctx: Caller): Promise<unknown[]> => {
    const wire = ctx.openStream();
    const pongs: unknown[] = [];
    await wire.send('ping');
    for await (const message of wire) {
      pongs.push(message);
      await wire.send('ping');
      if (pongs.length === count - 1) break;
    }
    return pongs;
  },
  'next()': async (ctx: Caller): Promise<unknown[]> => {
    const wire = ctx.openStream();
    const messages = wire[Symbol.asyncIterator]();
    const pongs: unknown[] = [];
    for (let i = 0; i < count; i++) {
      await wire.send('ping');
      pongs.push((await messages.next()).value);
    }
    return pongs;
  },
};

for (const [serving, serve] of Object.entries(servers)) {
  for (const [calling, call] of Object.entries(clients)) {
    over(
      `2way/test_simple_rpc: ten pings get their pongs over one stream, and the callee sees its end when the caller leaves (S2, C6) [server ${serving}, client ${calling}]`,
      async (t, _, pair) => {
        let opened: Caller | undefined;
        const pongs = await openNursery(async scope => {
          opened = await pair.with({scope}).openContext(serve);
          t.is(opened.first, count + 1);
          return call(opened);
        });
        t.deepEqual([...new Set(pongs)], ['pong']);
        t.true(pongs.length >= count - 1);
        t.is(await opened?.result(), count);
      },
    );
  }
}
