// The lock of the terminal against a model of it: requests, releases, and such as leave the queue, in any order.
import test from 'ava';
import {TtyLock} from '../../../lib/debugger/lock/tty-lock.js';
import {fc} from '../../kit/fast-check.js';
import {turns} from '../../kit/pair.js';

const actor = {name: 'a', id: 'a', pid: 1, host: 'h'};

/** One that asked, as the spec sees it. */
class Customer {
  readonly asker: {readonly actor: typeof actor; readonly what: string};
  readonly leave = new AbortController();
  state: 'waits' | 'holds' | 'left' | 'done' = 'waits';
  release = (): void => {};

  constructor(lock: TtyLock, what: string) {
    this.asker = {actor, what};
    lock.request(this.asker, this.leave.signal).then(
      release => {
        this.state = 'holds';
        this.release = release;
      },
      reason => {
        this.state = reason === 'gone' ? 'left' : 'done';
      },
    );
  }
}

type Move = {readonly kind: 'request' | 'release' | 'release twice' | 'leave' | 'leave at once'; readonly at: number};
const moves = fc.array(
  fc.record<Move>({
    kind: fc.constantFrom('request', 'request', 'release', 'release twice', 'leave', 'leave at once'),
    at: fc.nat(6),
  }),
  {maxLength: 40},
);

test('the terminal has one holder at a time, who came first of those that still wait, whoever leaves the queue', async t => {
  await fc.assert(
    fc.asyncProperty(moves, async list => {
      const lock = new TtyLock();
      const all: Customer[] = [];
      // The model: those that have asked and neither left nor let go, in order; the first of them holds.
      let queue: Customer[] = [];
      let idleSeen = 0;
      const watchIdle = (): void => void lock.idle().then(() => idleSeen++);
      for (const {kind, at} of list) {
        if (kind === 'request' || kind === 'leave at once') {
          const wasFree = queue.length === 0;
          const customer = new Customer(lock, `task ${all.length}`);
          all.push(customer);
          queue.push(customer);
          if (kind === 'leave at once' && !wasFree) {
            customer.leave.abort('gone');
            queue = queue.filter(other => other !== customer);
          }
        } else if (kind === 'leave') {
          // Never the holder: one that holds lets go by itself.
          const waiting = queue.slice(1)[at];
          waiting?.leave.abort('gone');
          queue = queue.filter(other => other !== waiting);
        } else {
          const holder = queue.shift();
          holder?.release();
          if (kind === 'release twice') holder?.release();
        }
        await turns(3);
        const [holder, ...waiting] = queue;
        t.is(lock.holder, holder?.asker);
        t.deepEqual(
          lock.waiting,
          waiting.map(({asker}) => asker),
        );
        t.is(lock.busy, queue.length > 0);
        t.is(holder?.state ?? 'holds', 'holds');
        t.true(waiting.every(({state}) => state === 'waits'));
        const before = idleSeen;
        watchIdle();
        await turns(2);
        // The edge: all that ever asked for it are told, and nobody is before.
        t.is(idleSeen > before, queue.length === 0);
        if (queue.length > 0) t.is(idleSeen, before);
      }
    }),
    {numRuns: 150},
  );
});

test('what asks when the terminal is free has it in the order of asking, also within one turn', async t => {
  const lock = new TtyLock();
  const order: string[] = [];
  const use = async (what: string): Promise<void> => {
    const release = await lock.request({actor, what});
    order.push(what);
    await turns(2);
    release();
  };
  await Promise.all(['one', 'two', 'three'].map(use));
  t.deepEqual(order, ['one', 'two', 'three']);
});

test('a request whose signal was aborted before never takes a place', async t => {
  const lock = new TtyLock();
  await t.throwsAsync(lock.request({actor, what: 'late'}, AbortSignal.abort(new Error('before'))), {message: 'before'});
  t.false(lock.busy);
  t.false(lock.used);
});

test('the edge tells how long ago the terminal was let go of: never where nobody had it', async t => {
  const lock = new TtyLock();
  t.is(await lock.idle(), Number.POSITIVE_INFINITY);
  (await lock.request({actor, what: 'once'}))();
  const free = await lock.idle();
  t.true(free >= 0 && free < 60_000);
});

test('a lock that nobody has or waits for can be taken at once; closed, it is refused to all but its holder', async t => {
  const lock = new TtyLock();
  const release = lock.take({actor, what: 'a statement'});
  t.is(lock.holder?.what, 'a statement');
  t.is(lock.take({actor, what: 'another'}), undefined);
  const waiting = lock.request({actor, what: 'a turn'});
  lock.close(new Error('over'));
  await t.throwsAsync(waiting, {message: 'over'});
  await t.throwsAsync(lock.request({actor, what: 'a turn'}), {message: 'over'});
  t.true(lock.busy);
  release?.();
  await lock.idle();
  t.is(lock.take({actor, what: 'another'}), undefined);
});
