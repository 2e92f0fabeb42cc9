/**
 * What the function at the other end of a call may be waiting for, as far as this end can tell.
 * Floor 4: above `end`; below `caller`, whose long waits it explains.
 */
import type {End} from './end.js';

/** Undefined where it may just be at work. */
export function describePeersWait({dialog, inlet, outlet}: End): string | undefined {
  if (dialog.synced && !dialog.started) return 'it has not called started';
  if (inlet?.isFull) return 'it waits for room: its values are not taken here';
  if (outlet?.isBlocked) return 'it does not take the values that were sent to it';
  if (dialog.synced && !outlet) return 'it may wait for values of a stream that was not opened here';
  return undefined;
}
