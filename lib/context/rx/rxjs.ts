/**
 * RxJS, loaded when an Observable is first needed: an actor that only serves tasks never pays its 50 to 80 ms and 12 MB.
 * Floor 4: the one place of the library that loads it; `import 'rxjs'` gives the very same module.
 */
import {createRequire} from 'node:module';
import type * as Rx from 'rxjs';

let loaded: typeof Rx | undefined;

export function rxjs(): typeof Rx {
  loaded ??= createRequire(import.meta.url)('rxjs') as typeof Rx;
  return loaded;
}

/** Something that is made of RxJS, at its first use. */
export function madeOfRxjs<T>(make: (rx: typeof Rx) => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make(rxjs());
    return made;
  };
}
