/**
 * The events of a whole tree: each actor hands on its own, and those of the actors below it.
 * Floor 6: below `names`, by which an actor knows its children. Every actor exposes it, and listens only while somebody asks.
 */
import type {Channel} from 'node:diagnostics_channel';
import type {Observable, Subscription} from 'rxjs';
import type {Actor} from '../actor/actor.js';
import {runtimeFunction} from '../actor/marks.js';
import {parentInActor} from '../actor/parent.js';
import type {Portal} from '../actor/portal.js';
import {hostMicros} from '../base/clock.js';
import {type Current, current} from '../base/current.js';
import {
  actorEvents,
  type CallEvent,
  callEvents,
  type FlowEvent,
  type LifeEvent,
  type LinkEvent,
  linkEvents,
  type SpawnEvent,
  spawnEvents,
  streamEvents,
  type TaskEvent,
  taskEvents,
} from '../base/events.js';
import {type LogLine, onLog} from '../base/log.js';
import {rxjs} from '../context/rx/rxjs.js';
import {nameAnswers} from './name-functions.js';

/** Something that has happened in a tree. */
export interface TraceEvent {
  /** When: microseconds of a clock that all processes of a host share. */
  readonly us: number;
  /** The id of the actor in which it has happened. */
  readonly actor: string;
  /**
   * - `actor`: the first event of each actor, with `name`, `pid`, `host`, and `parent`, the id of the actor above it
   * - `call`, `call ended`, `task`, `task ended`, `spawn`, `spawn ended`: with `fn`, `kind`, `outcome`
   * - `born`, `ended`, `unresponsive`, `responsive`: of a child, with its id `child`, its `name`, `exit`, `asked`
   * - `started`: of a context
   * - `stalled`, `moved`, `overrun`, `lagged`: of a stream
   * - `link up`, `link idle`, `link lost`
   * - `log`: a line of the log, with `level` and `text`, and `fn`
   * - `counters`: `cpu`, `rss`, `queued`, `credit`, once a second
   */
  readonly type: string;
  /** The context that it is about. */
  readonly context?: string;
  /** The other fields of the event, as its type says. */
  readonly [more: string]: unknown;
}

/** How many bytes of events may wait in an actor. Beyond it the oldest are dropped: an observer never slows a tree. */
const bufferBytes = 1024 * 1024;

/** Maximum length of a line of the log. */
const maxLine = 2_000;

/** The events of the actor that is asked, and of those below it. */
export const eventsBelow = runtimeFunction('stream', 'window events 1', () => eventsOf(subjectHere()));

/** The events of the whole tree, whichever of its actors is asked. */
export const eventsOfTree = runtimeFunction('stream', 'window tree events 1', () => allEventsOf(subjectHere()));

const parentIn = (actor: Actor): object => {
  const parent = parentInActor(actor)?.actor.id;
  return parent === undefined ? {} : {parent};
};

const subjectHere = (): Actor => ((current() as Current).runtime as Actor).subject;

/** The events of the whole tree of an actor. */
export function allEventsOf(actor: Actor): Observable<TraceEvent> {
  const parent = parentInActor(actor);
  return parent ? eventsFrom(parent, eventsOfTree) : eventsOf(actor);
}

/** The events that another actor hands on. */
export function eventsFrom(portal: Portal, fn: typeof eventsBelow): Observable<TraceEvent> {
  return portal.with({overflow: 'dropOldest', bufferBytes}).stream(fn);
}

function eventsOf(actor: Actor): Observable<TraceEvent> {
  const {Observable: RxObservable} = rxjs();
  return new RxObservable<TraceEvent>(subscriber => {
    const emit = (event: Omit<TraceEvent, 'us' | 'actor'>): void =>
      subscriber.next({us: hostMicros(), actor: actor.id.id, ...event} as TraceEvent);
    const {name, pid, host} = actor.id;
    emit({type: 'actor', name, pid, host, ...parentIn(actor)});
    subscriber.add(listen(actor, emit));
    const below = new Map<string, Subscription>();
    const names = nameAnswers.of(actor);
    const follow = (): void => {
      for (const [id, portal] of names?.children() ?? []) {
        if (below.has(id)) continue;
        // The end of a child ends its events, and nothing else.
        const handOn = {next: (event: TraceEvent) => subscriber.next(event), error: () => {}};
        below.set(id, eventsFrom(portal, eventsBelow).subscribe(handOn));
      }
    };
    subscriber.add(names?.watchTree(follow));
    subscriber.add(() => {
      for (const child of below.values()) child.unsubscribe();
    });
  });
}

type Emit = (event: {readonly type: string; readonly [more: string]: unknown}) => void;

/** Listens on all channels of this process, for one of its actors. Returns how to stop. */
function listen(actor: Actor, emit: Emit): () => void {
  const stops: (() => void)[] = [];
  const on = <E extends {readonly actor: {readonly id: string}}>(to: Channel, make: (event: E) => object): void => {
    const note = (message: unknown): void => {
      const event = message as E;
      if (event.actor.id === actor.id.id) emit(make(event) as {readonly type: string});
    };
    to.subscribe(note);
    stops.push(() => to.unsubscribe(note));
  };
  on<CallEvent>(callEvents.start, ({fn, kind, context, peer, scope}) => ({
    type: 'call',
    fn,
    kind,
    context,
    peer: peer?.id,
    scope,
  }));
  on<CallEvent>(callEvents.asyncEnd, ({fn, context, outcome}) => ({type: 'call ended', fn, context, outcome}));
  on<TaskEvent>(taskEvents.start, ({fn, kind, context, caller}) => ({
    type: 'task',
    fn,
    kind,
    context,
    caller: caller?.id,
  }));
  on<TaskEvent>(taskEvents.asyncEnd, ({fn, context, outcome}) => ({type: 'task ended', fn, context, outcome}));
  on<SpawnEvent>(spawnEvents.start, ({name, id, backend, attempt}) => ({
    type: 'spawn',
    name,
    child: id,
    backend,
    attempt,
  }));
  on<SpawnEvent>(spawnEvents.asyncEnd, ({name, id, outcome}) => ({type: 'spawn ended', name, child: id, outcome}));
  on<FlowEvent>(streamEvents, ({type, context, fn, sent, queuedBytes, missed}) => ({
    type,
    context,
    fn,
    sent,
    queuedBytes,
    ...(missed !== undefined && {missed}),
  }));
  on<LinkEvent>(linkEvents, ({type, peer, reason}) => ({type: `link ${type}`, peer: peer.id, reason}));
  const noteLife = (message: unknown): void => {
    const {type, actor: child, parent, exit, asked} = message as LifeEvent;
    if (parent.id === actor.id.id) emit({type, child: child.id, name: child.name, ...(exit && {exit, asked})});
  };
  actorEvents.subscribe(noteLife);
  stops.push(() => actorEvents.unsubscribe(noteLife));
  const noteLine = ({level, text, actor: who, context, fn}: LogLine): void => {
    // A line that belongs to no actor is told by each actor of the process that is asked.
    if ((who?.id ?? actor.id.id) !== actor.id.id) return;
    emit({type: 'log', level, text: text.slice(0, maxLine), ...(context !== undefined && {context, fn})});
  };
  stops.push(onLog(noteLine));
  return () => {
    for (const stop of stops) stop();
  };
}
