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
import type {KeptBreakpoint} from './kept-breakpoints.js';
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
  /** The inspector's names of the breakpoints that are set in this session. */
  readonly set: Map<string, KeptBreakpoint>;
}

/**
 * Called in the middle of a statement at which the program is to stop: `debugger`, or a breakpoint of an earlier prompt. The
 * thread goes on when the call returns, unless another session holds it by then.
 */
export type StopListener = (frames: CapturedFrames, breakpoint: number | undefined) => void;

/** The state of this thread. */
const state = processWide('debugger/capture', () => ({
  capture: undefined as Capture | undefined,
  captured: new WeakMap<object, CapturedFrames>(),
  taker: new FrameTaker(),
  /** The breakpoints that a person has set at a prompt. */
  breakpoints: [] as readonly KeptBreakpoint[],
  onStop: undefined as StopListener | undefined,
  onStatementSeen: undefined as (() => void) | undefined,
}));
const {captured, taker} = state;

/** From now on the frames of what is thrown in this thread are kept. Its promises become several times slower. */
export function startCapture(): void {
  if (state.capture) return;
  const inspector = new OwnInspector({
    scriptParsed: script => {
      taker.learn(script);
      if (state.onStatementSeen && attempt(() => taker.hasStatement(inspector, script))) seeStatement();
    },
    paused: event => paused(capture, event),
  });
  const capture: Capture = {inspector, suspensions: new Set(), here: undefined, wantsHere: false, set: new Map()};
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

/** As `suspendCapture`, in the middle of a stop, where the session of this thread must stay as it is. */
export function ignoreStops(isOver: () => boolean): () => void {
  const {capture} = state;
  if (!capture) return () => {};
  const suspension = {isOver};
  capture.suspensions.add(suspension);
  return () => end(capture, suspension);
}

export function onStop(listener: StopListener): void {
  state.onStop = listener;
}

/** Calls the listener once, when code of the user's with a `debugger` statement has been loaded in this thread. */
export function onStatementSeen(listener: () => void): void {
  state.onStatementSeen = listener;
}

function seeStatement(): void {
  const seen = state.onStatementSeen;
  state.onStatementSeen = undefined;
  seen?.();
}

/** Keeps these breakpoints while no prompt is open, from now on. Called at the end of a prompt, while the thread stands still. */
export function keepBreakpoints(breakpoints: readonly KeptBreakpoint[]): void {
  state.breakpoints = breakpoints;
  if (state.capture) listen(state.capture);
}

/** Whether a script is the user's. True where that is not known. */
export function isUsersScript(scriptId: string | undefined): boolean {
  return scriptId === undefined || taker.isUsersScript(scriptId);
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
function listen(capture: Capture): void {
  const {inspector, set} = capture;
  attempt(() => {
    inspector.post('Debugger.enable');
    inspector.post('Debugger.setPauseOnExceptions', {state: 'all'});
  });
  for (const breakpointId of set.keys()) attempt(() => inspector.post('Debugger.removeBreakpoint', {breakpointId}));
  set.clear();
  for (const breakpoint of state.breakpoints) attempt(() => set.set(setIn(inspector, breakpoint), breakpoint));
}

function setIn(inspector: OwnInspector, {location, condition}: KeptBreakpoint): string {
  const options = {location, ...(condition !== undefined && {condition})};
  return inspector.post<Debugger.SetBreakpointReturnType>('Debugger.setBreakpoint', options).breakpointId;
}

/** Runs in the middle of the user's statement, so it must not throw. */
function paused(capture: Capture, {callFrames, reason, data, hitBreakpoints}: Debugger.PausedEventDataType): void {
  const {inspector} = capture;
  // Another session holds the thread, and these are its stops.
  for (const {isOver} of capture.suspensions) if (!isOver()) return;
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
    } else if (state.onStop) {
      const hit = (hitBreakpoints ?? []).flatMap(id => capture.set.get(id) ?? [])[0];
      const frames = taker.take(inspector, callFrames);
      // A step or a pause of another debugger is not for this one.
      if (frames && (hit || isStatement(inspector, callFrames[0]))) stopAt(frames, hit);
    }
  });
  taker.release(inspector);
}

function stopAt(frames: CapturedFrames, hit: KeptBreakpoint | undefined): void {
  if (hit?.isOnce) state.breakpoints = state.breakpoints.filter(one => one !== hit);
  state.onStop?.(frames, hit?.number);
}

/** Whether a stop stands at a `debugger` statement of a program. The inspector does not say it. */
function isStatement(inspector: OwnInspector, frame: Debugger.CallFrame | undefined): boolean {
  return frame !== undefined && taker.isDebuggerStatement(inspector, frame);
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
