/**
 * Loads a dependency when it is first needed.
 * Floor 0: above `library`; used by `msg` for its codecs, and by `context/rx` for RxJS.
 */
import nodeModule from 'node:module';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import {ResourceExhausted} from './errors.js';
import {bundledText, libraryFolder, libraryUrl} from './library.js';

// Not by the name `createRequire` alone: webpack would take the call for its own, and leave nothing in its place.
const requireHere = nodeModule.createRequire(libraryUrl || pathToFileURL(join(process.cwd(), 'index.js')));

/** Loads a dependency at its first use. @throws ResourceExhausted when it is not there because the library was bundled */
export function requireDependency(name: string): unknown {
  try {
    return requireHere(name);
  } catch (cause) {
    if (libraryFolder !== undefined) throw cause;
    throw new ResourceExhausted(`${name} is not to be found: ${bundledText}`, {what: 'library', cause});
  }
}
