/**
 * The marks of streams, put together by stream: what has left, and what has come.
 * Floor 10: below `draw-marbles`, and part of the page. Pure but for its memory.
 */
import type {Mark} from '../discovery/tree-marks.js';

/** The time that a drawing spans, in µs. */
export const spanUs = 5_000_000;
/** Maximum number of marks of one end that are remembered. */
const maxMarks = 4_096;
/** Above so many values a second they are drawn as density. */
const maxSingly = 200;

export interface Lane {
  readonly key: string;
  readonly fn: string;
  /** The ids of the actors. Empty until one has been heard of. */
  from: string;
  to: string;
  readonly out: Mark[];
  readonly in: Mark[];
}

/** The part of a lane within the time that is drawn. */
export interface Span {
  readonly out: readonly Mark[];
  readonly in: readonly Mark[];
  /** Values a second. */
  readonly rate: number;
  readonly isDense: boolean;
}

/** One value of a stream. */
export interface Passed {
  readonly seq: number;
  readonly type: string;
  readonly bytes: number;
  readonly preview?: string | undefined;
  /** The time that it was on its way, in ms. Undefined while it has not come. */
  readonly tookMs: number | undefined;
}

export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  #latest = 0;

  add(marks: readonly Mark[]): void {
    for (const mark of marks) {
      const {context, fn, side, way, actor} = mark;
      const sender = (side === 'caller') === (way === 'out') ? 'caller' : 'callee';
      const key = `${context} ${sender}`;
      const lane = this.#lanes.get(key) ?? {key, fn, from: '', to: '', out: [], in: []};
      this.#lanes.set(key, lane);
      lane[way === 'out' ? 'from' : 'to'] = actor;
      lane[way].push(mark);
      if (lane[way].length > maxMarks) lane[way].shift();
      this.#latest = Math.max(this.#latest, mark.us);
    }
  }

  /** The streams through which something has gone in the last five seconds. The others are forgotten. */
  at(now: number): readonly Lane[] {
    for (const {key, out, in: come} of this.#lanes.values())
      if (Math.max(out.at(-1)?.us ?? 0, come.at(-1)?.us ?? 0) < now - spanUs) this.#lanes.delete(key);
    return [...this.#lanes.values()];
  }

  /** When the newest mark was made, in µs. */
  get latest(): number {
    return this.#latest;
  }
}

/** @param right the time at the right edge, in µs */
export function spanOf(lane: Lane, right: number): Span {
  const [out, come] = [lane.out, lane.in].map(marks => marks.filter(({us}) => us > right - spanUs)) as [Mark[], Mark[]];
  const countOf = (marks: readonly Mark[]): number => marks.reduce((sum, {count}) => sum + count, 0);
  const rate = Math.round(Math.max(countOf(out), countOf(come)) / (spanUs / 1e6));
  return {out, in: come, rate, isDense: rate > maxSingly};
}

/** The latest values that have left, the newest first. Those that have left together are one. */
export function latestOf({out, in: come}: Span, count: number): Passed[] {
  return out
    .slice(-count)
    .reverse()
    .map(({seq, us, type = '', bytes, count: values, preview}) => {
      const arrival = come.findLast(mark => mark.seq <= seq && seq < mark.seq + mark.count);
      const tookMs = arrival && Math.max(0, arrival.us - us) / 1_000;
      return {seq, type, bytes: Math.round(bytes / values), preview, tookMs};
    });
}
