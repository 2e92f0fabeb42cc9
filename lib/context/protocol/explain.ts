/**
 * Says in words for what the function at the other end of a context may wait.
 * Floor 4, room `protocol`: above `link`. It reads, and changes nothing.
 */
import type {Link} from './link.js';

/** Says for what the function at the other end may wait. Undefined when it may just be at work. */
export function describePeersWait({dialog, stream}: Link): string | undefined {
  const {inlet, outlet} = stream ?? {};
  if (dialog.synced && !dialog.started) return 'it has not called started';
  if (inlet?.isFull) return 'it waits for room: its values are not taken here';
  if (outlet?.isBlocked) return 'it does not take the values that were sent to it';
  if (dialog.synced && !outlet) return 'it may wait for values of a stream that was not opened here';
  return undefined;
}
