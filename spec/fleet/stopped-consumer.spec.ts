// A program that does not read what the broker brings it: the others that use the broker do not notice, and it loses nothing.
import {readFileSync} from 'node:fs';
import {countTo, double} from '../fixtures/hosted.js';
import {numberedBlocks} from '../fixtures/numbered-blocks.js';
import {howEnded} from '../kit/ended.js';
import {eventually} from '../kit/eventually.js';
import {freePort, startNatsServer} from '../kit/nats-server.js';
import {unhurried} from '../kit/patient.js';
import {startProgram} from '../kit/program.js';
import {hostAt, testsWithBroker, untilHeard, withBroker} from './brokers.js';
import {expose, ours} from './daemons.js';

const test = testsWithBroker();

const isStopped = (pid: number): boolean => /\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
/** 12 MB: many times what is on its way on one road. */
const blocks = 200;

test('a consumer that stands still behind the broker holds up no other, and gets all when it goes on', async t => {
  const broker = await startNatsServer(t);
  await hostAt(t, broker, 'h1', ['--advertise', `tls://127.0.0.1:${await freePort()}`]);
  const consumer = startProgram(t, 'relayed-consumer', {args: [broker.url, ours, String(blocks), '10']});
  await eventually(() => isStopped(consumer.pid), 'a consumer that stands still', {
    unless: () => howEnded(consumer.process),
  });
  await withBroker(
    broker,
    async nursery => {
      await untilHeard('h1');
      const options = {expose: [...expose, numberedBlocks], host: 'h1'};
      const [held, other] = [await nursery.startActor('held', options), await nursery.startActor('other', options)];
      // One more consumer, in this process, that does not take what it has asked for.
      const reading = held.stream(numberedBlocks, blocks)[Symbol.asyncIterator]();
      const {value: first} = await reading.next();
      t.is(first?.[0], 0);
      let last = 0;
      for await (const value of other.stream(countTo, 20_000)) if (value === last + 1) last = value;
      t.is(last, 20_000);
      for (let n = 0; n < 100; n++) if ((await other.run(double, n)) !== 2 * n) t.fail(`${n} is not doubled`);
      // Also on the same road as that consumer.
      t.is(await held.run(double, 21), 42);
      t.true(isStopped(consumer.pid));
      const numbers: number[] = [0];
      for (let next = await reading.next(); !next.done; next = await reading.next()) numbers.push(next.value[0]);
      t.deepEqual(
        numbers,
        Array.from({length: blocks}, (_, at) => at),
      );
    },
    unhurried,
  );
  consumer.kill('SIGCONT');
  t.is(await consumer.next<number>(), blocks);
  t.deepEqual(await consumer.exited, {code: 0, signal: null});
});
