/**
 * Draws the values of streams in the terminal: two lines for each stream, what has left and what has come, over the same time.
 * Floor 10: below `marbles`; pure.
 */
import type {Mark} from '../discovery/tree-marks.js';
import {cut, pad, shown} from './format.js';
import {type Lane, latestOf, spanOf, spanUs} from './mark-lanes.js';
import {paint} from './paint.js';

const densities = ' ▁▂▃▄▅▆▇█';

export interface Look {
  readonly width: number;
  readonly colours: boolean;
}

/**
 * @param now the time at the right edge, in µs
 * @param nameOf the name of an actor, safe to print
 */
export function drawMarbles(
  lanes: readonly Lane[],
  now: number,
  nameOf: (id: string) => string,
  {width, colours}: Look,
): string[] {
  const room = Math.max(10, width - 6);
  const columnOf = (us: number): number => Math.min(room - 1, Math.floor(((us - now) / spanUs + 1) * room));
  return lanes.flatMap(lane => {
    const span = spanOf(lane, now);
    const title = `${shown(lane.fn)}: ${nameOf(lane.from)} → ${nameOf(lane.to)}, ${span.rate} a second`;
    const [latest] = latestOf(span, 1);
    const size = latest && `${latest.type}, ${latest.bytes} bytes${latest.preview ? `: ${shown(latest.preview)}` : ''}`;
    return [
      paint('bold', cut(title, width), colours),
      ...(['out', 'in'] as const).map(way => `${pad(way, 4)}  ${lineOf(span[way], columnOf, room, span.isDense)}`),
      ...(size ? [paint('dim', cut(`      #${latest.seq}  ${size}`, width), colours)] : []),
    ];
  });
}

/** A value is the last digit of its number, so that both ends of a stream can be compared. */
function lineOf(marks: readonly Mark[], columnOf: (us: number) => number, room: number, isDense: boolean): string {
  const counts = new Array<number>(room).fill(0);
  const digits = new Array<string>(room).fill('─');
  for (const {us, seq, count} of marks) {
    const column = columnOf(us);
    counts[column] = (counts[column] ?? 0) + count;
    digits[column] = String((seq + count - 1) % 10);
  }
  if (!isDense) return digits.join('');
  const most = Math.max(1, ...counts);
  return counts.map(count => densities[Math.ceil((count / most) * (densities.length - 1))]).join('');
}
