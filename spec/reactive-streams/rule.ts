/**
 * A spec of one rule of Reactive Streams: two actors, a monitor at the wire between them, and what the specs share.
 * Above pair.ts and monitor.ts. The page docs/reference/reactive-streams.md lists the titles: page.spec.ts.
 */
import test, {type ExecutionContext} from 'ava';
import {lastValueFrom, of, toArray} from 'rxjs';
import type {MsgStream} from '../../lib/context/rx/msg-stream.js';
import type {RemoteStream} from '../../lib/context/rx/remote-stream.js';
import {type Callee, type Caller, newPair, type Pair} from '../kit/pair.js';
import {Monitor} from './monitor.js';

export type Calls = ReturnType<Pair['with']>;
export type Wire = MsgStream<unknown, unknown>;
export interface Scene {
  readonly pair: Pair;
  readonly calls: Calls;
  readonly monitor: Monitor;
}

/** @param expected what the monitor notes where the spec itself breaks a rule, and what its owner is told of; `serial` where
 * a spec keeps the loop from others */
export function rule(
  title: string,
  check: (t: ExecutionContext, scene: Scene) => Promise<void>,
  expected: {
    readonly violations?: readonly string[];
    readonly failures?: readonly string[];
    readonly serial?: boolean;
  } = {},
): void {
  const run = expected.serial ? test.serial : test;
  run(title, async t => {
    const pair = await newPair();
    const monitor = Monitor.of(pair);
    await check(t, {pair, calls: pair.with({}), monitor});
    await pair.quiet();
    t.deepEqual(monitor.violations, expected.violations ?? []);
    t.deepEqual(pair.near.actor.scope.failures.map(String), expected.failures ?? []);
  });
}

export const numbers = (count: number): number[] => Array.from({length: count}, (_, i) => i);

export async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not reject');
}

/** Every way to receive. */
export const receivers = {
  subscribe: (stream: RemoteStream<unknown>): Promise<unknown[]> => lastValueFrom(stream.pipe(toArray())),
  iterate: async (stream: RemoteStream<unknown>): Promise<unknown[]> => {
    const seen: unknown[] = [];
    for await (const value of stream) seen.push(value);
    return seen;
  },
  consume: async (stream: RemoteStream<unknown>): Promise<unknown[]> => {
    const seen: unknown[] = [];
    await stream.consume(async value => {
      await Promise.resolve();
      seen.push(value);
    });
    return seen;
  },
  mapAsync: (stream: RemoteStream<unknown>): Promise<unknown[]> =>
    lastValueFrom(stream.mapAsync(value => of(value)).pipe(toArray())),
};

/** A subscriber that keeps what it was told, in order. */
export class Told {
  readonly log: string[] = [];
  error: unknown;

  readonly next = (value: unknown): void => {
    this.log.push(String(value));
  };
  readonly fail = (error: unknown): void => {
    this.error = error;
    this.log.push('error');
  };
  readonly complete = (): void => {
    this.log.push('complete');
  };

  get observer(): {next: (value: unknown) => void; error: (error: unknown) => void; complete: () => void} {
    return {next: this.next, error: this.fail, complete: this.complete};
  }

  get over(): boolean {
    return this.log.at(-1) === 'error' || this.log.at(-1) === 'complete';
  }
}

/** A context whose far end is held by the spec too: its stream, and how to let its function return. */
export interface Opened {
  readonly ctx: Caller;
  readonly near: Wire;
  readonly far: Wire;
  readonly callee: Callee;
  readonly end: (value?: unknown) => void;
  readonly fail: (error: unknown) => void;
}

export async function opened(calls: Calls, options: {near?: object; far?: object} = {}): Promise<Opened> {
  let held: Omit<Opened, 'ctx' | 'near'> | undefined;
  const ctx = await calls.openContext(callee => {
    callee.started.next(0);
    return new Promise((resolve, reject) => {
      callee.signal.addEventListener('abort', () => reject(callee.signal.reason));
      held = {callee, far: callee.openStream(options.far), end: resolve, fail: reject};
    });
  });
  return {ctx, near: ctx.openStream(options.near), ...(held as NonNullable<typeof held>)};
}
