/**
 * How a called function ends: its scope is left, its caller gets the result or the error, and the call counts no longer.
 * Floor 5: below `dispatch` and `plain-task`, which run functions; above `callee`, which sends the answer.
 */
import {isThenable, whenSettled} from '../base/foreign.js';
import {lookedAt} from '../base/hooks.js';
import {isRuntimeName} from '../base/runtime-name.js';
import {outcomeError, type Scope} from '../base/scope.js';
import type {Channel} from '../channel/channel.js';
import type {Callee} from '../context/protocol/callee.js';
import type {Admission} from './admission.js';
import type {FunctionRefs} from './function-refs.js';

/** The peer that a call comes from. */
export interface CallingPeer {
  readonly channel: Channel;
  readonly functions: FunctionRefs;
  /** Counts the call until its function has settled. */
  readonly admission: Pick<Admission, 'settled'>;
  /** Whether what travels with its calls is taken. */
  readonly isTrusted: boolean;
}

/**
 * Runs a function to its end, its scope included, and answers. A task that returns at once and has opened nothing
 * is answered at once: no promise is made for it.
 */
export function execute(peer: CallingPeer, callee: Callee, run: () => unknown): Promise<void> | undefined {
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
export function conclude(peer: CallingPeer, callee: Callee, outcome: Settlement): Promise<void> | undefined {
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

export function refuse(peer: CallingPeer, callee: Callee, error: unknown): Promise<void> | undefined {
  return sent(peer, callee, callee.threw(error));
}

/** The answer has left, or leaves later. */
export function sent(peer: CallingPeer, {scope}: Callee, later: Promise<void> | undefined): Promise<void> | undefined {
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
