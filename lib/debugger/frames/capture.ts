/**
 * Keeps, for errors that the user's code throws, the frames in which that happened: for each a closure that evaluates there.
 * Floor 7: below `captured`, above `sources`. A session of this very thread with itself: V8 calls it in the middle of the
 * throw, and goes on when it returns.
 */
import {type Debugger, type Runtime, Session} from 'node:inspector';
import {processWide} from '../../base/process-wide.js';
import {usersFrames} from './code.js';
import {type Position, Sources} from './sources.js';

/** A frame of the user's that was on the stack once. What it can see lives as long as it does. */
export interface CapturedFrame {
  readonly name: string;
  /** What V8 calls this place, and the function; undefined where nothing but a stack is known. */
  readonly place?: Place;
  /** In the file that the author wrote; counts from 0. */
  readonly position: Position;
  /** Evaluates there; the values of variables are those of that moment, and may be assigned to. Throws what the code throws. */
  readonly evaluate: (code: string) => unknown;
  /** From the innermost outwards, without the global one; values are asked of `evaluate`. */
  readonly scopes: readonly CapturedScope[];
  /** The lines of its file. */
  source(): Promise<readonly string[] | undefined>;
}

/** Of a call frame of the inspector. */
export type Place = Pick<Debugger.CallFrame, 'functionName' | 'location' | 'functionLocation'>;

export interface CapturedScope {
  /** `local`, `block`, `closure`, `module`, …, in V8's words. */
  readonly kind: string;
  readonly names: readonly string[];
}

/** Deep recursion, and scopes of generated code: more than a person reads, and each throw pays for them. */
const maxFrames = 20;
const maxNames = 200;

/** Where code that is evaluated in a frame finds us: it sees the user's variables and globals only. */
const slot = 'rxtractor/debugger/capture';
/** A name that nobody has: it would hide theirs. */
const closure = `globalThis[Symbol.for('${slot}')]($rxtractorCode$ => eval($rxtractorCode$))`;
const group = 'capture';

type Frames = readonly CapturedFrame[];

interface Suspension {
  readonly isOver: () => boolean;
}

interface Capture {
  readonly session: Session;
  /** Those who have switched it off for a while. */
  readonly suspended: Set<Suspension>;
  /** What `captureHere` waits for. */
  here: Frames | undefined;
  wantsHere: boolean;
}

/** Of this thread. */
const state = processWide('debugger/capture', () => ({
  capture: undefined as Capture | undefined,
  captured: new WeakMap<object, Frames>(),
  sources: new Sources(),
  /** The names that modules declare, by the id of their script: always the same. */
  modules: new Map<string, CapturedScope>(),
}));
const {captured, sources, modules} = state;

/** From now on the frames of what is thrown in this thread are kept, and its promises are several times slower. */
export function startCapture(): void {
  if (state.capture) return;
  const capture: Capture = {session: new Session(), suspended: new Set(), here: undefined, wantsHere: false};
  const {session} = capture;
  session.connect();
  session.on('Debugger.scriptParsed', ({params}) =>
    sources.add(params.scriptId, params.url, params.sourceMapURL ?? ''),
  );
  session.on('Debugger.paused', ({params}) => paused(capture, params));
  state.capture = capture;
  listen(capture);
}

export function stopCapture(): void {
  state.capture?.session.disconnect();
  state.capture = undefined;
}

/**
 * Off until the returned function is called: whether throws stop is one setting of the whole thread, so whoever else looks
 * at it would be stopped by them.
 *
 * @param isOver asked when something is to be captured all the same: whether it will be called any moment
 */
export function suspendCapture(isOver: () => boolean): () => void {
  const {capture} = state;
  if (!capture) return () => {};
  const suspension = {isOver};
  if (capture.suspended.size === 0) attempt(() => post(capture.session, 'Debugger.disable'));
  capture.suspended.add(suspension);
  return () => end(capture, suspension);
}

function end(capture: Capture, suspension: Suspension): void {
  if (capture.suspended.delete(suspension) && capture.suspended.size === 0 && state.capture === capture)
    listen(capture);
}

/** Where an error was first thrown, the innermost frame first; undefined when that is not known. */
export function framesOf(error: unknown): Frames | undefined {
  return typeof error === 'object' && error !== null ? captured.get(error) : undefined;
}

/** The user's frames that are on the stack now; undefined when there are none, or nothing is being captured. */
export function captureHere(): Frames | undefined {
  const {capture} = state;
  if (!capture) return undefined;
  for (const suspension of capture.suspended) if (suspension.isOver()) end(capture, suspension);
  if (capture.suspended.size > 0) return undefined;
  capture.wantsHere = true;
  // biome-ignore lint/suspicious/noDebugger: answered by our own session, at once
  debugger;
  const {here} = capture;
  capture.wantsHere = false;
  capture.here = undefined;
  return here;
}

