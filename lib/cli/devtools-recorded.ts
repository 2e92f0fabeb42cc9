/**
 * Makes views of a tree from a record that `rxtractor trace` has written: one for each time at which the counters were read.
 * Floor 10: below `devtools`; pure. A record has no values of streams, and only calls that began while it was made.
 */
import type {ActorView, ContextView, TreeView} from '../window/types.js';

/** An entry of the record, as far as it is read here. `pid` is the number of an actor in it. */
interface Entry {
  readonly ph: string;
  readonly pid: number;
  readonly ts: number;
  readonly name: string;
  readonly cat?: string;
  readonly id?: string;
  readonly args: Readonly<Record<string, unknown>>;
}

interface Actor {
  id: string;
  name: string;
  pid: number;
  parent: string | undefined;
  /** In µs, as the times of the record. */
  since: number;
  cpu?: number;
  rss?: number;
  exit?: ActorView['exit'];
  state: 'serving' | 'ended' | 'gone';
  readonly open: Map<string, ContextView>;
}

/** The views, the oldest first. @throws TypeError for something that is not such a record */
export function viewsOfRecord(record: unknown): TreeView[] {
  const player = new Player();
  for (const entry of entriesOf(record)) player.play(entry);
  return player.finish();
}

function entriesOf(record: unknown): Entry[] {
  const list = (record as {traceEvents?: unknown} | null)?.traceEvents;
  if (!Array.isArray(list)) throw new TypeError('the file is not a record of rxtractor trace: it has no traceEvents');
  return list
    .filter(isEntry)
    .map((entry): Entry => ({...entry, ts: Number(entry.ts ?? 0), args: entry.args ?? {}}))
    .sort((a, b) => a.ts - b.ts);
}

const isEntry = (entry: Partial<Entry> | null): entry is Entry =>
  typeof entry?.ph === 'string' && typeof entry.pid === 'number' && typeof entry.name === 'string';

/** Counters that were read within this time belong to one view, in µs. */
const togetherUs = 300_000;

class Player {
  readonly #actors = new Map<number, Actor>();
  readonly #views: TreeView[] = [];
  /** When the counters of the next view began. */
  #countedAt: number | undefined;
  #now = 0;

  play(entry: Entry): void {
    const actor = this.#actor(entry);
    // The names of actors stand at no time, so before everything else.
    if (entry.ph === 'M') return named(actor, entry);
    this.#now = entry.ts;
    if (this.#countedAt !== undefined && entry.ts - this.#countedAt > togetherUs) this.#view();
    actor.since = Math.min(actor.since, entry.ts);
    if (entry.ph === 'C') this.#count(actor, entry);
    else if (entry.ph === 'b') begin(actor, entry);
    else if (entry.ph === 'e') end(actor, entry);
    else if (entry.ph === 'i' && entry.args.type === 'ended') this.#ended(entry);
  }

  finish(): TreeView[] {
    this.#view();
    return this.#views;
  }

  #actor({pid}: Entry): Actor {
    const name = `actor ${pid}`;
    const actor: Actor = this.#actors.get(pid) ?? {
      id: name,
      name,
      pid: 0,
      parent: undefined,
      since: Number.POSITIVE_INFINITY,
      state: 'serving',
      open: new Map(),
    };
    this.#actors.set(pid, actor);
    return actor;
  }

  #count(actor: Actor, {ts, name, args}: Entry): void {
    this.#countedAt ??= ts;
    if (name === 'cpu') actor.cpu = Number(args.cpu);
    if (name === 'rss') actor.rss = Number(args.rss);
  }

  #ended({args}: Entry): void {
    const actor = [...this.#actors.values()].find(({id}) => id === args.child);
    if (actor?.state !== 'serving') return;
    actor.state = 'ended';
    actor.exit = args.exit as ActorView['exit'];
    actor.open.clear();
  }

  /** Actors are in it from their first event on, and once after they have ended. */
  #view(): void {
    this.#countedAt = undefined;
    const there = [...this.#actors.values()].filter(({state, since}) => state !== 'gone' && since <= this.#now);
    const known = new Set(there.map(({id}) => id));
    const isTop = ({parent}: Actor): boolean => parent === undefined || !known.has(parent);
    const root = there.find(isTop);
    if (!root) return;
    // An actor whose parent is not in the record stands below the root.
    const childrenOf = (actor: Actor): Actor[] =>
      there.filter(each => each !== root && (isTop(each) ? actor === root : each.parent === actor.id));
    this.#views.push({at: this.#now / 1_000, root: viewOf(root, childrenOf), more: 0});
    for (const actor of there) if (actor.state === 'ended') actor.state = 'gone';
  }
}

/** Its name stands as `toPerfetto` writes it: `worker (pid 12)`. */
function named(actor: Actor, {args}: Entry): void {
  const [, name = String(args.name), pid = '0'] = /^(.*) \(pid (\d+)\)$/s.exec(String(args.name)) ?? [];
  Object.assign(actor, {name, pid: Number(pid)});
  if (typeof args.actor === 'string') actor.id = args.actor;
  if (typeof args.parent === 'string') actor.parent = args.parent;
}

/** The counters of a context of which none are known: a record has none. */
export const uncounted = {
  sent: 0,
  received: 0,
  dropped: 0,
  queuedBytes: 0,
  credit: {granted: 0, used: 0},
  stalledMs: 0,
  still: 0,
} as const satisfies Partial<ContextView>;

function begin(actor: Actor, {cat, id = '', name, ts, args}: Entry): void {
  if (cat !== 'call' && cat !== 'task') return;
  const isCaller = cat === 'call';
  actor.open.set(`${cat} ${id}`, {
    uid: id,
    fn: name,
    kind: (args.kind ?? 'task') as ContextView['kind'],
    side: isCaller ? 'caller' : 'callee',
    caller: isCaller ? actor.id : String(args.caller ?? ''),
    callee: isCaller ? String(args.peer ?? '') : actor.id,
    state: isCaller ? 'has not ended' : 'has not returned',
    since: ts / 1_000,
    ...uncounted,
  });
}

/** A call that was open at the end of the record is closed there with a mark, and is open in the last view. */
function end(actor: Actor, {cat, id, args}: Entry): void {
  if (args.open !== true) actor.open.delete(`${cat} ${id}`);
}

function viewOf(actor: Actor, childrenOf: (actor: Actor) => readonly Actor[]): ActorView {
  const {id, name, pid, since, cpu, rss, exit, state, open} = actor;
  return {
    id,
    name,
    pid,
    host: '',
    state: state === 'serving' ? 'serving' : 'ended',
    ...(exit && {exit}),
    since: since / 1_000,
    ...(cpu !== undefined && {cpu}),
    ...(rss !== undefined && {rss}),
    contexts: [...open.values()],
    waits: [],
    age: 0,
    children: childrenOf(actor).map(child => viewOf(child, childrenOf)),
    more: 0,
  };
}
