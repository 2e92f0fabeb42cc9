/**
 * Reads what the Start of a call says. Every part is checked, because a peer may lie, and an error of another kind than
 * ProtocolError would end this process.
 * Floor 5: below `dispatch`, which runs the function that is meant.
 */
import {ProtocolError} from '../base/errors.js';
import {attempt} from '../base/foreign.js';
import {type Flow, flowOf, type Overflow} from '../context/flow/options.js';
import type {FunctionKind, StartPayload} from '../msg/types.js';

const kinds: ReadonlySet<unknown> = new Set<FunctionKind>(['task', 'stream', 'operator', 'context']);

/** @throws ProtocolError for a list that is no Start */
export function readStart(payload: unknown): StartPayload {
  if (!Array.isArray(payload) || payload.length < 5) throw new ProtocolError('a call arrived that is cut short');
  const [, kind, args, flow, deadline] = payload as unknown[];
  if (!kinds.has(kind) || !Array.isArray(args)) throw new ProtocolError('a call arrived without its kind or arguments');
  if (!isNothing(flow) && !Array.isArray(flow)) throw new ProtocolError('a call arrived whose windows are not a list');
  // It runs out at once when it is less than nothing; NaN never would.
  if (!isNothing(deadline) && !(typeof deadline === 'number' && deadline >= 0))
    throw new ProtocolError('a call arrived whose time is not a number');
  return payload as unknown as StartPayload;
}

/** The windows that the caller has chosen, and what it has granted. @throws ProtocolError for numbers that are none */
export function readFlow(flow: StartPayload[3]): {readonly flow: Flow; readonly granted: number} {
  if (isNothing(flow)) return {flow: flowOf({}), granted: 0};
  const [window, windowBytes, bufferBytes, overflow, granted = 0] = flow;
  const read = attempt(() => flowOf({window, windowBytes, bufferBytes, overflow: overflow as Overflow}));
  if (!read || !Number.isSafeInteger(granted) || granted < 0)
    throw new ProtocolError('a call arrived whose windows are not numbers');
  return {flow: read, granted};
}

const isNothing = (value: unknown): value is null | undefined => value === null || value === undefined;
