/**
 * The main thread of this process, as the agent's thread reaches it: the inspector's methods as promises, and the
 * places in the user's files to which its call frames belong.
 * Floor 7: below `stepper` and `frame-values`, above `sources` and `user-code`.
 */
import {type Debugger, Session} from 'node:inspector';
import {fileURLToPath} from 'node:url';
import type {CallSite} from './captured-frame.js';
import type {StackFrame} from './debuggee.js';
import type {CallFrame, InspectorMethods} from './inspector-protocol.js';
import {type SourcePosition, Sources} from './sources.js';
import {UserCode} from './user-code.js';

export interface MainThreadListener {
  paused(event: Debugger.PausedEventDataType): void;
  resumed(): void;
}

/** A file of the author, as a part of a script. */
export interface SourceFile {
  readonly scriptId: string;
  readonly url: string;
  /** A path where the code lies in a file, else its URL. */
  readonly path: string;
}

export class MainThread {
  readonly #session = new Session();
  readonly #sources = new Sources();
  readonly #userCode = new UserCode();

  /**
   * From now on the program stops at its next `debugger` statement. It is also slow, so the agent is connected only
   * while a prompt is open: a session that merely listens makes every `await` several times slower.
   */
  async connect({paused, resumed}: MainThreadListener): Promise<void> {
    const session = this.#session;
    session.connectToMainThread();
    session.on('Debugger.scriptParsed', ({params}) =>
      this.#sources.add(params.scriptId, params.url, params.sourceMapURL ?? ''),
    );
    session.on('Debugger.paused', ({params}) => paused(params));
    session.on('Debugger.resumed', resumed);
    await this.post('Debugger.enable');
    // A throw would end a step, and the stepper must see it to go on with the step.
    await this.post('Debugger.setPauseOnExceptions', {state: 'all'});
  }

  disconnect(): void {
    this.#session.disconnect();
  }

  /** Calls a method of the inspector. Node's types know the form with a callback only. */
  post<M extends keyof InspectorMethods>(
    method: M,
    ...params: InspectorMethods[M][0]
  ): Promise<InspectorMethods[M][1]> {
    return new Promise((resolve, reject) => {
      const done = (error: Error | null, result?: unknown): void => {
        if (error) reject(error);
        else resolve(result as InspectorMethods[M][1]);
      };
      try {
        this.#session.post(method as string, params[0] ?? {}, done);
      } catch (error) {
        reject(error);
      }
    });
  }

  /** The files whose path is `file`, or ends with it, in the code that has run. */
  filesAt(file: string): readonly SourceFile[] {
    return this.#sources
      .files(url => this.#userCode.isUsers(url))
      .map(({scriptId, url}) => ({scriptId, url, path: pathOf(url)}))
      .filter(({path}) => path === file || path.endsWith(`/${file}`));
  }

  /** The position in the author's file that was compiled to this one; counts from 0. */
  originOf(scriptId: string, line: number, column: number): SourcePosition {
    return this.#sources.origin(scriptId, line, column);
  }

  /** The text of a script that V8 runs. */
  async scriptSource(scriptId: string): Promise<string> {
    return (await this.post('Debugger.getScriptSource', {scriptId})).scriptSource;
  }

  isUsers(frame: CallFrame): boolean {
    return this.#userCode.isUsers(this.#urlOf(frame));
  }

  isLibrary(frame: CallFrame | undefined): boolean {
    return this.#userCode.isLibrary(this.#urlOf(frame));
  }

  /** The code of this frame awaits a breakpoint, so that it counts as the user's from now on. */
  awaits(frame: CallFrame): void {
    this.#userCode.awaits(this.#urlOf(frame));
  }

  frameAt({functionName, location}: CallSite): StackFrame {
    const {url, line, column} = this.#sources.origin(
      location.scriptId,
      location.lineNumber,
      location.columnNumber ?? 0,
    );
    return {name: functionName, file: pathOf(url), line: line + 1, column: column + 1};
  }

  /** The lines of the file; undefined when it cannot be found. */
  sourceAt({location: {scriptId, lineNumber, columnNumber = 0}}: CallSite): Promise<readonly string[] | undefined> {
    const {url} = this.#sources.origin(scriptId, lineNumber, columnNumber);
    return this.#sources.text(url, id => this.scriptSource(id));
  }

  #urlOf(frame: CallFrame | undefined): string {
    return this.#sources.urlOf(frame?.location.scriptId ?? '');
  }
}

const pathOf = (url: string): string => (url.startsWith('file:') ? fileURLToPath(url) : url);
