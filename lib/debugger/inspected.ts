/**
 * The main thread of this process, looked at from the agent's thread: stopped, stepped, asked for its frames and values.
 * Floor 7: below `agent-worker`, above `sources`. Connected only while a prompt is open, since a session that merely
 * listens makes every `await` of the program several times slower.
 */
import {type Debugger, type Runtime, Session} from 'node:inspector';
import {fileURLToPath} from 'node:url';
import {inspect} from 'node:util';
import type {Place} from './capture.js';
import type {Debuggee, Evaluated, Frame, Scope, Step, Stepped, Variable} from './debuggee.js';
import {inspectorSlot} from './slot.js';
import {isUsers, Sources} from './sources.js';

const completeMs = 500;
/** How often a stop in code that is not the user's is stepped out of. */
const maxHops = 60;
/** How long to wait, once the user's last frame is left, for the one that awaited it. It runs at once or never. */
const leftMs = 300;
/** How long a busy program may take to stop before it is taken for an idle one. */
const idleMs = 100;
const group = 'prompt';
type CallFrame = Debugger.CallFrame;

const methods = {over: 'Debugger.stepOver', into: 'Debugger.stepInto', out: 'Debugger.stepOut'} as const;

export class Inspected implements Debuggee {
  readonly steps = true;
  frames: readonly Frame[] = [];
  readonly #session = new Session();
  readonly #sources = new Sources();
  /** Those of `frames`. */
  #callFrames: readonly CallFrame[] = [];
  /** Whosever it is. */
  #top: CallFrame | undefined;
  #landed: ((stepped: Stepped) => void) | undefined;
  #hops = 0;
  /** Whether the stop that is awaited is any. */
  #anywhere = false;
  #running = true;
  /** Ctrl-C since the last question; `#interrupted`: the program has been told. */
  #wanted = false;
  #interrupted = false;
  #leftTimer: NodeJS.Timeout | undefined;
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
    session.on('Debugger.paused', ({params}) => this.#paused(params.callFrames));
    session.on('Debugger.resumed', () => this.#resumed());
    await this.#post('Debugger.enable');
  }

  /** The program runs on. */
  disconnect(): void {
    clearTimeout(this.#leftTimer);
    this.#session.disconnect();
    this.#land('gone');
  }

  /** Resolves at the first stop in the user's code. */
  stopped(): Promise<Stepped> {
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
    const landed = this.#await();
    await this.#post(methods[step]);
    return landed;
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
    setTimeout(() => {
      if (this.#landed && this.#interrupted)
        this.#post('Runtime.evaluate', {expression: '0', silent: true}).catch(() => {});
    }, idleMs);
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
        variables.push({name, text: value ? (await this.#show(value)).text : '(not set yet)'});
      }
      found.push({kind: type, variables});
    }
    return found;
  }

  async evaluate(frame: number, expression: string): Promise<Evaluated> {
    try {
      const {result, exceptionDetails} = await this.#evaluate(frame, {expression, timeout: this.#evaluateMs});
      return exceptionDetails ? thrown(exceptionDetails) : await this.#show(result);
    } catch (error) {
      return {failed: true, text: error instanceof Error ? error.message : String(error)};
    } finally {
      await this.#post('Runtime.releaseObjectGroup', {objectGroup: group}).catch(() => {});
    }
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

  /** As Node's own prompt shows it. The object is inspected where it lives, by Node's `inspect`, within a time. */
  async #show(value: Runtime.RemoteObject): Promise<Evaluated> {
    if (value.objectId === undefined) return {failed: false, text: primitive(value)};
    await this.#post('Runtime.callFunctionOn', {
      functionDeclaration: `function (value) { globalThis[Symbol.for('${inspectorSlot}')].value = value; }`,
      objectId: value.objectId,
      arguments: [{objectId: value.objectId}],
      silent: true,
    });
    const expression = `globalThis[Symbol.for('${inspectorSlot}')].show()`;
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
    this.#landed?.(stepped);
    this.#landed = undefined;
  }

  /** A pause that is asked for before this is lost: the program still counts as stopped. */
  #resumed(): void {
    this.#running = true;
    if (this.#wanted && this.#landed) this.#interrupt();
    this.#callFrames = [];
    this.#top = undefined;
    this.frames = [];
  }

  #paused(callFrames: readonly CallFrame[]): void {
    clearTimeout(this.#leftTimer);
    this.#running = false;
    const top = callFrames[0];
    const isUsers = top !== undefined && this.#isUsers(top);
    if (!isUsers && !this.#anywhere && !this.#interrupted && this.#hops < maxHops) return this.#hop(callFrames);
    this.#top = top;
    this.#callFrames = callFrames.filter(frame => this.#isUsers(frame));
    this.frames = this.#callFrames.map(frame => this.frameAt(frame));
    if (this.#interrupted) this.#land('interrupted');
    else this.#land(isUsers || this.#anywhere ? 'stopped' : 'gone');
  }

  /** Out of what is not the user's. With none of the user's frames below, somebody may still await the one that was left. */
  #hop(callFrames: readonly CallFrame[]): void {
    this.#hops++;
    if (!callFrames.some(frame => this.#isUsers(frame))) {
      this.#leftTimer = setTimeout(() => this.#land('gone'), leftMs);
    }
    this.#post('Debugger.stepOut').catch(() => this.#land('gone'));
  }

  #isUsers(frame: CallFrame): boolean {
    return isUsers(this.#sources.urlOf(frame.location.scriptId));
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

/** Not in Node's types. */
type TimedEvaluation = Runtime.EvaluateParameterType & {
  readonly timeout?: number;
  readonly throwOnSideEffect?: boolean;
};

/** What is asked of the inspector: parameters, answer. */
interface Commands {
  'Debugger.enable': [[], Debugger.EnableReturnType];
  'Debugger.pause': [[], undefined];
  'Debugger.resume': [[], undefined];
  'Debugger.stepOver': [[], undefined];
  'Debugger.stepInto': [[], undefined];
  'Debugger.stepOut': [[], undefined];
  'Debugger.getScriptSource': [[Debugger.GetScriptSourceParameterType], Debugger.GetScriptSourceReturnType];
  'Debugger.evaluateOnCallFrame': [[Debugger.EvaluateOnCallFrameParameterType], Debugger.EvaluateOnCallFrameReturnType];
  'Runtime.evaluate': [[Runtime.EvaluateParameterType], Runtime.EvaluateReturnType];
  'Runtime.callFunctionOn': [[Runtime.CallFunctionOnParameterType], Runtime.CallFunctionOnReturnType];
  'Runtime.getProperties': [[Runtime.GetPropertiesParameterType], Runtime.GetPropertiesReturnType];
  'Runtime.releaseObjectGroup': [[Runtime.ReleaseObjectGroupParameterType], undefined];
}

function primitive({type, value, unserializableValue}: Runtime.RemoteObject): string {
  if (unserializableValue !== undefined) return unserializableValue;
  return type === 'undefined' ? 'undefined' : inspect(value);
}

/** One line: whoever wants the stack prints the error. */
function thrown({exception, text}: Runtime.ExceptionDetails): Evaluated {
  const said = exception ? (exception.description ?? primitive(exception)) : text;
  return {failed: true, text: said.split('\n')[0] ?? said};
}
