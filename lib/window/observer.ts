/**
 * Makes a view of each sample of a tree, and compares it with those before: how long a counter stands still, for how long a wait
 * lasts, how much of a core a process uses, which actors have ended.
 * Floor 7: pure, with the memory of one observer; `watch-tree` takes the samples.
 */
import type {ContextRow, SurveyRow, WaitRow} from '../base/tree-survey.js';
import {stateOf} from '../base/tree-survey.js';
import type {Usage} from './processes.js';
import type {ActorState, ActorView, ContextView, TreeView, Wait} from './types.js';

/** A tree as it was seen at one moment. */
export interface Sample {
  /** In ms since 1970. */
  readonly at: number;
  readonly rows: readonly SurveyRow[];
  /** By pid, of the processes of the host on which the root runs, as far as they can be seen. */
  readonly usage: ReadonlyMap<number, Usage>;
}

/** `stalledMs` is counted over so much time, in ms. */
const stallWindowMs = 10_000;
/** A process that has used less than this share of a core is idle. */
const idleShare = 0.05;
/** An actor that is missing for so long is forgotten, in ms. Its end is told for 30 s, and must not be shown twice. */
const forgottenMs = 60_000;

interface KnownEnd {
  readonly since: number;
  /** The counters when they moved the last time, and when that was. */
  counters: string;
  movedAt: number;
  waitsFor: string;
  waitsSince: number;
  /** The counted stall at earlier samples, the oldest first. */
  readonly stalls: {readonly at: number; readonly ms: number}[];
}

/** When each wait that is not of a context was first seen, by what it is. */
type KnownWaits = ReadonlyMap<string, number>;

interface KnownActor {
  readonly since: number;
  seenAt: number;
  cpuMs: number | undefined;
  busyAt: number;
  contexts: readonly ContextRow[];
  more: number;
  contextsAt: number;
  isEnded: boolean;
}

/** An actor that is being put together. */
interface Draft extends Omit<ActorView, 'children'> {
  readonly children: Draft[];
}

export class Observer {
  #ends = new Map<string, KnownEnd>();
  readonly #actors = new Map<string, KnownActor>();
  #waits = new Map<string, number>();
  /** The rows of the view before, so that an actor that is missing now can be shown as ended. */
  #before: readonly {readonly row: SurveyRow; readonly parent: string}[] = [];
  #at = 0;

  view(sample: Sample): TreeView {
    const rows = this.#withEnded(placed(sample.rows));
    const callers = callersIn(sample.rows);
    const drafts = new Map<string, Draft>();
    let root: Draft | undefined;
    const ends = this.#ends;
    this.#ends = new Map();
    const waits = this.#waits;
    this.#waits = new Map();
    for (const {row, parent} of rows) {
      const draft = this.#actor(row, sample, callers, ends, waits);
      drafts.set(row.actor.id, draft);
      if (root) drafts.get(parent)?.children.push(draft);
      else root = draft;
    }
    // One that waits to be started again does not end: its next incarnation is another actor.
    this.#before = rows.filter(({row}) => row.state !== 'ended' && row.state !== 'restarting');
    this.#at = sample.at;
    for (const [id, {seenAt}] of this.#actors) if (sample.at - seenAt > forgottenMs) this.#actors.delete(id);
    if (!root) throw new TypeError('a view needs the row of a root');
    return {at: sample.at, root, more: 0};
  }

  /** Adds the actors that were there the last time and are missing now. One that has told its end is shown once. */
  #withEnded(rows: Placed[]): Placed[] {
    const there = new Set(rows.map(({row}) => row.actor.id));
    // One that has died while it was asked is there twice: as silent, and as ended.
    const ended = new Set(rows.flatMap(({row}) => (row.state === 'ended' ? [row.actor.id] : [])));
    const shown = rows.filter(({row: {state, actor}}) =>
      state === 'ended' ? !this.#actors.get(actor.id)?.isEnded : !ended.has(actor.id),
    );
    const isCut = new Set<string>();
    for (const {row} of rows) if (row.state === 'silent') isCut.add(row.actor.id);
    for (const {row, parent} of this.#before) {
      if (there.has(row.actor.id)) continue;
      // Below an actor that does not answer nobody tells whether they are there.
      if (isCut.has(parent)) {
        isCut.add(row.actor.id);
        shown.push({row: {...row, state: 'silent', contexts: []}, parent});
      } else if (there.has(parent)) shown.push({row: {...row, state: 'ended', contexts: []}, parent});
    }
    return shown;
  }

