/**
 * How the three kinds of remote function that know streams are run at the callee.
 * Floor 4: beside `context` and `msg-stream`; loaded when the first such call comes.
 */
import type {Callee} from '../protocol/callee.js';
import {CalleeContext} from './context.js';
import {pump} from './pump.js';
import {inputStream} from './remote-stream.js';
import type {Source} from './source.js';

type AnyFunction = (...args: never[]) => unknown;

/** What the function returns is sent as it comes. */
export async function runStream(callee: Callee, fn: AnyFunction, args: readonly unknown[]): Promise<void> {
  await send(callee, fn(...(args as never[])));
}

/** What comes in is the function's first argument; what it returns is sent. */
export async function runOperator(callee: Callee, fn: AnyFunction, args: readonly unknown[]): Promise<void> {
  // The caller's window bounds both directions.
  const inlet = callee.makeInlet(callee.flow);
  inlet.open();
  const source = inputStream(callee, inlet, callee.scope);
  await send(callee, fn(...([source, ...args] as never[])));
}

export function runContext(callee: Callee, fn: AnyFunction, args: readonly unknown[]): unknown {
  return fn(...([new CalleeContext(callee), ...args] as never[]));
}

/** @throws the output's own error, or the cancellation that ended it */
async function send(callee: Callee, output: unknown): Promise<void> {
  const outlet = callee.makeOutlet({});
  await pump(callee, outlet, (await output) as Source<unknown>);
}
