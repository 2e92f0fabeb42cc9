/**
 * A record of a tree in the JSON that Perfetto and the tracing page of Chrome read.
 * Floor 7: pure.
 *
 * Each actor is a process there. A call and its function are asynchronous slices, because they overlap; a flow leads from the one to
 * the other.
 */
import type {TraceEvent} from '../discovery/tree-events.js';

/** An entry of the format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU */
interface Entry {
  readonly ph: 'M' | 'b' | 'e' | 's' | 'f' | 'C' | 'i';
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly name: string;
  readonly cat?: string;
  readonly id?: string;
  readonly bp?: 'e';
  readonly s?: 'p';
  readonly args?: object;
}

/** The events that begin a slice, and the category of that. Each ends with the event `… ended`. */
const begins = new Set(['call', 'task', 'spawn']);
/** The events that are a point in time. */
const instants = new Set([
  'born',
  'ended',
  'unresponsive',
  'responsive',
  'started',
  'stalled',
  'moved',
  'overrun',
  'lagged',
  'link up',
  'link idle',
  'link lost',
]);
const counters = ['cpu', 'rss', 'queued', 'credit'];

/**
 * Writes a record of `traceTree` as the JSON object that ui.perfetto.dev and chrome://tracing open. Slices that are open at the end are
 * closed there, and marked with `open`. It is pure.
 *
 * @example
 * ```ts
 * await writeFile('trace.json', JSON.stringify(toPerfetto(events)));
 * ```
 */
export function toPerfetto(events: Iterable<TraceEvent>): {readonly traceEvents: readonly object[]} {
  const record = new Recording();
  for (const event of events) record.add(event);
  record.closeAll();
  return {traceEvents: record.entries};
}

class Recording {
  readonly entries: Entry[] = [];
  /** The numbers of the actors, because several of them may live in one process of the system. */
  readonly #numbers = new Map<string, number>();
  /** The slices that are open, by category and id. */
  readonly #open = new Map<string, Entry>();
  #last = 0;

  add(event: TraceEvent): void {
    const {us, type} = event;
    this.#last = Math.max(this.#last, us);
    const at = {pid: this.#numberOf(event.actor), tid: 0, ts: us};
    if (type === 'actor') this.#named(event, at.pid);
    else if (begins.has(type)) this.#begin(event, at);
    else if (type.endsWith(' ended')) this.#end(event, at);
    else if (type === 'counters') this.#count(event, at);
    else if (instants.has(type)) {
      const {us: _us, actor: _actor, ...args} = event;
      const name = `${type} ${String(event.fn ?? event.name ?? '')}`.trim();
      this.entries.push({ph: 'i', s: 'p', cat: 'event', name, args, ...at});
    }
  }

  closeAll(): void {
    for (const {name, cat, id, pid, tid} of this.#open.values())
      this.entries.push({ph: 'e', name, cat, id, pid, tid, ts: this.#last, args: {open: true}} as Entry);
    this.#open.clear();
  }

  #numberOf(actor: string): number {
    const known = this.#numbers.get(actor);
    if (known !== undefined) return known;
    this.#numbers.set(actor, this.#numbers.size + 1);
    return this.#numbers.size;
  }

  #named({name, pid, actor, parent}: TraceEvent, number: number): void {
    this.entries.push({
      ph: 'M',
      name: 'process_name',
      pid: number,
      tid: 0,
      args: {name: `${String(name)} (pid ${String(pid)})`, actor, ...(parent !== undefined && {parent})},
    });
  }

  #begin(event: TraceEvent, at: {readonly pid: number; readonly tid: number; readonly ts: number}): void {
    const {us: _us, actor: _actor, type, ...args} = event;
    const [id, name] = [idOf(event), String(event.fn ?? event.name)];
    const entry: Entry = {ph: 'b', cat: type, id, name, args, ...at};
    this.entries.push(entry);
    this.#open.set(`${type} ${id}`, entry);
    if (type === 'call') this.entries.push({ph: 's', cat: 'flow', id, name: 'call', ...at});
    if (type === 'task') this.entries.push({ph: 'f', bp: 'e', cat: 'flow', id, name: 'call', ...at});
  }

  /** The end of what began before the recording is left out. */
  #end(event: TraceEvent, at: {readonly ts: number}): void {
    const cat = event.type.slice(0, -' ended'.length);
    const key = `${cat} ${idOf(event)}`;
    const begun = this.#open.get(key);
    if (!begun) return;
    this.#open.delete(key);
    this.entries.push({...begun, ph: 'e', ts: at.ts, args: {outcome: event.outcome}});
  }

  #count(event: TraceEvent, at: {readonly pid: number; readonly tid: number; readonly ts: number}): void {
    for (const name of counters)
      if (typeof event[name] === 'number') this.entries.push({ph: 'C', name, args: {[name]: event[name]}, ...at});
  }
}

const idOf = ({context, child}: TraceEvent): string => context ?? String(child);