function listen({session}: Capture): void {
  attempt(() => {
    post(session, 'Debugger.enable');
    post(session, 'Debugger.setPauseOnExceptions', {state: 'all'});
  });
}

/** In the middle of the user's statement: must not throw. */
function paused(capture: Capture, params: Debugger.PausedEventDataType): void {
  const {session} = capture;
  attempt(() => {
    if (capture.wantsHere) {
      capture.wantsHere = false;
      capture.here = take(session, params.callFrames);
      post(session, 'Debugger.resume');
    } else if (params.reason === 'exception' || params.reason === 'promiseRejection') {
      const error = errorOf(session, params.data as Runtime.RemoteObject | undefined);
      if (error && !captured.has(error)) {
        const frames = take(session, params.callFrames);
        if (frames) captured.set(error, frames);
      }
      // Another front end may listen too, and would let the program stand.
      if (!params.hitBreakpoints?.length) post(session, 'Debugger.resume');
    }
  });
  // The protocol's own handles of frames and scopes, which leak kilobytes at each stop. To resume lets go of them too.
  attempt(() => post(session, 'Runtime.releaseObjectGroup', {objectGroup: 'backtrace'}));
  attempt(() => post(session, 'Runtime.releaseObjectGroup', {objectGroup: group}));
}

/** Undefined for what is no object: nothing can be kept for it. */
function errorOf(session: Session, thrown: Runtime.RemoteObject | undefined): object | undefined {
  if (thrown?.objectId === undefined) return undefined;
  return handedOver<object>(() =>
    post(session, 'Runtime.callFunctionOn', {
      objectId: thrown.objectId,
      functionDeclaration: `function () { globalThis[Symbol.for('${slot}')](this); }`,
      silent: true,
    }),
  );
}

function take(session: Session, callFrames: readonly Debugger.CallFrame[]): Frames | undefined {
  const frames: CapturedFrame[] = [];
  const own = usersFrames(callFrames, ({location}) => sources.urlOf(location.scriptId));
  for (const {callFrameId, functionName, location, functionLocation, scopeChain} of own) {
    if (frames.length === maxFrames) break;
    const evaluate = handedOver<CapturedFrame['evaluate']>(() =>
      post(session, 'Debugger.evaluateOnCallFrame', {
        callFrameId,
        expression: closure,
        objectGroup: group,
        silent: true,
      }),
    );
    if (!evaluate) continue;
    frames.push({
      name: functionName,
      place: {functionName, location, ...(functionLocation && {functionLocation})},
      get position() {
        return sources.origin(location.scriptId, location.lineNumber, location.columnNumber ?? 0);
      },
      evaluate,
      scopes: scopesOf(session, location.scriptId, scopeChain),
      source() {
        return sources.text(this.position.url, async scriptId => sourceOf(scriptId));
      },
    });
  }
  return frames.length > 0 ? frames : undefined;
}

function scopesOf(session: Session, scriptId: string, chain: readonly Debugger.Scope[]): CapturedScope[] {
  const scopes: CapturedScope[] = [];
  let room = maxNames;
  for (const {type: kind, object} of chain) {
    if (kind === 'global' || object.objectId === undefined || room === 0) continue;
    const known = kind === 'module' ? modules.get(scriptId) : undefined;
    const scope = known ?? {kind, names: namesOf(session, object.objectId).slice(0, maxNames)};
    if (kind === 'module') modules.set(scriptId, scope);
    else room = Math.max(0, room - scope.names.length);
    scopes.push(scope);
  }
  return scopes;
}

const namesOf = (session: Session, objectId: string): string[] =>
  post<Runtime.GetPropertiesReturnType>(session, 'Runtime.getProperties', {objectId, ownProperties: true}).result.map(
    ({name}) => name,
  );

function sourceOf(scriptId: string): string {
  if (!state.capture) return '';
  const {session} = state.capture;
  return post<Debugger.GetScriptSourceReturnType>(session, 'Debugger.getScriptSource', {scriptId}).scriptSource;
}

/** What the code that runs meanwhile puts into the slot. */
function handedOver<T>(run: () => void): T | undefined {
  let value: T | undefined;
  const put = (given: T): void => {
    value = given;
  };
  Object.defineProperty(globalThis, Symbol.for(slot), {value: put, configurable: true, enumerable: false});
  try {
    run();
  } finally {
    delete (globalThis as unknown as Record<symbol, unknown>)[Symbol.for(slot)];
  }
  return value;
}

/** With a session of the same thread, an answer comes before `post` returns. */
function post<T>(session: Session, method: string, params: object = {}): T {
  let answer: unknown;
  let failure: Error | null = null;
  session.post(method, params, (error, result) => {
    failure = error;
    answer = result;
  });
  if (failure) throw failure;
  return answer as T;
}

/** Whatever goes wrong with it, the program has nothing to do with it. */
function attempt(act: () => void): void {
  try {
    act();
  } catch {
    // A frame that is not kept is not shown.
  }
}
