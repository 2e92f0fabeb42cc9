/**
 * Keeps the frames in which the user's code throws an error, while debug mode is on, so that a prompt can show them
 * later.
 * Floor 7: above `frame-taker`; `attach` starts and stops it, and prompts ask it.
 */
import type {Debugger, Runtime} from 'node:inspector';
import {attempt} from '../../base/foreign.js';
import {processWide} from '../../base/process-wide.js';
import type {CapturedFrame} from './captured-frame.js';
import {FrameTaker} from './frame-taker.js';
import {handedOver, handOver, OwnInspector} from './own-inspector.js';

type CapturedFrames = readonly CapturedFrame[];

/** One reason why nothing is captured for a while. */
interface Suspension {
  readonly isOver: () => boolean;
}

interface Capture {
  readonly inspector: OwnInspector;
  readonly suspensions: Set<Suspension>;
  /** The answer to `captureHere`. */
  here: CapturedFrames | undefined;
  /** Whether `captureHere` waits for its answer. */
  wantsHere: boolean;
}

/** The state of this thread. */
const state = processWide('debugger/capture', () => ({
  capture: undefined as Capture | undefined,
  captured: new WeakMap<object, CapturedFrames>(),
  taker: new FrameTaker(),
}));
const {captured, taker} = state;

/** From now on the frames of what is thrown in this thread are kept. Its promises become several times slower. */
export function startCapture(): void {
  if (state.capture) return;
  const inspector = new OwnInspector({
    scriptParsed: script => taker.learn(script),
    paused: event => paused(capture, event),
  });
  const capture: Capture = {inspector, suspensions: new Set(), here: undefined, wantsHere: false};
  state.capture = capture;
  taker.inspector = inspector;
  listen(capture);
}

export function stopCapture(): void {
  state.capture?.inspector.disconnect();
  state.capture = undefined;
  taker.inspector = undefined;
}

/**
 * Captures nothing until the returned function is called. Whether a throw stops the thread is one setting of the whole
 * thread, so that another session that looks at the thread would be stopped by throws too.
 *
 * @param isOver tells `captureHere` that the returned function is about to be called, so that it need not wait for it
 */
export function suspendCapture(isOver: () => boolean): () => void {
  const {capture} = state;
  if (!capture) return () => {};
  const suspension = {isOver};
  if (capture.suspensions.size === 0) attempt(() => capture.inspector.post('Debugger.disable'));
  capture.suspensions.add(suspension);
  return () => end(capture, suspension);
}

function end(capture: Capture, suspension: Suspension): void {
  if (capture.suspensions.delete(suspension) && capture.suspensions.size === 0 && state.capture === capture)
    listen(capture);
}

/** The frames in which an error was first thrown, the innermost first; undefined when they are not known. */
export function framesOf(error: unknown): CapturedFrames | undefined {
  return typeof error === 'object' && error !== null ? captured.get(error) : undefined;
}

/** The user's frames that are on the stack now; undefined when there are none, or when nothing is captured. */
export function captureHere(): CapturedFrames | undefined {
  const {capture} = state;
  if (!capture) return undefined;
  for (const suspension of capture.suspensions) if (suspension.isOver()) end(capture, suspension);
  if (capture.suspensions.size > 0) return undefined;
  capture.wantsHere = true;
  // biome-ignore lint/suspicious/noDebugger: the session of this thread answers it at once
  debugger;
  const {here} = capture;
  capture.wantsHere = false;
  capture.here = undefined;
  return here;
}

/** A failure of the debugger is dropped here and below, because the program must not notice it. */
function listen({inspector}: Capture): void {
  attempt(() => {
    inspector.post('Debugger.enable');
    inspector.post('Debugger.setPauseOnExceptions', {state: 'all'});
  });
}

/** Runs in the middle of the user's statement, so it must not throw. */
function paused(capture: Capture, {callFrames, reason, data, hitBreakpoints}: Debugger.PausedEventDataType): void {
  const {inspector} = capture;
  attempt(() => {
    if (capture.wantsHere) {
      capture.wantsHere = false;
      capture.here = taker.take(inspector, callFrames);
      inspector.post('Debugger.resume');
    } else if (reason === 'exception' || reason === 'promiseRejection') {
      const error = errorOf(inspector, data as Runtime.RemoteObject | undefined);
      if (error && !captured.has(error)) {
        const frames = taker.take(inspector, callFrames);
        if (frames) captured.set(error, frames);
      }
      // Where another debugger listens too, the program would stand still for it without this.
      if (!hitBreakpoints?.length) inspector.post('Debugger.resume');
    }
  });
  taker.release(inspector);
}

/** The thrown object; undefined when it is not an object, because then nothing can be kept for it. */
function errorOf(inspector: OwnInspector, thrown: Runtime.RemoteObject | undefined): object | undefined {
  if (thrown?.objectId === undefined) return undefined;
  return handedOver<object>(() =>
    inspector.post('Runtime.callFunctionOn', {
      objectId: thrown.objectId,
      functionDeclaration: `function () { ${handOver}(this); }`,
      silent: true,
    }),
  );
}
