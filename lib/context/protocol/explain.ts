/**
 * Says in words for what an open context waits, as far as one of its ends can tell.
 * Floor 4, room `protocol`: above `link`. It reads, and changes nothing.
 */
import {formatActor} from '../../base/actor-id.js';
import type {Link} from './link.js';

/** `calls count in worker (pid 12): started, waits for values`. */
export function describeWait(link: Link): string {
  const peer = link.channel.peer ? formatActor(link.channel.peer) : 'a new actor';
  const doing = isCaller(link) ? `calls ${link.role.name} in ${peer}` : `runs ${link.role.name} for ${peer}`;
  return `${doing}: ${stateOf(link).join(', ')}`;
}

/** Says for what the function at the other end may wait. Undefined when it may just be at work. */
export function describePeersWait({dialog, stream}: Link): string | undefined {
  const {inlet, outlet} = stream ?? {};
  if (dialog.synced && !dialog.started) return 'it has not called started';
  if (inlet?.isFull) return 'it waits for room: its values are not taken here';
  if (outlet?.isBlocked) return 'it does not take the values that were sent to it';
  if (dialog.synced && !outlet) return 'it may wait for values of a stream that was not opened here';
  return undefined;
}

function stateOf(link: Link): string[] {
  const {dialog, role, stream} = link;
  const {inlet, outlet} = stream ?? {};
  const state: string[] = [];
  if (dialog.synced) state.push(dialog.started ? 'started' : 'not started yet');
  if (outlet?.isBlocked)
    state.push(outlet.sent === 0 ? 'waits until its peer opens the stream' : `window full after ${outlet.sent} values`);
  if (inlet?.isFull) state.push('values lie here that nobody takes');
  else if (inlet && inlet.consumers > 0 && !inlet.ended) state.push('waits for values');
  if (role.isCancelled)
    state.push(isCaller(link) ? 'cancelled, waits for the acknowledgement' : 'cancelled, has not ended yet');
  else state.push(isCaller(link) ? 'result pending' : 'has not returned');
  return state;
}

function isCaller(link: Link): boolean {
  return link.dialog.side === 'caller';
}
