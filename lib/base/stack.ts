/**
 * The frames of a stack that tell its reader something: those of the user's code.
 * Floor 0: used where errors are printed and where they are packed.
 */
import {fileURLToPath} from 'node:url';
import {escapeText} from './escape.js';
import {setHidden} from './hidden.js';
import {libraryFolder} from './library.js';

/** The folder of this library's files, and of their sources, which stacks name when Node follows source maps. */
const folders = libraryFolder === undefined ? [] : [libraryFolder, libraryFolder.replace(/dist\/lib\/$/, 'lib/')];

/** Whether a URL is one of this library's files. */
export const isOfLibrary = (url: string): boolean => folders.some(folder => url.startsWith(folder));

/**
 * The frames without those of this library and of Node at the outer end, because the way in which a function is called is the
 * same for all functions. Frames of the library between two frames of the user stay.
 */
export function userFrames(frames: readonly string[]): readonly string[] {
  let end = frames.length;
  while (end > 0 && isMachinery(frames[end - 1] as string)) end--;
  // When no frame of the user is left, all frames tell more than none.
  return end > 0 ? frames.slice(0, end) : frames;
}

/**
 * Runs `fn` without the `prepareStackTrace` of the program, which may throw, or give something other than a text. V8 calls it
 * where a stack is first read, and also where a stack is replaced.
 */
export function withPlainStacks<T>(fn: () => T): T {
  const prepare = Error.prepareStackTrace;
  if (prepare === undefined) return fn();
  try {
    (Error as {prepareStackTrace?: unknown}).prepareStackTrace = undefined;
    return fn();
  } finally {
    Error.prepareStackTrace = prepare;
  }
}

/** Escapes what could steer a terminal in the stack of an error whose message holds text from elsewhere (rule E4). */
export function escapeStack(error: Error): void {
  // To read a stack formats it. Therefore it is only read where its message needs it.
  if (escapeText(error.message) !== error.message)
    withPlainStacks(() => setHidden(error, 'stack', escapeText(String(error.stack))));
}

/** Whether a frame is in this library or in Node. */
export const isMachinery = (frame: string): boolean => machinery.test(frame);

/** Node prints the path of a source file, and the URL of a compiled one. */
const starts = ['node:', ...folders, ...folders.map(folder => fileURLToPath(folder))];
const machinery = new RegExp(
  `(?:^|[( ])(?:${starts.map(start => start.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|')})`,
);
