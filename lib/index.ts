/**
 * The public door of rxtractor.
 * Floor 9: named re-exports, grouped; no logic.
 */

export type {Timeouts} from './actor/actor.js';
// Calls into other actors
export type {CallOptions, Portal, StreamValue} from './actor/portal.js';
// What may cross: remote functions
export {
  context,
  type FnHome,
  type FnOptions,
  type Marked,
  operator,
  type RemoteFn,
  stream,
  task,
} from './actor/marks.js';
// Shared resources
export {openShared, type Shared} from './actor/shared.js';
// Other actors, by name and by address
export {
  addresses,
  type ConnectOptions,
  connect,
  findActor,
  listActors,
  type WaitOptions,
  waitForActor,
  watchActors,
} from './discovery/lookup.js';
export type {FoundPortal} from './discovery/found.js';
export type {ActorEvent} from './discovery/registrar.js';
export type {DiscoveryOptions} from './discovery/root.js';
export type {TlsOptions} from './transport/tls.js';
// Debugging
export {breakpoint, postMortem} from './debugger/breakpoint.js';
// Identity and logging
export type {ActorId} from './base/actor-id.js';
export {currentActor, currentSignal, isRoot, shield, sleep} from './base/current.js';
// Errors
export {
  ActorDied,
  ActorError,
  type CancelReason,
  ContextCancelled,
  DebuggerQuit,
  type Exit,
  HandshakeRejected,
  Lagged,
  MessageTypeError,
  NoRuntime,
  NotExposed,
  NurseryError,
  ProtocolError,
  RemoteActorError,
  ResourceExhausted,
  SpawnFailed,
  type SpawnPhase,
  StreamClosed,
  StreamOverrun,
  TransportClosed,
  type TransportEnd,
  Unserializable,
} from './base/errors.js';
export {registerError} from './base/registered-errors.js';
export type {Logger, LogLevel} from './base/log.js';
export type {CalleeContext, Context, SubjectLike} from './context/rx/context.js';
export type {FlowOptions, Overflow} from './context/flow/options.js';
export type {IterateOptions, RemoteStream, WorkOptions} from './context/rx/remote-stream.js';
export type {AnyObservable, Source} from './context/rx/source.js';
export type {MsgStream, StreamOptions, StreamStats} from './context/rx/msg-stream.js';
export type {StandardSchema} from './msg/schema.js';
// Programs and their nurseries
export {main, openNursery, parent, type RootOptions} from './main.js';
export type {Body, Nursery, NurseryOptions} from './nursery/nursery.js';
export type {ActorOptions, Backend} from './nursery/plan.js';
export type {Pool, PoolCallOptions} from './nursery/pool.js';
