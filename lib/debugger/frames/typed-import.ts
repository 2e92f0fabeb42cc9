/**
 * `import()` in a text that somebody types at a prompt. Node does not know from which file such a text comes, so it
 * refuses to import anything for it.
 * Floor 7: below `captured-debuggee`. It runs in the thread whose program is looked at.
 */
import {createRequire, isBuiltin} from 'node:module';
import {pathToFileURL} from 'node:url';

const key = 'rxtractor/debugger/import';
const call = `globalThis[Symbol.for('${key}')](`;
const typed = /(?<![\p{L}\p{N}_$.])import\s*\(/gu;

/**
 * The text with its imports as calls of a function that the returned `takeBack` removes. They are relative to a file.
 *
 * @param url the file of the frame; undefined where it is not known
 */
export function lendImport(text: string, url: string | undefined): {readonly text: string; takeBack(): void} {
  const replaced = text.replace(typed, call);
  if (replaced === text) return {text, takeBack: () => {}};
  const value = (specifier: unknown): Promise<unknown> => import(resolved(String(specifier), url));
  Object.defineProperty(globalThis, Symbol.for(key), {value, configurable: true, enumerable: false});
  return {text: replaced, takeBack: () => void Reflect.deleteProperty(globalThis, Symbol.for(key))};
}

function resolved(specifier: string, url: string | undefined): string {
  if (url === undefined || isBuiltin(specifier) || URL.canParse(specifier)) return specifier;
  const base = url.startsWith('/') ? pathToFileURL(url).href : url;
  if (/^\.{0,2}\//.test(specifier)) return new URL(specifier, base).href;
  try {
    return pathToFileURL(createRequire(base).resolve(specifier)).href;
  } catch {
    // The package has nothing for `require`. It may be found from this file.
    return specifier;
  }
}
