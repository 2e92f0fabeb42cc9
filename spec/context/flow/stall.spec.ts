// Rule S1: a sender that waits for room too long is reported, once for each stall. Logs belong to the process: serial.
import test, {type ExecutionContext} from 'ava';
import {configureLog, type Logger} from '../../../lib/base/log.js';
import {StallWatch} from '../../../lib/context/flow/stall.js';
import type {MsgStream} from '../../../lib/index.js';
import {type Caller, newPair, type Pair, turns} from '../../kit/pair.js';

interface Warning {
  readonly text: string;
  readonly record: {readonly event?: string; readonly sent?: number; readonly stalls?: number};
}

/** A pair of actors in whose tree 20 ms without room are a stall, and what is warned of. */
async function impatientPair(t: ExecutionContext): Promise<{pair: Pair; warnings: Warning[]}> {
  const pair = await newPair();
  for (const {actor} of [pair.near, pair.far])
    actor.tree = {...actor.tree, timeouts: {...actor.tree.timeouts, stall: 20}};
  const warnings: Warning[] = [];
  const ignore = (): void => {};
  const logger: Logger = {
    debug: ignore,
    info: ignore,
    error: ignore,
    warn: (record, text) => warnings.push({record: record as Warning['record'], text}),
  };
  configureLog('warn', {logger});
  t.teardown(() => configureLog('warn'));
  return {pair, warnings};
}

/** Waits for so many warnings: they come by the clock, not by turns of the loop. */
async function warned(warnings: readonly Warning[], count: number): Promise<void> {
  while (warnings.length < count) await new Promise(resolve => setTimeout(resolve, 5));
}

/** The near end of a context, its stream not opened, and the far end's stream. */
async function opened(pair: Pair): Promise<{ctx: Caller; far: MsgStream<unknown, unknown>}> {
  let far: MsgStream<unknown, unknown> | undefined;
  const ctx = await pair.with({}).openContext(callee => {
    callee.started.next(0);
    far = callee.openStream();
    return new Promise((_, reject) => callee.signal.addEventListener('abort', () => reject(callee.signal.reason)));
  });
  return {ctx, far: far as unknown as MsgStream<unknown, unknown>};
}

test.serial('S1: a sender whose receiver has not opened its end is reported, once', async t => {
  const {pair, warnings} = await impatientPair(t);
  const {ctx, far} = await opened(pair);
  const sent = far.send('hello');
  far.next('more');
  await warned(warnings, 1);
  far.next('and more');
  await new Promise(resolve => setTimeout(resolve, 60));
  t.is(warnings.length, 1);
  t.regex(
    warnings[0]?.text ?? '',
    /^the stream of anyContext is stalled: near .* has not opened its end \(timeouts\.stall\)$/,
  );
  t.like(warnings[0]?.record, {event: 'stalled', sent: 0, stalls: 1});
  const values = ctx.openStream().iterate();
  t.is((await values.next()).value, 'hello');
  await sent;
  await ctx.cancel();
  await pair.quiet();
});

test.serial(
  'S1: a pulled source whose receiver takes nothing is reported; with room it clears, and may stall anew',
  async t => {
    const {pair, warnings} = await impatientPair(t);
    const stream = pair.with({window: 2}).stream(function* () {
      for (;;) yield 1;
    });
    const values = stream.iterate();
    await warned(warnings, 1);
    t.regex(warnings[0]?.text ?? '', /anyStream is stalled: near .* takes nothing/);
    t.like(warnings[0]?.record, {sent: 2, stalls: 1});
    await values.next();
    await warned(warnings, 2);
    t.like(warnings[1]?.record, {sent: 3, stalls: 2});
    await values.return?.();
    await pair.quiet();
  },
);

test.serial('S1: nothing is reported of a stream that has ended', async t => {
  const {pair, warnings} = await impatientPair(t);
  const {ctx, far} = await opened(pair);
  far.next('nobody wants it');
  await turns();
  await ctx.cancel();
  // A machine that stands still may have made it a stall before it ended.
  const before = warnings.length;
  await new Promise(resolve => setTimeout(resolve, 60));
  t.is(warnings.length, before);
});

test.serial('S1: a watch sets one timer while something waits, and none before or after', async t => {
  let [blocked, reports] = [true, 0];
  const watch = new StallWatch(
    10,
    () => blocked,
    () => reports++,
  );
  const timers = (): number => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length;
  const before = timers();
  for (let i = 0; i < 100; i++) watch.blocked();
  // Timers that hold up no exit are not listed: none is.
  t.is(timers(), before);
  await new Promise(resolve => setTimeout(resolve, 40));
  t.is(reports, 1);
  blocked = false;
  watch.moved();
  watch.blocked();
  await new Promise(resolve => setTimeout(resolve, 40));
  t.is(reports, 1, 'it was looked at, and nothing waited');
  blocked = true;
  watch.blocked();
  watch.stop();
  await new Promise(resolve => setTimeout(resolve, 40));
  t.is(reports, 1);
});

test.serial('S1: time counts from the last room that came', async t => {
  let reports = 0;
  const watch = new StallWatch(
    200,
    () => true,
    () => reports++,
  );
  watch.blocked();
  // The timer is due now, and has not run yet.
  const begin = performance.now();
  while (performance.now() - begin < 210);
  watch.moved();
  await turns(3);
  t.is(reports, 0);
  await new Promise(resolve => setTimeout(resolve, 300));
  t.is(reports, 1);
});
