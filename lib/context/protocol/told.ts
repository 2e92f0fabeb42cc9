/**
 * Tells of a call at its two ends, and of what travels with it: the one place at each end where an observer looks in.
 * Floor 4, room `protocol`: `caller` begins its Start here, and `actor/dispatch` its function. Calls of the runtime itself are
 * not told, and carry nothing.
 */
import {type CarriedPair, carriedNow, runCarried} from '../../base/carry.js';
import {ContextCancelled} from '../../base/errors.js';
import {type CallEvent, callEvents, type TaskEvent, Told, type TracedEnd, taskEvents} from '../../base/events.js';
import {isRuntimeName} from '../../base/runtime-name.js';
import type {Channel} from '../../channel/channel.js';
import type {FunctionKind} from '../../msg/types.js';
import {type Call, encodeStart} from './call.js';
import type {Callee} from './callee.js';
import type {Outcome} from './dialog.js';
import {contextUid} from './uid.js';

/** A call that is about to be sent. */
export interface BegunCall extends ReturnType<typeof encodeStart> {
  /** The id of its context. */
  readonly id: number;
  /** Undefined while nobody listens. */
  readonly told: Told<CallEvent> | undefined;
}

/** Encodes the Start of a call, with what travels with it. @throws Unserializable */
export function beginCall(channel: Channel, call: Call): BegunCall {
  const id = channel.newId();
  const carried = isRuntimeName(call.name) ? undefined : carriedNow();
  if (callEvents.hasSubscribers && !isRuntimeName(call.name)) return beginTold(channel, call, id, carried);
  const {payload, granted} = encodeStart(channel, call, carried);
  return {id, payload, granted, told: undefined};
}

function beginTold(channel: Channel, call: Call, id: number, carried: CarriedPair[] | undefined): BegunCall {
  const told = new Told(callEvents, {
    fn: call.name,
    kind: call.kind,
    actor: channel.self,
    peer: channel.peer,
    context: contextUid(channel, id, 'caller'),
    scope: call.scope.label,
    carrier: carried ?? [],
  });
  told.start();
  try {
    return {id, told, ...encodeStart(channel, call, told.event.carrier)};
  } catch (error) {
    told.refused(error);
    throw error;
  }
}

/**
 * Runs the function of a call in what has come with the call.
 *
 * @param run begins the function; undefined when it has ended by then
 */
export function runTold(
  callee: Callee,
  kind: FunctionKind,
  carried: readonly CarriedPair[] | undefined,
  run: () => Promise<void> | undefined,
): Promise<void> | undefined {
  const begin = carried ? () => runCarried(carried, run) : run;
  if (!taskEvents.hasSubscribers || isRuntimeName(callee.name)) return begin();
  const {link, name, peer, uid} = callee;
  const told = new Told<TaskEvent>(taskEvents, {
    fn: name,
    kind,
    actor: link.channel.self,
    caller: peer,
    context: uid,
    carrier: carried ?? [],
  });
  const running = told.startWith(begin);
  told.left();
  const settled = (): void => tellOutcome(told, link.outcome);
  if (running) return running.finally(settled);
  settled();
  return undefined;
}

export function tellOutcome(told: Told<TracedEnd>, outcome: Outcome | undefined): void {
  if (outcome?.kind !== 'failed') return told.returned();
  const {error} = outcome;
  told.failed(error instanceof ContextCancelled ? 'cancelled' : 'failed', error);
}
