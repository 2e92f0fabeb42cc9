/**
 * Takes the user's frames from a stop of this thread: for each frame a closure that evaluates there, and the names of
 * its variables.
 * Floor 7: below `capture`, above `own-inspector` and `sources`.
 */
import type {Debugger, Runtime} from 'node:inspector';
import {attempt} from '../../base/foreign.js';
import type {CapturedFrame, CapturedScope} from './captured-frame.js';
import {handedOver, handOver, type OwnInspector} from './own-inspector.js';
import {importedNames, parameterNames} from './parameter-names.js';
import {Sources} from './sources.js';
import {isOfProgram, UserCode, usersFrames} from './user-code.js';

/**
 * Maximum number of frames and of names that are kept, because deep recursion and generated code have more than a
 * person reads, and each throw pays for them.
 */
const maxFrames = 20;
const maxNames = 200;

/** The parameter has a name that no user's variable has, because it would hide that variable. */
const closure = `${handOver}($rxtractorCode$ => eval($rxtractorCode$))`;
/** The group of the inspector's handles, which are released together. */
const objectGroup = 'capture';

export class FrameTaker {
  /** Undefined while nothing is captured. */
  inspector: OwnInspector | undefined;
  readonly #sources = new Sources();
  /** The names that modules declare, by the id of their script: they are the same at each stop. */
  readonly #modules = new Map<string, CapturedScope>();

  /** V8 has compiled a script. */
  learn({scriptId, url, sourceMapURL}: Debugger.ScriptParsedEventDataType): void {
    this.#sources.add(scriptId, url, sourceMapURL ?? '');
  }

  /** The user's frames of a stop, the innermost first; undefined when there are none. */
  take(inspector: OwnInspector, callFrames: readonly Debugger.CallFrame[]): readonly CapturedFrame[] | undefined {
    const frames: CapturedFrame[] = [];
    const own = usersFrames(callFrames, ({location}) => this.#sources.urlOf(location.scriptId));
    for (const callFrame of own) {
      if (frames.length === maxFrames) break;
      const frame = this.#frameOf(inspector, callFrame);
      if (frame) frames.push(frame);
    }
    return frames.length > 0 ? frames : undefined;
  }

  /** Whether a script is the user's. True for one of which nothing was learned. */
  isUsersScript(scriptId: string): boolean {
    const url = this.#sources.urlOf(scriptId);
    return url === '' || new UserCode().isUsers(url);
  }

  /** Whether a script of the user's may have a `debugger` statement. */
  hasStatement(inspector: OwnInspector, {scriptId, url}: Debugger.ScriptParsedEventDataType): boolean {
    if (!isOfProgram(url) || url.includes('/node_modules/')) return false;
    const {scriptSource} = inspector.post<Debugger.GetScriptSourceReturnType>('Debugger.getScriptSource', {scriptId});
    return /\bdebugger\b\s*(?:;|$)/m.test(scriptSource);
  }

  /** Whether a frame of the user's stands at a `debugger` statement. */
  isDebuggerStatement(inspector: OwnInspector, {location}: Debugger.CallFrame): boolean {
    const {scriptId, lineNumber, columnNumber = 0} = location;
    if (!isOfProgram(this.#sources.urlOf(scriptId))) return false;
    const {scriptSource} = inspector.post<Debugger.GetScriptSourceReturnType>('Debugger.getScriptSource', {scriptId});
    return /^debugger\b/.test((scriptSource.split('\n')[lineNumber] ?? '').slice(columnNumber));
  }

  /** Releases the protocol's own handles of frames and scopes, which leak kilobytes at each stop otherwise. */
  release(inspector: OwnInspector): void {
    // A failure is dropped, because the program must not notice it.
    for (const group of ['backtrace', objectGroup])
      attempt(() => inspector.post('Runtime.releaseObjectGroup', {objectGroup: group}));
  }

  #frameOf(
    inspector: OwnInspector,
    {callFrameId, functionName, location, functionLocation, scopeChain}: Debugger.CallFrame,
  ): CapturedFrame | undefined {
    const evaluate = handedOver<CapturedFrame['evaluate']>(() =>
      inspector.post('Debugger.evaluateOnCallFrame', {callFrameId, expression: closure, objectGroup, silent: true}),
    );
    if (!evaluate) return undefined;
    const sources = this.#sources;
    const compiled = async (scriptId: string): Promise<string> => this.#scriptSource(scriptId);
    return {
      name: functionName,
      site: {functionName, location, ...(functionLocation && {functionLocation})},
      get position() {
        return sources.origin(location.scriptId, location.lineNumber, location.columnNumber ?? 0);
      },
      evaluate,
      url: sources.urlOf(location.scriptId),
      parameters: () =>
        functionLocation
          ? parameterNames(
              this.#scriptSource(functionLocation.scriptId),
              functionLocation.lineNumber,
              functionLocation.columnNumber ?? 0,
            )
          : [],
      scopes: this.#scopesOf(inspector, location.scriptId, scopeChain),
      source() {
        return sources.text(this.position.url, compiled);
      },
    };
  }

  #scopesOf(inspector: OwnInspector, scriptId: string, chain: readonly Debugger.Scope[]): CapturedScope[] {
    const scopes: CapturedScope[] = [];
    let room = maxNames;
    for (const {type: kind, object} of chain) {
      if (kind === 'global' || object.objectId === undefined || room === 0) continue;
      const known = kind === 'module' ? this.#modules.get(scriptId) : undefined;
      const scope = known ?? this.#scopeOf(inspector, scriptId, kind, object.objectId);
      if (kind === 'module') this.#modules.set(scriptId, scope);
      else room = Math.max(0, room - scope.names.length);
      scopes.push(scope);
    }
    return scopes;
  }

  #scopeOf(inspector: OwnInspector, scriptId: string, kind: string, objectId: string): CapturedScope {
    const names = namesOf(inspector, objectId).slice(0, maxNames);
    return kind === 'module' ? {kind, names, imported: importedNames(this.#scriptSource(scriptId))} : {kind, names};
  }

  #scriptSource(scriptId: string): string {
    if (!this.inspector) return '';
    return this.inspector.post<Debugger.GetScriptSourceReturnType>('Debugger.getScriptSource', {scriptId}).scriptSource;
  }
}

const namesOf = (inspector: OwnInspector, objectId: string): string[] =>
  inspector
    .post<Runtime.GetPropertiesReturnType>('Runtime.getProperties', {objectId, ownProperties: true})
    .result.map(({name}) => name);
