/**
 * Tells of a context on the channel of `base/events`: that it has started, and that its stream is stalled, moves again, overruns or lags.
 * Floor 4, room `protocol`: below `halves`, `caller` and `callee`, which know when.
 */
import {formatActor} from '../../base/actor-id.js';
import {type FlowEvent, streamEvents, tell} from '../../base/events.js';
import {log} from '../../base/log.js';
import {isRuntimeName} from '../../base/runtime-name.js';
import type {Channel} from '../../channel/channel.js';
import type {Outlet} from '../flow/outlet.js';
import type {Dialog} from './dialog.js';
import {contextUid} from './uid.js';

/** The end of the stream that is told of. */
interface FlowEnd {
  readonly channel: Channel;
  readonly id: number;
  readonly dialog: Dialog;
  readonly role: {readonly name: string};
}

export function tellFlow(
  type: FlowEvent['type'],
  {channel, id, dialog, role}: FlowEnd,
  outlet: Outlet | undefined,
  missed?: number,
): void {
  if (isRuntimeName(role.name)) return;
  tell(streamEvents, () => ({
    type,
    actor: channel.self,
    peer: channel.peer,
    context: contextUid(channel, id, dialog.side),
    fn: role.name,
    sent: outlet?.sent ?? 0,
    queuedBytes: outlet?.queuedBytes ?? 0,
    ...(missed !== undefined && {missed}),
  }));
}

/** Rule S1: a sender that waits too long is logged, too. */
export function reportStall(end: FlowEnd, outlet: Outlet): void {
  outlet.stalls++;
  const {channel, id, dialog, role} = end;
  const {peer} = channel;
  const why = outlet.granted ? 'takes nothing from it' : 'has not opened its end';
  const {sent, queuedBytes, stalls} = outlet;
  const text = `the stream of ${role.name} is stalled: ${peer ? formatActor(peer) : 'the peer'} ${why} (timeouts.stall)`;
  const context = contextUid(channel, id, dialog.side);
  log('warn', text, {event: 'stalled', context, fn: role.name, peer, sent, queuedBytes, stalls});
  tellFlow('stalled', end, outlet);
}
