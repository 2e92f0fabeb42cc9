/**
 * Values of a main thread that stands still: variables, expressions and names in one of its frames, shown as text.
 * Floor 7: below `stopped-debuggee`, above `stepper`. It runs in the agent's thread; the values stay in the main
 * thread.
 */
import type {Runtime} from 'node:inspector';
import {thrownText} from '../../base/foreign.js';
import {agentGlobal} from './agent-global.js';
import {namesBuiltins} from './builtins.js';
import type {Detail, Evaluation, FrameScope, Variable} from './debuggee.js';
import {failureOf, showPrimitive, type TimedEvaluation} from './inspector-protocol.js';
import type {MainThread} from './main-thread.js';
import {importedNames, parameterNames} from './parameter-names.js';
import type {ShownDetail} from './show-value.js';
import type {Stepper} from './stepper.js';

/** Timeout, in ms, for the value behind which a name is completed, because the person goes on typing. */
const completeMs = 500;
/** The group of the inspector's handles, which are released together. */
const objectGroup = 'prompt';

export class FrameValues {
  readonly #thread: MainThread;
  readonly #stepper: Stepper;
  /** Timeout for an expression, in ms: nothing else ends one while the main thread runs it. */
  readonly #evaluateMs: number;

  constructor(thread: MainThread, stepper: Stepper, evaluateMs: number) {
    this.#thread = thread;
    this.#stepper = stepper;
    this.#evaluateMs = evaluateMs;
  }

