/**
 * The frames of a stack that say something to its reader.
 * Floor 0.
 */
import {fileURLToPath} from 'node:url';

/** Where this library's own files lie. */
export const library = new URL('..', import.meta.url).href;

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

/** Where the library's files lie, or its sources, which Node prints as paths when it follows source maps. */
const places = [library, library.replace(/dist\/lib\/$/, 'lib/')].flatMap(url => [url, fileURLToPath(url)]);
const machinery = new RegExp(
  `(?:^|[( ])(?:node:|${places.map(place => place.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|')})`,
);
