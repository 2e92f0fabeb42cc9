/**
 * The main thread of this process, looked at from the agent's thread: stopped, stepped, asked for its frames and values.
 * Floor 7: below `agent-worker`, above `sources`. Connected only while a prompt is open, since a session that merely
 * listens makes every `await` of the program several times slower.
 */
import {type Debugger, type Runtime, Session} from 'node:inspector';
import {fileURLToPath} from 'node:url';
import {plainClock, type Stop} from '../../base/clock.js';
import type {Place} from './capture.js';
import {isAsyncAt, Ownership} from './code.js';
import type {Debuggee, Evaluated, Frame, Scope, Step, Stepped, Variable} from './debuggee.js';
import {type CallFrame, type Commands, isThrow, placeOf, primitive, type TimedEvaluation, thrown} from './protocol.js';
import {inspectorSlot} from './slot.js';
import {Sources} from './sources.js';

const completeMs = 500;
/** How often a stop in code that is not the user's is stepped on from. */
const maxHops = 2_000;
/** After so many of them a library is stepped out of, and what it would have called then is passed over. */
const maxInside = 1_000;
/** How long to wait, once the user's last frame is left, for the one that awaited it. It runs at once or never. */
const leftMs = 300;
/** How long a busy program may take to stop before it is taken for an idle one. */
const idleMs = 100;
const group = 'prompt';

const methods = {over: 'Debugger.stepOver', into: 'Debugger.stepInto', out: 'Debugger.stepOut'} as const;

export class Inspected implements Debuggee {
  readonly steps = true;
  frames: readonly Frame[] = [];
  readonly #session = new Session();
  readonly #sources = new Sources();
  readonly #ownership = new Ownership();
  /** Those of `frames`. */
  #callFrames: readonly CallFrame[] = [];
  /** Whosever it is. */
  #top: CallFrame | undefined;
  /** Another debugger has made the program go on. */
  onResumed: () => void = () => {};
  #shared = false;
  #leaving = false;
  #landed: ((stepped: Stepped) => void) | undefined;
  #hops = 0;
  /** The function in which the last step began. */
  #stepped: string | undefined;
  /** Whether the stop that is awaited is any. */
  #anywhere = false;
  #running = true;
  /** On the way from the breakpoint to whoever awaits it. */
  #arriving = false;
  /** Ctrl-C since the last question; `#interrupted`: the program has been told. */
  #wanted = false;
  #interrupted = false;
  #stopLeftTimer: Stop | undefined;
  /** No expression stops the program for longer: nothing else ends one while the main thread runs it. */
  readonly #evaluateMs: number;

  constructor(evaluateMs: number) {
    this.#evaluateMs = evaluateMs;
  }

