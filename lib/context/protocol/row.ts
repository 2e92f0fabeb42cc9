/**
 * One end of an open context as data: who talks to whom, what was counted, and for what the code at this end waits.
 * Floor 4, room `protocol`: above `link` and its two roles. It reads, and changes nothing.
 */
import type {ContextRow, WaitKind} from '../../base/tree-survey.js';
import type {Callee} from './callee.js';
import type {Caller} from './caller.js';
import type {Link} from './link.js';
import {contextUid} from './uid.js';

/** One end of a context, as a survey tells it. */
export function contextRow(link: Link): ContextRow {
  const {channel, id, dialog, role, stream} = link;
  const {inlet, outlet} = stream ?? {};
  const caller = callerOf(link);
  return {
    uid: contextUid(channel, id, dialog.side),
    fn: role.name,
    kind: caller ? caller.call.kind : (role as Callee).kind,
    side: dialog.side,
    peer: channel.peer,
    ...(caller && {task: caller.call.scope.runningTask?.uid}),
    ...(dialog.synced && {started: dialog.started}),
    cancelled: role.isCancelled,
    blocked: outlet?.isBlocked ?? false,
    full: inlet?.isFull ?? false,
    reading: inlet !== undefined && inlet.consumers > 0 && !inlet.ended,
    waits: waitOf(link, caller),
    sent: outlet?.sent ?? 0,
    received: inlet?.received ?? 0,
    dropped: (outlet?.dropped ?? 0) + (inlet?.dropped ?? 0),
    queuedBytes: outlet?.queuedBytes ?? 0,
    granted: outlet?.grantedMessages ?? 0,
    stalledMs: outlet?.stalledMs ?? 0,
  };
}

/**
 * For what the code at this end waits. A subscription is not a wait: it is called, and its code goes on with something else. Of
 * several waits the one that says most.
 */
function waitOf(link: Link, caller: Caller | undefined): WaitKind | undefined {
  const {dialog, stream} = link;
  const isVerb = caller?.call.openedBy === 'verb';
  if (caller?.isCancelled) return 'acknowledgement';
  if (isVerb && dialog.synced && !dialog.started) return 'started';
  if (stream?.outlet?.isBlocked) return 'credit';
  if (stream?.inlet?.isAwaited) return 'values';
  return isVerb && caller?.report.isAsked ? 'result' : undefined;
}

function callerOf({dialog, role}: Link): Caller | undefined {
  return dialog.side === 'caller' ? (role as Caller) : undefined;
}
