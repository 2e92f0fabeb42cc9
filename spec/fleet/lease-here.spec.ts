import {once} from 'node:events';
import {PassThrough} from 'node:stream';
import test from 'ava';
import {LeaseHere} from '../../lib/fleet/lease-here.js';
import {hostNow, lineOf, readLines, type Term} from '../../lib/fleet/term.js';
import {ContextCancelled} from '../../lib/index.js';

const termIn = (ms: number): Term => ({cancelAt: hostNow() + ms, killAt: hostNow() + 2 * ms});

/** The timers of a lease do not keep this process awake. */
async function whileAwake<T>(work: Promise<T>): Promise<T> {
  const awake = setTimeout(() => {}, 60_000);
  try {
    return await work;
  } finally {
    clearTimeout(awake);
  }
}

test('a lease that is not renewed aborts its signal and ends the actor once, and its time goes to 0', async t => {
  let ends = 0;
  const lease = new LeaseHere('7', termIn(30), () => ends++);
  t.true(lease.remaining() > 0 && lease.remaining() <= 60);
  await whileAwake(once(lease.signal, 'abort'));
  t.true(lease.signal.reason instanceof ContextCancelled);
  t.is(ends, 1);
  while (lease.remaining() > 0) await new Promise(setImmediate);
  t.is(lease.remaining(), 0);
  t.is(ends, 1);
});

test('T14: a renewal that lay unread while this process stood still counts', async t => {
  let ends = 0;
  const lease = new LeaseHere('7', termIn(20), () => ends++);
  const said = new PassThrough();
  readLines<Term>(said, term => lease.renew(term));
  // As the daemon has written it meanwhile: it is read in a later turn than the one in which the timer fires.
  said.write(lineOf(termIn(60_000)));
  const until = performance.now() + 50;
  while (performance.now() < until);
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
  t.false(lease.signal.aborted);
  t.is(ends, 0);
  t.true(lease.remaining() > 60_000);
});

test('a lease without an end stays one over the pipe, and lines may come in pieces', t => {
  const said = new PassThrough();
  const terms: Term[] = [];
  readLines<Term>(said, term => terms.push(term));
  const endless: Term = {cancelAt: Number.POSITIVE_INFINITY, killAt: Number.POSITIVE_INFINITY};
  const text = lineOf(endless) + lineOf({cancelAt: 1, killAt: 2});
  for (const letter of text) said.write(letter);
  return new Promise<void>(resolve => {
    said.once('end', () => {
      t.deepEqual(terms, [endless, {cancelAt: 1, killAt: 2}]);
      resolve();
    });
    said.end();
  });
});