  /** From now on the program is slow, and stops at its next `debugger` statement. */
  async connect(): Promise<void> {
    const session = this.#session;
    session.connectToMainThread();
    session.on('Debugger.scriptParsed', ({params}) =>
      this.#sources.add(params.scriptId, params.url, params.sourceMapURL ?? ''),
    );
    session.on('Debugger.paused', ({params}) => {
      if (isThrow(params) && !this.#interrupted) void this.#passThrow(params);
      else this.#paused(params.callFrames);
    });
    session.on('Debugger.resumed', () => this.#resumed());
    await this.#post('Debugger.enable');
    // Only so that a step is not lost by one.
    await this.#post('Debugger.setPauseOnExceptions', {state: 'all'});
  }

  /** The program runs on. */
  disconnect(): void {
    this.#stopLeftTimer?.();
    this.#leaving = true;
    // Otherwise it would stay stopped for another one that is connected.
    if (this.#shared && !this.#running) this.#post('Debugger.resume').catch(() => {});
    this.#session.disconnect();
    this.#land('gone');
  }

  /** Resolves at the first stop in the user's code. */
  stopped(): Promise<Stepped> {
    this.#arriving = true;
    return this.#await();
  }

  /** Resolves at the next stop, whosever code it is in. */
  stoppedAnywhere(): Promise<Stepped> {
    const stopped = this.#await();
    this.#anywhere = true;
    return stopped;
  }

  /** Lets the program run, up to its next stop anywhere. */
  async runOn(): Promise<Stepped> {
    const stopped = this.stoppedAnywhere();
    await this.#post('Debugger.resume');
    return stopped;
  }

  /** Steps out of what is not the user's. */
  land(): Promise<Stepped> {
    this.#arriving = true;
    const landed = this.#await();
    this.#hop([]);
    return landed;
  }

  /** An expression of our own, whose value is a string: where the program is stopped. */
  async ask(expression: string): Promise<string> {
    const {result, exceptionDetails} = await this.#evaluate(-1, {expression, silent: true});
    if (exceptionDetails) throw new Error(thrown(exceptionDetails).text);
    return String(result.value);
  }

  /** The same while it runs; what comes of it is nobody's. */
  tell(expression: string): void {
    this.#post('Runtime.evaluate', {expression, silent: true}).catch(() => {});
  }

  /** The function in which the program is stopped. */
  get place(): Place | undefined {
    return this.#callFrames[0];
  }

  async step(step: Step): Promise<Stepped> {
    return step === 'out' && (await this.#isAsync(this.#callFrames[0])) ? this.#finish() : this.#step(step);
  }

  async #step(step: Step): Promise<Stepped> {
    const landed = this.#await();
    this.#stepped = placeOf(this.#callFrames[0]);
    await this.#post(methods[step]);
    return landed;
  }

  /**
   * To the end of an async function, and to what awaits it. V8 steps out of one by stopping at whatever runs after its
   * next await; stepping over, it stays with this very call.
   */
  async #finish(): Promise<Stepped> {
    const own = placeOf(this.#callFrames[0]);
    for (;;) {
      const returns = this.#callFrames[0]?.returnValue !== undefined;
      const stepped = await this.#step('over');
      if (returns || stepped !== 'stopped' || placeOf(this.#callFrames[0]) !== own) return stepped;
    }
  }

  async #innermostAsync(callFrames: readonly CallFrame[]): Promise<CallFrame | undefined> {
    for (const frame of callFrames) if (await this.#isAsync(frame)) return frame;
    return undefined;
  }

  /** As the source says: the inspector does not. The code of a module counts as such, since it may await. */
  async #isAsync(frame: CallFrame | undefined): Promise<boolean> {
    const at = frame?.functionLocation;
    if (!at) return false;
    if (at.lineNumber === 0 && !at.columnNumber) return true;
    const {scriptSource} = await this.#post('Debugger.getScriptSource', {scriptId: at.scriptId});
    return isAsyncAt(scriptSource.split('\n')[at.lineNumber] ?? '', at.columnNumber ?? 0);
  }

  /** Ends the step that is being made, or is about to be. */
  interrupt(): void {
    this.#wanted = true;
    if (this.#landed && this.#running) this.#interrupt();
  }

  /** The user is asked: what was to be interrupted is over. */
  calm(): void {
    this.#wanted = false;
  }

  /** Stops the program wherever it is. One that waits runs nothing: it is given something to run, which one that is busy must not be. */
  #interrupt(): void {
    this.#interrupted = true;
    this.#post('Debugger.pause').catch(() => {});
    plainClock.timer(idleMs, () => {
      if (this.#landed && this.#interrupted)
        this.#post('Runtime.evaluate', {expression: '0', silent: true}).catch(() => {});
    });
  }

  async source(frame: number): Promise<readonly string[] | undefined> {
    const callFrame = this.#callFrames[frame];
    return callFrame && this.sourceAt(callFrame);
  }

  async sourceAt({location: {scriptId, lineNumber, columnNumber = 0}}: Place): Promise<readonly string[] | undefined> {
    const {url} = this.#sources.origin(scriptId, lineNumber, columnNumber);
    return this.#sources.text(url, async id => {
      const {scriptSource} = await this.#post('Debugger.getScriptSource', {scriptId: id});
      return scriptSource;
    });
  }

  async scopes(frame: number): Promise<readonly Scope[]> {
    const found: Scope[] = [];
    for (const {type, object} of this.#callFrames[frame]?.scopeChain ?? []) {
      if (type === 'global' || object.objectId === undefined) continue;
      const {result} = await this.#post('Runtime.getProperties', {objectId: object.objectId, ownProperties: true});
      const variables: Variable[] = [];
      for (const {name, value} of result) {
        variables.push({name, text: value ? (await this.#show(value, true)).text : '(not set yet)'});
      }
      found.push({kind: type, variables});
    }
    return found;
  }

  async evaluate(frame: number, expression: string): Promise<Evaluated> {
    try {
      const {result, exceptionDetails} = await this.#evaluate(frame, {expression, timeout: this.#evaluateMs});
      return await (exceptionDetails ? this.#showThrown(exceptionDetails) : this.#show(result));
    } catch (error) {
      return {failed: true, text: error instanceof Error ? error.message : String(error)};
    } finally {
      await this.#post('Runtime.releaseObjectGroup', {objectGroup: group}).catch(() => {});
    }
  }

  async devtools(): Promise<Evaluated> {
    const expression = `globalThis[Symbol.for('${inspectorSlot}')].devtools()`;
    const {result, exceptionDetails} = await this.#evaluate(0, {expression, silent: true});
    if (exceptionDetails) return thrown(exceptionDetails);
    this.#shared = true;
    return {failed: false, text: String(result.value)};
  }

  async returned(): Promise<string | undefined> {
    const value = this.#callFrames[0]?.returnValue;
    return value && (await this.#show(value)).text;
  }

  async names(frame: number, of: string | undefined): Promise<readonly string[]> {
    try {
      return of === undefined ? await this.#namesInScope(frame) : await this.#namesOf(frame, of);
    } catch {
      return [];
    } finally {
      await this.#post('Runtime.releaseObjectGroup', {objectGroup: group}).catch(() => {});
    }
  }

  async #namesInScope(frame: number): Promise<string[]> {
    const names: string[] = [];
    for (const {type, object} of this.#callFrames[frame]?.scopeChain ?? []) {
      if (type === 'global' || object.objectId === undefined) continue;
      const {result} = await this.#post('Runtime.getProperties', {objectId: object.objectId, ownProperties: true});
      names.push(...result.map(({name}) => name));
    }
    return [...names, ...(await this.#namesOf(frame, 'globalThis'))];
  }

  /** Getters are not run, and neither is anything else that could change something. */
  async #namesOf(frame: number, expression: string): Promise<string[]> {
    const options = {expression: `Object(${expression})`, throwOnSideEffect: true, silent: true, timeout: completeMs};
    const {result, exceptionDetails} = await this.#evaluate(frame, options);
    if (exceptionDetails || result.objectId === undefined) return [];
    const {result: properties} = await this.#post('Runtime.getProperties', {
      objectId: result.objectId,
      ownProperties: false,
    });
    return properties.map(({name}) => name);
  }

  /** On a frame even where none is the user's: `Runtime.evaluate` heeds no timeout while the program is stopped. */
  async #evaluate(frame: number, options: TimedEvaluation): Promise<Runtime.EvaluateReturnType> {
    const callFrame = this.#callFrames[frame] ?? this.#top;
    if (!callFrame) throw new Error('the program is not stopped');
    const {callFrameId} = callFrame;
    return this.#post('Debugger.evaluateOnCallFrame', {...options, objectGroup: group, callFrameId});
  }

  /** What is no error is shown as a value is. */
  async #showThrown(details: Runtime.ExceptionDetails): Promise<Evaluated> {
    const {exception} = details;
    if (exception?.objectId === undefined || exception.subtype === 'error') return thrown(details);
    return {failed: true, text: (await this.#show(exception, true)).text};
  }

  /** As Node's own prompt shows it. The object is inspected where it lives, by Node's `inspect`, within a time. */
  async #show(value: Runtime.RemoteObject, brief = false): Promise<Evaluated> {
    if (value.objectId === undefined) return {failed: false, text: primitive(value, brief)};
    await this.#post('Runtime.callFunctionOn', {
      functionDeclaration: `function (value) { globalThis[Symbol.for('${inspectorSlot}')].value = value; }`,
      objectId: value.objectId,
      arguments: [{objectId: value.objectId}],
      silent: true,
    });
    const expression = `globalThis[Symbol.for('${inspectorSlot}')].show(${brief})`;
    const {result, exceptionDetails} = await this.#evaluate(0, {expression, timeout: this.#evaluateMs, silent: true});
    return exceptionDetails ? thrown(exceptionDetails) : {failed: false, text: String(result.value)};
  }

  #await(): Promise<Stepped> {
    this.#hops = 0;
    this.#anywhere = false;
    this.#interrupted = false;
    return new Promise(resolve => {
      this.#landed = resolve;
    });
  }

  #land(stepped: Stepped): void {
    this.#arriving = false;
    this.#landed?.(stepped);
    this.#landed = undefined;
  }

  /** A pause that is asked for before this is lost: the program still counts as stopped. */
  #resumed(): void {
    this.#running = true;
    if (!this.#landed && !this.#leaving) this.onResumed();
    if (this.#wanted && this.#landed) this.#interrupt();
    this.#callFrames = [];
    this.#top = undefined;
    this.frames = [];
  }

  /**
   * A throw is no place to stop, and to go on from it does not end a step. But one that leaves the async function that is
   * stepped would: V8 does not look for who awaits it then. That is what runs next.
   */
  async #passThrow({callFrames, reason}: Debugger.PausedEventDataType): Promise<void> {
    this.#running = false;
    const left = reason === 'promiseRejection' ? await this.#innermostAsync(callFrames) : undefined;
    const isLost = left !== undefined && placeOf(left) === this.#stepped;
    await this.#post(isLost ? methods.into : 'Debugger.resume').catch(() => {});
  }

  #paused(callFrames: readonly CallFrame[]): void {
    this.#stopLeftTimer?.();
    this.#running = false;
    const top = callFrames[0];
    if (top && this.#arriving) this.#ownership.awaits(this.#sources.urlOf(top.location.scriptId));
    const isUsers = top !== undefined && this.#isUsers(top);
    if (!isUsers && !this.#anywhere && !this.#interrupted && this.#hops < maxHops) return this.#hop(callFrames);
    this.#top = top;
    this.#callFrames = callFrames.filter(frame => this.#isUsers(frame));
    this.frames = this.#callFrames.map(frame => this.frameAt(frame));
    if (this.#interrupted) this.#land('interrupted');
    else this.#land(isUsers || this.#anywhere ? 'stopped' : 'gone');
  }

  /**
   * On from what is not the user's: out of Node and of this library; within other libraries to what they call, which may be
   * the user's. With none of the user's frames below, somebody may still await the one that was left.
   */
  #hop(callFrames: readonly CallFrame[]): void {
    this.#hops++;
    const url = this.#sources.urlOf(callFrames[0]?.location.scriptId ?? '');
    const inside = this.#hops < maxInside && this.#ownership.isLibrary(url);
    if (!callFrames.some(frame => this.#isUsers(frame))) {
      this.#stopLeftTimer = plainClock.timer(leftMs, () => this.#land('gone'));
    }
    this.#post(methods[inside ? 'into' : 'out']).catch(() => this.#land('gone'));
  }

  #isUsers(frame: CallFrame): boolean {
    return this.#ownership.isUsers(this.#sources.urlOf(frame.location.scriptId));
  }

  frameAt({functionName, location}: Place): Frame {
    const {url, line, column} = this.#sources.origin(
      location.scriptId,
      location.lineNumber,
      location.columnNumber ?? 0,
    );
    const file = url.startsWith('file:') ? fileURLToPath(url) : url;
    return {name: functionName, file, line: line + 1, column: column + 1};
  }

  /** Node's types know the callback form only. */
  #post<M extends keyof Commands>(method: M, ...params: Commands[M][0]): Promise<Commands[M][1]> {
    return new Promise((resolve, reject) => {
      const done = (error: Error | null, result?: unknown): void => {
        if (error) reject(error);
        else resolve(result as Commands[M][1]);
      };
      try {
        this.#session.post(method as string, params[0] ?? {}, done);
      } catch (error) {
        reject(error);
      }
    });
  }
}
