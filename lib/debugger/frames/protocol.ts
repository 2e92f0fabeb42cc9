/**
 * The inspector's protocol, as much of it as the debugger speaks with a main thread, and how its values are read.
 * Floor 7: below `inspected`; types and pure functions.
 */
import type {Debugger, Runtime} from 'node:inspector';
import {type Evaluated, failedWith} from './debuggee.js';
import {showValue} from './slot.js';

export type CallFrame = Debugger.CallFrame;

/** Not in Node's types. */
export type TimedEvaluation = Runtime.EvaluateParameterType & {
  readonly timeout?: number;
  readonly throwOnSideEffect?: boolean;
};

/** What is asked of the inspector: parameters, answer. */
export interface Commands {
  'Debugger.enable': [[], Debugger.EnableReturnType];
  'Debugger.setPauseOnExceptions': [[Debugger.SetPauseOnExceptionsParameterType], undefined];
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

export const isThrow = ({reason}: Debugger.PausedEventDataType): boolean =>
  reason === 'exception' || reason === 'promiseRejection';

/** Which function it is, whichever of its calls. */
export function placeOf(frame: CallFrame | undefined): string {
  const {scriptId, lineNumber, columnNumber} = frame?.functionLocation ?? frame?.location ?? {};
  return `${scriptId}:${lineNumber}:${columnNumber}`;
}

export function primitive({type, value, unserializableValue}: Runtime.RemoteObject, brief = false): string {
  if (unserializableValue !== undefined) return unserializableValue;
  return type === 'undefined' ? 'undefined' : showValue(value, {brief, columns: 80});
}

export function thrown({exception, text}: Runtime.ExceptionDetails): Evaluated {
  return failedWith(exception ? (exception.description ?? primitive(exception)) : text);
}
