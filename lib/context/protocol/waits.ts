/**
 * What an open context waits for, in words, as far as its own end can tell.
 * Floor 4: above `caller` and `callee`; reads, changes nothing.
 */
import {formatActor} from '../../base/actor-id.js';
import {Callee} from './callee.js';
import {Caller} from './caller.js';
import type {End} from './end.js';

/** `calls count in worker (pid 12): started, waits for values`. */
export function describeWait(end: Caller | Callee): string {
  const peer = end.channel.peer ? formatActor(end.channel.peer) : 'a new actor';
  return end instanceof Caller
    ? `calls ${end.call.name} in ${peer}: ${stateOf(end, end.cancelCalled).join(', ')}`
    : `runs ${end.name} for ${peer}: ${stateOf(end, end.scope.cancelled !== undefined).join(', ')}`;
}

export function isEnd(endpoint: object): endpoint is Caller | Callee {
  return endpoint instanceof Caller || endpoint instanceof Callee;
}

function stateOf(end: End, cancelled: boolean): string[] {
  const {dialog, outlet, inlet} = end;
  const isCaller = dialog.side === 'caller';
  const state: string[] = [];
  if (dialog.synced) state.push(dialog.started ? 'started' : 'not started yet');
  if (outlet?.isBlocked)
    state.push(outlet.sent === 0 ? 'waits until its peer opens the stream' : `window full after ${outlet.sent} values`);
  if (inlet?.isFull) state.push('values lie here that nobody takes');
  else if (inlet && inlet.consumers > 0 && !inlet.ended) state.push('waits for values');
  if (cancelled) state.push(isCaller ? 'cancelled, waits for the acknowledgement' : 'cancelled, has not ended yet');
  else state.push(isCaller ? 'result pending' : 'has not returned');
  return state;
}
