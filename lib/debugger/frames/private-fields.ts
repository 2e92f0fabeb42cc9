/**
 * Private fields (`#name`) of an object, for somebody who looks at it from outside of its class. The language keeps them from such
 * code; V8's inspector tells them.
 * Floor 7: below `show-value` and `captured-debuggee`. It runs in the thread of the object.
 */
import type {Runtime} from 'node:inspector';
import {types} from 'node:util';
import {attempt} from '../../base/foreign.js';
import {handedOver, handOver, OwnInspector} from './own-inspector.js';

/** A field, or an accessor with at least one of its functions. */
export interface PrivateField {
  /** With its `#`. */
  readonly name: string;
  readonly value?: unknown;
  readonly get?: () => unknown;
  readonly set?: (value: unknown) => void;
}

/** The answer of `Runtime.getProperties`. Node's types do not know private properties. */
interface Properties {
  readonly privateProperties?: readonly {
    readonly name: string;
    readonly value?: Runtime.RemoteObject;
    readonly get?: Runtime.RemoteObject;
    readonly set?: Runtime.RemoteObject;
  }[];
  readonly internalProperties?: readonly {
    readonly name: string;
    readonly value?: {readonly value?: {scriptId: string}};
  }[];
}

const silent = {scriptParsed: () => {}, paused: () => {}};

/** All private fields of a value. No code of the user's runs. Empty for a value that has none, and when the inspector fails. */
export function privateFieldsOf(value: unknown): readonly PrivateField[] {
  if (types.isProxy(value)) return [];
  return asked(inspector => {
    const {objectId, privateProperties = []} = propertiesOf(inspector, value);
    return privateProperties.map(({name, ...parts}) => ({
      name,
      ...Object.fromEntries(Object.entries(parts).map(([part, remote]) => [part, local(inspector, objectId, remote)])),
    }));
  }, []);
}

/** The id of the script in which the class of an object stands. Undefined when that cannot be told without running code. */
export function scriptOfClass(value: unknown): string | undefined {
  const Class = classOf(value);
  if (typeof Class !== 'function' || types.isProxy(Class)) return undefined;
  return asked(inspector => {
    const {internalProperties = []} = propertiesOf(inspector, Class);
    return internalProperties.find(({name}) => name === '[[FunctionLocation]]')?.value?.value?.scriptId;
  }, undefined);
}

function classOf(value: unknown): unknown {
  if (typeof value === 'function') return value;
  const prototype: unknown = Object.getPrototypeOf(Object(value));
  if (prototype === null || types.isProxy(prototype)) return undefined;
  return Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
}

/** Asks a session that ends with the question, because an open one holds up the exit of the process while others debug it. */
function asked<T>(ask: (inspector: OwnInspector) => T, otherwise: T): T {
  return attempt(() => {
    const inspector = new OwnInspector(silent);
    try {
      return ask(inspector);
    } finally {
      inspector.disconnect();
    }
  }, otherwise);
}

const key = 'rxtractor/debugger/private';

function propertiesOf(inspector: OwnInspector, value: unknown): Properties & {readonly objectId: string} {
  Object.defineProperty(globalThis, Symbol.for(key), {value, configurable: true, enumerable: false});
  try {
    const expression = `globalThis[Symbol.for('${key}')]`;
    const {result} = inspector.post<Runtime.EvaluateReturnType>('Runtime.evaluate', {expression, silent: true});
    const {objectId = ''} = result;
    return {...inspector.post<Properties>('Runtime.getProperties', {objectId, ownProperties: true}), objectId};
  } finally {
    Reflect.deleteProperty(globalThis, Symbol.for(key));
  }
}

/** The value behind the inspector's words for it. @param objectId of any object of this thread */
function local(inspector: OwnInspector, objectId: string, remote: Runtime.RemoteObject | undefined): unknown {
  const functionDeclaration = `function (value) { ${handOver}(value); }`;
  const {objectId: own, unserializableValue, value} = remote ?? {};
  const argument = own ? {objectId: own} : unserializableValue ? {unserializableValue} : {value};
  return handedOver(() =>
    inspector.post('Runtime.callFunctionOn', {objectId, functionDeclaration, arguments: [argument], silent: true}),
  );
}
