/**
 * The part of the inspector's protocol that the debugger speaks with a main thread, and how its values are read.
 * Floor 7: below `main-thread`; types and pure functions.
 */
import type {Debugger, Runtime} from 'node:inspector';
import {type Evaluation, failedWith} from './debuggee.js';
import {type ShownDetail, showValue} from './show-value.js';

export type CallFrame = Debugger.CallFrame;

/** Parameters that V8 knows and Node's types do not. */
export type TimedEvaluation = Runtime.EvaluateParameterType & {
  readonly timeout?: number;
  readonly throwOnSideEffect?: boolean;
};

/** The methods of the inspector: parameters, answer. */
export interface InspectorMethods {
  'Debugger.enable': [[], Debugger.EnableReturnType];
  'Debugger.setPauseOnExceptions': [[Debugger.SetPauseOnExceptionsParameterType], undefined];
  'Debugger.pause': [[], undefined];
  'Debugger.resume': [[], undefined];
  'Debugger.stepOver': [[], undefined];
  'Debugger.stepInto': [[], undefined];
  'Debugger.stepOut': [[], undefined];
  'Debugger.getPossibleBreakpoints': [
    [Debugger.GetPossibleBreakpointsParameterType],
    Debugger.GetPossibleBreakpointsReturnType,
  ];
  'Debugger.setBreakpoint': [[Debugger.SetBreakpointParameterType], Debugger.SetBreakpointReturnType];
  'Debugger.removeBreakpoint': [[Debugger.RemoveBreakpointParameterType], undefined];
  'Debugger.getScriptSource': [[Debugger.GetScriptSourceParameterType], Debugger.GetScriptSourceReturnType];
  'Debugger.evaluateOnCallFrame': [[Debugger.EvaluateOnCallFrameParameterType], Debugger.EvaluateOnCallFrameReturnType];
  'Runtime.runIfWaitingForDebugger': [[], undefined];
  'Runtime.evaluate': [[Runtime.EvaluateParameterType], Runtime.EvaluateReturnType];
  'Runtime.callFunctionOn': [[Runtime.CallFunctionOnParameterType], Runtime.CallFunctionOnReturnType];
  'Runtime.getProperties': [[Runtime.GetPropertiesParameterType], Runtime.GetPropertiesReturnType];
  'Runtime.releaseObjectGroup': [[Runtime.ReleaseObjectGroupParameterType], undefined];
}

export const isThrow = ({reason}: Debugger.PausedEventDataType): boolean =>
  reason === 'exception' || reason === 'promiseRejection';

/** A text that is the same for all calls of one function, and for no other function. */
export function functionKey(frame: CallFrame | undefined): string {
  const {scriptId, lineNumber, columnNumber} = frame?.functionLocation ?? frame?.location ?? {};
  return `${scriptId}:${lineNumber}:${columnNumber}`;
}

/** The text of a value that is not an object. */
export function showPrimitive(
  {type, value, unserializableValue}: Runtime.RemoteObject,
  detail: ShownDetail = 'full',
): string {
  if (unserializableValue !== undefined) return unserializableValue;
  return type === 'undefined' ? 'undefined' : showValue(value, {detail, columns: 80});
}

/** The failure that the inspector reports for an expression that has thrown. */
export function failureOf({exception, text}: Runtime.ExceptionDetails): Evaluation {
  return failedWith(exception ? (exception.description ?? showPrimitive(exception)) : text);
}
