/**
 * Runs the three kinds of remote function that know streams, at the callee.
 * Floor 4, room `rx`: above `callee-context` and `pump`; `actor/dispatch` loads it when the first such call comes.
 */
import type {Callee} from '../protocol/callee.js';
import {CalleeContext} from './callee-context.js';
import {pump} from './pump.js';
import {inputStream} from './remote-stream.js';
import type {Source} from './source.js';

type AnyFunction = (...args: never[]) => unknown;

/** Sends the source that the function returns. */
export async function runStream(callee: Callee, fn: AnyFunction, args: readonly unknown[]): Promise<void> {
  await send(callee, fn(...(args as never[])));
}

/** The source that comes in is the first argument of the function. The source that the function returns is sent. */
export async function runOperator(callee: Callee, fn: AnyFunction, args: readonly unknown[]): Promise<void> {
  // The window of the caller bounds both directions.
  const inlet = callee.link.halves.makeInlet(callee.flow);
  inlet.open();
  const source = inputStream(callee.link, inlet, callee.scope);
  await send(callee, fn(...([source, ...args] as never[])));
}

export function runContext(callee: Callee, fn: AnyFunction, args: readonly unknown[]): unknown {
  return fn(...([new CalleeContext(callee), ...args] as never[]));
}

/** Rejects with the error of the output, or with the cancellation that ended it. */
async function send(callee: Callee, output: unknown): Promise<void> {
  const outlet = callee.link.halves.makeOutlet({});
  await pump(callee.link, outlet, (await output) as Source<unknown>);
}