  async scopes(frame: number): Promise<readonly FrameScope[]> {
    const found: FrameScope[] = [];
    for (const {type, objectId} of this.#scopeChain(frame)) {
      const {result} = await this.#thread.post('Runtime.getProperties', {objectId, ownProperties: true});
      const imported = type === 'module' ? await this.#imported(frame) : undefined;
      const variables: Variable[] = [];
      for (const {name, value} of result) {
        if (imported?.has(name)) continue;
        variables.push({name, text: value ? (await this.#show(value, 'brief')).text : '(not set yet)'});
      }
      found.push({kind: type, variables});
    }
    return found;
  }

  async evaluate(frame: number, expression: string, detail: Detail = 'full'): Promise<Evaluation> {
    try {
      if (namesBuiltins(expression)) await this.#lend(expression);
      await this.#markTyped(true);
      const {result, exceptionDetails} = await this.#evaluate(frame, {expression, timeout: this.#evaluateMs});
      return await (exceptionDetails ? this.#showThrown(exceptionDetails) : this.#show(result, detail));
    } catch (error) {
      return {failed: true, text: thrownText(error)};
    } finally {
      await this.#markTyped(false);
      if (namesBuiltins(expression)) await this.#lend('');
      await this.#releaseHandles();
    }
  }

  /** The names of the parameters of a function, and more: see `parameterNames`. */
  async parameters(at: Runtime.ScriptId, line: number, column: number): Promise<readonly string[]> {
    return parameterNames(await this.#thread.scriptSource(at), line, column);
  }

  /** The value that the innermost function is about to return. */
  async returned(): Promise<string | undefined> {
    const value = this.#stepper.callFrames[0]?.returnValue;
    return value && (await this.#show(value)).text;
  }

  async names(frame: number, of: string | undefined): Promise<readonly string[]> {
    try {
      return of === undefined ? await this.#namesInScope(frame) : await this.#namesOf(frame, of);
    } catch {
      return [];
    } finally {
      await this.#releaseHandles();
    }
  }

  /** Opens Node's own inspector in the main thread. The text is its address. */
  async devtools(): Promise<Evaluation> {
    const expression = `${agentGlobal}.devtools()`;
    const {result, exceptionDetails} = await this.#evaluate(0, {expression, silent: true});
    return exceptionDetails ? failureOf(exceptionDetails) : {failed: false, text: String(result.value)};
  }

  /** Evaluates an expression of the debugger's own, whose value is a string, where the program stands. */
  async ask(expression: string): Promise<string> {
    const {result, exceptionDetails} = await this.#evaluate(-1, {expression, silent: true});
    if (exceptionDetails) throw new Error(failureOf(exceptionDetails).text);
    return String(result.value);
  }

  /** Evaluates an expression of the debugger's own while the program runs. Its value and its failure are dropped. */
  tell(expression: string): void {
    this.#thread.post('Runtime.evaluate', {expression, silent: true}).catch(() => {});
  }

  async #imported(frame: number): Promise<ReadonlySet<string>> {
    const scriptId = this.#stepper.callFrames[frame]?.location.scriptId;
    return importedNames(scriptId === undefined ? '' : await this.#thread.scriptSource(scriptId));
  }

  /** Lends Node's modules to a text that is evaluated next; the empty text takes them back. */
  async #lend(text: string): Promise<void> {
    await this.#evaluate(0, {expression: `${agentGlobal}?.lend(${JSON.stringify(text)})`, silent: true}).catch(
      () => {},
    );
  }

  /** Says that the expression which is evaluated next was typed by the person, because its calls are not those of the program. */
  async #markTyped(isTyped: boolean): Promise<void> {
    const expression = `${agentGlobal} && (${agentGlobal}.isTyped = ${isTyped})`;
    await this.#evaluate(0, {expression, silent: true}).catch(() => {});
  }

  async #namesInScope(frame: number): Promise<string[]> {
    const names: string[] = [];
    for (const {objectId} of this.#scopeChain(frame)) {
      const {result} = await this.#thread.post('Runtime.getProperties', {objectId, ownProperties: true});
      names.push(...result.map(({name}) => name));
    }
    return [...names, ...(await this.#namesOf(frame, 'globalThis'))];
  }

  /** The names of a value. No getter runs, and nothing else that could change something. */
  async #namesOf(frame: number, expression: string): Promise<string[]> {
    const options = {expression: `Object(${expression})`, throwOnSideEffect: true, silent: true, timeout: completeMs};
    const {result, exceptionDetails} = await this.#evaluate(frame, options);
    if (exceptionDetails || result.objectId === undefined) return [];
    const {objectId} = result;
    const {result: properties} = await this.#thread.post('Runtime.getProperties', {objectId, ownProperties: false});
    return properties.map(({name}) => name);
  }

  /** The scopes of a frame that have variables, from the innermost outwards, without the global one. */
  #scopeChain(frame: number): readonly {readonly type: string; readonly objectId: string}[] {
    return (this.#stepper.callFrames[frame]?.scopeChain ?? []).flatMap(({type, object: {objectId}}) =>
      type === 'global' || objectId === undefined ? [] : [{type, objectId}],
    );
  }

  /**
   * Evaluates on a frame, even where no frame is the user's: `Runtime.evaluate` does not heed its timeout while the
   * program is stopped.
   */
  async #evaluate(frame: number, options: TimedEvaluation): Promise<Runtime.EvaluateReturnType> {
    const callFrame = this.#stepper.callFrames[frame] ?? this.#stepper.top;
    if (!callFrame) throw new Error('the program is not stopped');
    const {callFrameId} = callFrame;
    return this.#thread.post('Debugger.evaluateOnCallFrame', {...options, objectGroup, callFrameId});
  }

  /** A thrown value that is not an error is shown as a value. */
  async #showThrown(details: Runtime.ExceptionDetails): Promise<Evaluation> {
    const {exception} = details;
    if (exception?.objectId === undefined || exception.subtype === 'error') return failureOf(details);
    return {failed: true, text: (await this.#show(exception, 'brief')).text};
  }

  /**
   * The text of a value, as Node's own prompt shows it. Node's `inspect` runs in the main thread, within the timeout.
   */
  async #show(value: Runtime.RemoteObject, detail: ShownDetail = 'full'): Promise<Evaluation> {
    if (value.objectId === undefined) return {failed: false, text: showPrimitive(value, detail)};
    await this.#thread.post('Runtime.callFunctionOn', {
      functionDeclaration: `function (value) { ${agentGlobal}.value = value; }`,
      objectId: value.objectId,
      arguments: [{objectId: value.objectId}],
      silent: true,
    });
    const expression = `${agentGlobal}.show('${detail}')`;
    const {result, exceptionDetails} = await this.#evaluate(0, {expression, timeout: this.#evaluateMs, silent: true});
    return exceptionDetails ? failureOf(exceptionDetails) : {failed: false, text: String(result.value)};
  }

  async #releaseHandles(): Promise<void> {
    await this.#thread.post('Runtime.releaseObjectGroup', {objectGroup}).catch(() => {});
  }
}
