/**
 * The public door of rxtractor.
 * Floor 9: named re-exports, grouped; no logic. `docs/reference/api.md` has these groups, in this order.
 */

// Entry
export {main, openNursery, parent} from './main.js';
export type {RootOptions} from './boot-root.js';
export {currentActor, isRoot} from './base/current.js';
export type {ActorId} from './base/actor-id.js';
export type {Timeouts} from './actor/tree-options.js';
// Nurseries
export type {Nursery, NurseryOptions, Body, ActorDefaults, ActorStarter} from './nursery/nursery.js';
export type {ActorOptions, Backend} from './nursery/actor-options.js';
export type {RestartOptions} from './nursery/restart-policy.js';
export type {StandbyOptions} from './nursery/standby-options.js';
// Remote functions
export {
  task,
  stream,
  operator,
  context,
  type FnHome,
  type FnOptions,
} from './actor/markers.js';
export type {Marked, RemoteFn} from './actor/marks.js';
export type {StandardSchema} from './msg/schema.js';
// Values
export {registerType, type TypeCodec} from './base/registered-types.js';
// Portals
export type {Portal, StreamValue} from './actor/portal.js';
export type {OutputLine} from './base/output-lines.js';
export type {CallOptions} from './actor/call-options.js';
// Contexts and streams
export type {CalleeContext, SubjectLike} from './context/rx/callee-context.js';
export type {Context} from './context/rx/context.js';
export type {MsgStream, SendOptions, StreamOptions, StreamStats} from './context/rx/msg-stream.js';
export type {RemoteStream, RemotePipe, RemoteStage, IterateOptions, WorkOptions} from './context/rx/remote-stream.js';
export type {FlowOptions, Overflow} from './context/flow/options.js';
export type {Source, AnyObservable} from './context/rx/source.js';
// Cancellation
export {currentSignal} from './base/current.js';
export {shield} from './base/shield.js';
export {sleep} from './base/sleep.js';
// Pools and shared resources
export type {Pool, PoolCallOptions} from './nursery/pool.js';
export {openShared, type Shared} from './actor/shared.js';
// Discovery
export {
  findActor,
  waitForActor,
  listActors,
  watchActors,
  connect,
  addresses,
  type WaitOptions,
  type ConnectOptions,
} from './discovery/lookup.js';
export type {FoundPortal} from './discovery/found-portal.js';
export type {ActorEvent} from './discovery/registrar.js';
export type {DiscoveryOptions} from './discovery/root.js';
export type {TlsOptions} from './transport/tls.js';
// Hosts
export {currentLease, type CurrentLease} from './fleet/current-lease.js';
export {listHosts, watchHosts} from './fleet/look.js';
export type {HostChoice, HostEvent, HostInfo} from './fleet/host-info.js';
export type {NatsOptions} from './fleet/nats-options.js';
// Debugger
export {breakpoint, postMortem} from './debugger/breakpoint.js';
// Logging
export type {Logger, LogLevel, LogFormat} from './base/log.js';
// Tracing
export {carry, carryStore, type Carrier, type CarryStoreOptions, type CarriedPair} from './base/carry.js';
export type {
  CallEvent,
  TaskEvent,
  SpawnEvent,
  SpawnStep,
  TracedEnd,
  LifeEvent,
  FlowEvent,
  LinkEvent,
} from './base/events.js';
// Errors
export {
  ActorError,
  RemoteActorError,
  NurseryError,
  ActorDied,
  type Exit,
  SpawnFailed,
  type SpawnPhase,
  ContextCancelled,
  type CancelReason,
  TransportClosed,
  type TransportEnd,
  StreamClosed,
  StreamOverrun,
  Lagged,
  Unserializable,
  MessageTypeError,
  NotExposed,
  ProtocolError,
  HandshakeRejected,
  ResourceExhausted,
  NoRuntime,
  DebuggerQuit,
} from './base/errors.js';
export {registerError} from './base/registered-errors.js';
