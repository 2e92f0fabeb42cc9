/**
 * The frames of a stack that say something to its reader.
 * Floor 0.
 */
import {fileURLToPath} from 'node:url';

/** Where this library's own files lie, and their sources, which stacks name where Node follows source maps. */
const compiled = new URL('..', import.meta.url).href;
const places = [compiled, compiled.replace(/dist\/lib\/$/, 'lib/')];

export const isOfLibrary = (url: string): boolean => places.some(place => url.startsWith(place));

/**
 * The frames without those at the outer end that are this library's or Node's: how a function came to be run is the
 * same for all of them. Frames of the library between two of the user's stay.
 */
export function userFrames(frames: readonly string[]): readonly string[] {
  let end = frames.length;
  while (end > 0 && isMachinery(frames[end - 1] as string)) end--;
  // Where nothing of the user's is left, the whole tells more than none.
  return end > 0 ? frames.slice(0, end) : frames;
}

/** Whether a frame is this library's or Node's. */
export const isMachinery = (frame: string): boolean => machinery.test(frame);

/** Of a source Node prints the path. */
const starts = ['node:', ...places, ...places.map(place => fileURLToPath(place))];
const machinery = new RegExp(
  `(?:^|[( ])(?:${starts.map(start => start.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|')})`,
);
