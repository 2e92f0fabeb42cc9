/**
 * Loads a dependency when it is first needed.
 * Floor 0: above `library`; used by `msg` for its codecs, and by `context/rx` for RxJS.
 */
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import {ResourceExhausted} from './errors.js';
import {bundledText, libraryFolder, libraryUrl} from './library.js';

const require = createRequire(libraryUrl || pathToFileURL(join(process.cwd(), 'index.js')));

/** Loads a dependency at its first use. @throws ResourceExhausted when it is not there because the library was bundled */
export function requireDependency(name: string): unknown {
  try {
    return require(name);
  } catch (cause) {
    if (libraryFolder !== undefined) throw cause;
    throw new ResourceExhausted(`${name} is not to be found: ${bundledText}`, {what: 'library', cause});
  }
}
