/**
 * RxJS, loaded when an Observable is first needed. An actor that only serves tasks saves its 50 to 80 ms and 12 MB.
 * Floor 4, room `rx`: the only place of the library that loads RxJS. `import 'rxjs'` of a user gives the same module.
 */
import type * as Rx from 'rxjs';
import {requireDependency} from '../../base/dependency.js';

let loaded: typeof Rx | undefined;

export function rxjs(): typeof Rx {
  loaded ??= requireDependency('rxjs') as typeof Rx;
  return loaded;
}

/** Makes something out of RxJS at its first use, and keeps it. */
export function madeOfRxjs<T>(make: (rx: typeof Rx) => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make(rxjs());
    return made;
  };
}
