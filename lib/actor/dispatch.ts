/**
 * A call comes in: finds the function, runs it in a scope of its own, and sends its result or its error.
 * Floor 5: between `peer`, which reads the Start message, and `callee`, which holds the context.
 */

import {ContextCancelled} from '../base/errors.js';
import {taskEvents} from '../base/events.js';
import {isThenable} from '../base/foreign.js';
import {lazyPart} from '../base/lazy.js';
import {Scope} from '../base/scope.js';
import {Callee} from '../context/protocol/callee.js';
import {decodeCarried} from '../context/protocol/carried.js';
import {runTold} from '../context/protocol/told.js';
import {listIn} from '../msg/codec.js';
import {parse, type StandardSchema} from '../msg/schema.js';
import type {FunctionKind, Message} from '../msg/types.js';
import type {Actor} from './actor.js';
import {type CallingPeer, execute, sent} from './conclude.js';
import type {ExposedFunction} from './exposed.js';
import {PlainTask} from './plain-task.js';
import {readFlow, readStart} from './read-start.js';

type MaybePromise<T> = T | PromiseLike<T>;

/** Runs a function of one kind. */
type RunKind = (callee: Callee, fn: ExposedFunction['fn'], args: readonly unknown[]) => unknown;

/**
 * @param instead why the call may not run, or the message that ended it before it began
 * @throws ProtocolError when the message is malformed; every other error goes back to the caller
 */
export function dispatch(actor: Actor, peer: CallingPeer, message: Message, instead?: Error | Message): void {
  const {channel} = peer;
  const {list: payload, fault} = listIn(channel.codec, message);
  const [ref, kind, args, flow, deadline, carriedBytes] = readStart(payload);
  const home = peer.functions.resolve(ref);
  const carried = carriedBytes && peer.isTrusted ? decodeCarried(channel.codec, carriedBytes) : undefined;

  let found: ExposedFunction | undefined;
  let refusal: unknown = instead;
  try {
    if (!instead) found = actor.exposed.find(home, kind);
    refusal ??= fault;
  } catch (error) {
    refusal = error;
  }
  if (found && refusal === undefined && !carried && isPlainTask(found, deadline)) {
    new PlainTask(actor, peer, found, message.context).run(args);
    return;
  }
  const windows = readFlow(flow);
  const name = found?.name ?? home.place;
  const isRoad = found?.mark.isRoad === true;
  const scope = new Scope(`${name} in ${actor.id.name}`, actor.scope, isRoad);
  const callee = new Callee(channel, {
    id: message.context,
    kind,
    name,
    scope,
    ...windows,
    schemas: found?.mark.schemas,
  });
  if (!found || refusal !== undefined) {
    if (instead && !(instead instanceof Error)) callee.link.receive(instead);
    void sent(peer, callee, callee.threw(scope.cancelled ?? refusal));
    return;
  }
  const {fn, mark} = found;
  const call = (fitting: readonly unknown[]): unknown => runners[kind](callee, fn, fitting);
  const stopTimer = deadline === null ? undefined : scope.clock.limit(deadline, () => expire(scope, name, deadline));
  const running = actor.run(
    scope,
    () =>
      runTold(callee, kind, carried, () => execute(peer, callee, () => withArgs(mark.schemas?.args, name, args, call))),
    callee,
  );
  // The end of the actor does not wait for a road: the road ends with the process.
  if (running && !isRoad) actor.track(stopTimer ? running.finally(stopTimer) : running);
  else stopTimer?.();
}

/** Whether nothing has to be watched while the function runs, nothing to be checked, and nobody listens. */
function isPlainTask({mark}: ExposedFunction, deadline: number | null): boolean {
  return mark.kind === 'task' && deadline === null && mark.schemas === undefined && !taskEvents.hasSubscribers;
}

function expire(scope: Scope, name: string, deadline: number): void {
  scope.cancel(
    new ContextCancelled(`${name} was cancelled: its time of ${deadline} ms is over (timeout)`, {
      canceller: undefined,
      reason: 'deadline',
    }),
  );
}

/** Calls with the arguments as their schema parses them. */
function withArgs(
  schema: StandardSchema | undefined,
  name: string,
  args: readonly unknown[],
  call: (args: readonly unknown[]) => unknown,
): unknown {
  if (!schema) return call(args);
  const parsed = parse(schema, args, {part: 'args', name}) as MaybePromise<readonly unknown[]>;
  return isThenable(parsed) ? (async () => call(await parsed))() : call(parsed);
}

/** Loaded when it is first needed, because it loads RxJS. */
const loadRx = lazyPart('a stream', () => import('../context/rx/run.js'));

const runners: Readonly<Record<FunctionKind, RunKind>> = {
  task: (_callee, fn, args) => fn(...(args as never[])),
  stream: async (callee, fn, args) => (await loadRx()).runStream(callee, fn, args),
  operator: async (callee, fn, args) => (await loadRx()).runOperator(callee, fn, args),
  context: async (callee, fn, args) => (await loadRx()).runContext(callee, fn, args),
};