  #actor(
    row: SurveyRow,
    {at, usage}: Sample,
    callers: ReadonlyMap<string, string>,
    ends: ReadonlyMap<string, KnownEnd>,
    waits: KnownWaits,
  ): Draft {
    const {id, name, pid, host} = row.actor;
    // A pid of another host is that of a stranger here.
    const used = row.isElsewhere || row.state === 'ended' ? undefined : usage.get(pid);
    const known: KnownActor = this.#actors.get(id) ?? {
      since: row.since > 0 ? row.since : at,
      seenAt: at,
      cpuMs: undefined,
      busyAt: at,
      contexts: [],
      more: 0,
      contextsAt: at,
      isEnded: false,
    };
    this.#actors.set(id, known);
    known.seenAt = at;
    const cpu = used && known.cpuMs !== undefined ? (used.cpuMs - known.cpuMs) / Math.max(1, at - this.#at) : undefined;
    if (cpu !== undefined && cpu >= idleShare) known.busyAt = at;
    known.cpuMs = used?.cpuMs;
    known.isEnded ||= row.state === 'ended';
    if (row.state === '') Object.assign(known, {contexts: row.contexts, more: row.more, contextsAt: at});
    const contexts = known.isEnded ? [] : known.contexts;
    return {
      id,
      name,
      pid,
      host,
      ...(row.isElsewhere && {elsewhere: true as const}),
      state: actorState(row, cpu),
      ...(row.exit && {exit: row.exit}),
      since: known.since,
      ...(cpu !== undefined && {cpu: Math.round(cpu * 1_000) / 1_000, idle: at - known.busyAt}),
      ...(used && {rss: used.rss}),
      contexts: contexts.map(context => this.#context(context, id, at, callers, ends)),
      age: at - known.contextsAt,
      waits: (row.waits ?? []).map(wait => this.#wait(wait, at, waits)),
      children: [],
      more: known.more,
    };
  }

  #wait(wait: WaitRow, at: number, known: KnownWaits): Wait {
    const key = [wait.for, wait.by, wait.of].join(' ');
    const since = known.get(key) ?? at;
    this.#waits.set(key, since);
    return {...wait, since};
  }

  #context(
    row: ContextRow,
    actor: string,
    at: number,
    callers: ReadonlyMap<string, string>,
    ends: ReadonlyMap<string, KnownEnd>,
  ): ContextView {
    const {uid, fn, kind, side, peer, sent, received, dropped, queuedBytes, granted} = row;
    const caller = callers.get(uid) ?? (side === 'caller' ? (row.task ?? actor) : (peer?.id ?? ''));
    const wait = row.waits && {
      for: row.waits,
      by: side === 'caller' ? caller : uid,
      of: side === 'caller' ? uid : caller,
    };
    const known = this.#end(row, at, ends);
    return {
      uid,
      fn,
      kind,
      side,
      caller,
      callee: side === 'caller' ? (peer?.id ?? '') : actor,
      state: stateOf(row).join(', '),
      since: known.since,
      sent,
      received,
      dropped,
      queuedBytes,
      credit: {granted, used: sent},
      stalledMs: stalledIn(known, row.stalledMs, at),
      still: at - known.movedAt,
      ...(wait && {wait: {...wait, context: uid, since: known.waitsSince} satisfies Wait}),
    };
  }

  #end(row: ContextRow, at: number, ends: ReadonlyMap<string, KnownEnd>): KnownEnd {
    const key = `${row.uid} ${row.side}`;
    const {sent, received, dropped, queuedBytes, granted, started, cancelled, waits = ''} = row;
    const counters = [sent, received, dropped, queuedBytes, granted, started, cancelled].join();
    const known = ends.get(key) ?? {since: at, counters, movedAt: at, waitsFor: waits, waitsSince: at, stalls: []};
    this.#ends.set(key, known);
    if (known.counters !== counters) Object.assign(known, {counters, movedAt: at});
    if (known.waitsFor !== waits) Object.assign(known, {waitsFor: waits, waitsSince: at});
    return known;
  }
}

/** The stall of the last 10 s, or of the time for which it was observed. */
function stalledIn({stalls}: KnownEnd, ms: number, at: number): number {
  while (stalls.length > 1 && at - (stalls[1]?.at ?? at) >= stallWindowMs) stalls.shift();
  const [oldest] = stalls;
  stalls.push({at, ms});
  return oldest ? Math.max(0, Math.round(ms - oldest.ms)) : 0;
}

interface Placed {
  readonly row: SurveyRow;
  /** The id of the actor above it. Empty for the root. */
  readonly parent: string;
}

function placed(rows: readonly SurveyRow[]): Placed[] {
  const path: string[] = [];
  return rows.map(row => {
    path.length = Math.max(0, row.depth);
    const parent = path.at(-1) ?? '';
    path.push(row.actor.id);
    return {row, parent};
  });
}

/** For each context the task that has called, as its caller's end tells. */
function callersIn(rows: readonly SurveyRow[]): Map<string, string> {
  const callers = new Map<string, string>();
  for (const {actor, contexts} of rows)
    for (const {uid, side, task} of contexts) if (side === 'caller') callers.set(uid, task ?? actor.id);
  return callers;
}

function actorState({state, prompted}: SurveyRow, cpu: number | undefined): ActorState {
  switch (state) {
    case '':
      return prompted ? 'at a prompt' : 'serving';
    case 'silent':
      return (cpu ?? 0) >= idleShare ? 'busy' : 'unresponsive';
    case 'ended':
    case 'ending':
      return state;
    default:
      return 'spawning';
  }
}
