/**
 * The stack of an error of this library as its reader needs it: first what was called, then the frames of the user's code.
 * Floor 0: above `stack`. Which calls keep their frames is decided by those that make calls (decision 0011).
 */
import type {ActorError} from './errors.js';
import {escapeText} from './escape.js';
import {readProperty} from './foreign.js';
import {setHidden} from './hidden.js';
import {isMachinery, userFrames, withPlainStacks} from './stack.js';

/** Stack frames as Error.captureStackTrace keeps them: they are formatted only when they are read. */
export interface Frames {
  readonly stack?: string;
}

/** As many frames as V8 keeps by default are those of RxJS alone, where a call is made by a subscription. */
const deepFrames = 40;

/** The frames above a function. @param isDeep whether frames of RxJS may lie between this library and the user's code */
export function framesAbove(from: ((...args: never[]) => unknown) | undefined, isDeep = false): Frames {
  const frames: Frames = {};
  const limit = Error.stackTraceLimit;
  // A program that sets no limit, or 0, wants it so.
  const isDeeper = isDeep && limit > 0 && limit < deepFrames;
  if (isDeeper) Error.stackTraceLimit = deepFrames;
  Error.captureStackTrace(frames, from);
  if (isDeeper) Error.stackTraceLimit = limit;
  return frames;
}

/** The user's frames of a stack, without those of this library, of Node and of RxJS around them. Empty when there are none. */
export function callFrames(stack: unknown): readonly string[] {
  const start = typeof stack === 'string' ? stack.search(/^[ \t]+at /m) : -1;
  if (start < 0) return [];
  const all = (stack as string).slice(start).split('\n');
  const first = all.findIndex(frame => !isMachinery(frame) && !between.test(frame));
  return first < 0 ? [] : userFrames(all.slice(first, first + Error.stackTraceLimit));
}

/** Frames that lie between the user's code and this library: of RxJS, of the queue of starts, and of builtin functions. */
const between = /[\\/]node_modules[\\/](?:rxjs|p-queue)[\\/]|\(<anonymous>\)$/;

/** Errors whose stack begins at a call: a death that ends several calls begins at the first of them. */
const atCall = new WeakSet<ActorError>();

/** The stack begins where the user started the actor that the error is about. A call that the error ends says more. */
export function beginAtStart(error: ActorError, place: string, frames: Frames): void {
  begin(error, place, callFrames(readStack(frames)));
}

/**
 * The stack begins at a call.
 *
 * @param place the call in words
 * @param candidates frames of the call, the best ones first. The first ones that have a frame of the user's count
 */
export function beginAtCall(error: ActorError, place: string, ...candidates: readonly (Frames | undefined)[]): void {
  if (atCall.has(error)) return;
  for (const candidate of candidates) {
    const frames = callFrames(readStack(candidate));
    if (frames.length === 0) continue;
    atCall.add(error);
    begin(error, place, frames);
    return;
  }
}

function begin(error: ActorError, place: string, frames: readonly string[]): void {
  const header = `${error.name} [${error.code}]: ${error.message}`;
  withPlainStacks(() => setHidden(error, 'stack', escapeText([header, `    [${place}]`, ...frames].join('\n'))));
}

function readStack(frames: Frames | undefined): unknown {
  return withPlainStacks(() => readProperty(frames, 'stack'));
}
