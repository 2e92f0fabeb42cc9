/**
 * Says in words which messages cross between actors of a simulation: the lines of a trace, and the points at which somebody may act.
 * Floor 9, room `simulation`: pure; `links` calls it for every write.
 */
import {type Frame, maxFrameBytes, readFrame, splitValues} from '../../msg/frame.js';
import {Kind} from '../../msg/types.js';
import {FrameSplitter} from '../../transport/framing.js';

/** The frames of one write, which holds whole frames. */
export function framesIn(chunks: readonly Uint8Array[]): Frame[] {
  const frames: Frame[] = [];
  const splitter = new FrameSplitter(maxFrameBytes);
  for (const chunk of chunks) splitter.feed(chunk, bytes => frames.push(readFrame(bytes)));
  return frames;
}

const names = Object.fromEntries(Object.entries(Kind).map(([name, kind]) => [kind, name]));

/** Their bytes hold stacks and paths, which differ between versions of Node and between folders. */
const withoutBytes = new Set<Kind>([Kind.Error, Kind.Cancel, Kind.Stop, Kind.Spawn, Kind.Start, Kind.Ready]);

/** A frame for the trace: `Yield 2 #1, 14 bytes 1f3a9c02`. */
export function frameText({kind, context, seq, payload}: Frame): string {
  const name = `${names[kind]} ${context}${seq > 0 ? ` #${seq}` : ''}`;
  return withoutBytes.has(kind) ? name : `${name}, ${payload.length} bytes ${hashOf(payload)}`;
}

/** FNV-1a, in hex. */
function hashOf(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/** The kinds of message of a context that are points. */
const points = new Map<Kind, string>([
  [Kind.Start, 'start'],
  [Kind.Started, 'started'],
  [Kind.Stop, 'stop'],
  [Kind.Return, 'return'],
  [Kind.Error, 'error'],
  [Kind.Cancel, 'cancel'],
]);

/** The points that a frame is: several for a frame with several values. */
export function pointsOf({kind, more, seq, payload}: Frame): string[] {
  const point = points.get(kind);
  if (point !== undefined) return more ? [] : [point];
  if (kind !== Kind.Yield) return [];
  if (more) return [];
  const values: string[] = [];
  try {
    splitValues(payload, () => values.push(`yield ${seq + values.length}`));
  } catch {
    // The last piece of a large value, which is no list of values.
    return [`yield ${seq}`];
  }
  return values;
}
