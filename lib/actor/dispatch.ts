/**
 * A call comes in: finds the function, runs it in a scope of its own, and sends its result or its error.
 * Floor 5: between `peer`, which reads the Start message, and `callee`, which holds the context.
 */

import {ContextCancelled, ProtocolError} from '../base/errors.js';
import {isThenable, whenSettled} from '../base/foreign.js';
import {lookedAt} from '../base/hooks.js';
import {lazyPart} from '../base/lazy.js';
import {outcomeError, Scope} from '../base/scope.js';
import type {Channel} from '../channel/channel.js';
import {flowOf, type Overflow} from '../context/flow/options.js';
import {Callee} from '../context/protocol/callee.js';
import {listIn} from '../msg/codec.js';
import {parse, type StandardSchema} from '../msg/schema.js';
import type {FunctionKind, Message, StartPayload} from '../msg/types.js';
import type {Actor} from './actor.js';
import type {Admission} from './admission.js';
import type {ExposedFunction} from './exposed.js';
import type {FunctionRefs} from './function-refs.js';
import {isRuntimeName} from './marks.js';

/** The peer that a call comes from. */
export interface CallingPeer {
  readonly channel: Channel;
  readonly functions: FunctionRefs;
  /** Counts the call until its function has settled. */
  readonly admission: Pick<Admission, 'settled'>;
}

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
  if (!Array.isArray(payload) || payload.length < 5) throw new ProtocolError('a call arrived that is cut short');
  const [ref, kind, args, flow, deadline] = payload as unknown as StartPayload;
  const home = peer.functions.resolve(ref);

  let found: ExposedFunction | undefined;
  let refusal: unknown = instead;
  try {
    if (!instead) found = actor.exposed.find(home, kind);
    refusal ??= fault;
  } catch (error) {
    refusal = error;
  }
  const name = found?.name ?? home.place;
  const scope = new Scope(`${name} in ${actor.id.name}`, actor.scope);
  const callee = new Callee(channel, {
    id: message.context,
    kind,
    name,
    scope,
    flow: flowOf({window: flow[0], windowBytes: flow[1], bufferBytes: flow[2], overflow: flow[3] as Overflow}),
    granted: flow[4],
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
    () => execute(peer, callee, () => withArgs(mark.schemas?.args, name, args, call)),
    channel.peer,
  );
  if (running) actor.track(stopTimer ? running.finally(stopTimer) : running);
  else stopTimer?.();
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

/**
 * Runs a function to its end, its scope included, and answers. A task that returns at once and has opened nothing
 * is answered at once: no promise is made for it.
 */
function execute(peer: CallingPeer, callee: Callee, run: () => unknown): Promise<void> | undefined {
  let value: unknown;
  try {
    value = run();
  } catch (error) {
    return conclude(peer, callee, {error});
  }
  if (isThenable(value)) {
    return whenSettled(
      value,
      settled => conclude(peer, callee, {value: settled}),
      error => conclude(peer, callee, {error}),
    );
  }
  return conclude(peer, callee, {value});
}

type Settlement = {readonly value: unknown} | {readonly error: unknown};

/** In debug mode, somebody looks at a failure while everything that the function has opened is still there. */
function conclude(peer: CallingPeer, callee: Callee, outcome: Settlement): Promise<void> | undefined {
  if ('error' in outcome) return show(callee, outcome.error, error => leave(peer, callee, {error}));
  return leave(peer, callee, outcome);
}

function leave(peer: CallingPeer, callee: Callee, outcome: Settlement): Promise<void> | undefined {
  const {scope} = callee;
  if (!scope.isAwaited) return answer(peer, callee, outcome);
  return scope.leave('error' in outcome).then(() => answer(peer, callee, outcome));
}

function answer(peer: CallingPeer, callee: Callee, outcome: Settlement): Promise<void> | undefined {
  const {scope} = callee;
  const failure = outcomeError(scope, 'error' in outcome ? [outcome.error] : []);
  if (failure) return show(callee, failure.error, error => refuse(peer, callee, error));
  return sent(peer, callee, callee.returned((outcome as {value: unknown}).value));
}

function refuse(peer: CallingPeer, callee: Callee, error: unknown): Promise<void> | undefined {
  return sent(peer, callee, callee.threw(error));
}

/** The answer has left, or leaves later. */
function sent(peer: CallingPeer, {scope}: Callee, later: Promise<void> | undefined): Promise<void> | undefined {
  if (later) return later.finally(() => close(peer, scope));
  close(peer, scope);
  return undefined;
}

/** Shows a failure at the prompt, unless the function is one of the runtime, because the caller in the runtime reports that failure. */
function show(
  {link: {channel}, name, scope}: Callee,
  error: unknown,
  goOn: (error: unknown) => Promise<void> | undefined,
): Promise<void> | undefined {
  return isRuntimeName(name) ? goOn(error) : lookedAt(channel.self.id, scope, error, goOn);
}

function close(peer: CallingPeer, scope: Scope): void {
  scope.settle();
  peer.admission.settled(scope.cancelled !== undefined);
}
