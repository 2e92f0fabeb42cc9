/**
 * The inspector's session of this thread with itself. V8 calls it in the middle of a statement, and the thread goes on
 * when the call returns.
 * Floor 7: below `frame-taker` and `capture`.
 */
import {type Debugger, Session} from 'node:inspector';

const key = 'rxtractor/debugger/capture';
/** The expression of the function to which evaluated code passes a value. See `handedOver`. */
export const handOver = `globalThis[Symbol.for('${key}')]`;

export interface OwnInspectorListener {
  scriptParsed(script: Debugger.ScriptParsedEventDataType): void;
  paused(event: Debugger.PausedEventDataType): void;
}

export class OwnInspector {
  readonly #session = new Session();

  constructor({scriptParsed, paused}: OwnInspectorListener) {
    this.#session.connect();
    this.#session.on('Debugger.scriptParsed', ({params}) => scriptParsed(params));
    this.#session.on('Debugger.paused', ({params}) => paused(params));
  }

  disconnect(): void {
    this.#session.disconnect();
  }

  /** Calls a method of the inspector. The answer comes before `post` returns, because the session is of this thread. */
  post<T>(method: string, params: object = {}): T {
    let answer: unknown;
    let failure: Error | null = null;
    this.#session.post(method, params, (error, result) => {
      failure = error;
      answer = result;
    });
    if (failure) throw failure;
    return answer as T;
  }
}

/**
 * Gives the value that code passes to `handOver` while `run` runs. Evaluated code sees the user's variables and globals
 * only.
 */
export function handedOver<T>(run: () => void): T | undefined {
  let value: T | undefined;
  const put = (given: T): void => {
    value = given;
  };
  Object.defineProperty(globalThis, Symbol.for(key), {value: put, configurable: true, enumerable: false});
  try {
    run();
  } finally {
    delete (globalThis as unknown as Record<symbol, unknown>)[Symbol.for(key)];
  }
  return value;
}
