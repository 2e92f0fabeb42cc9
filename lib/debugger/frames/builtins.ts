/**
 * Node's own modules by name, as in Node's prompt: `fs.readFileSync(…)` works where nothing has the name `fs`.
 * Floor 7: below `captured-debuggee` and `agent-global`. It runs in the thread whose program is looked at.
 */
import {builtinModules} from 'node:module';

const names: ReadonlySet<string> = new Set(builtinModules.filter(name => /^[a-z][\p{L}\p{N}]*$/u.test(name)));

/**
 * Lends the modules that a text names to the code that is about to be evaluated. A variable of the frame hides them.
 *
 * @returns takes them back, so that the program does not find them
 */
export function lendBuiltins(text: string): () => void {
  const lent = namedIn(text).filter(name => !(name in globalThis));
  for (const name of lent)
    Object.defineProperty(globalThis, name, {
      get: () => process.getBuiltinModule(`node:${name}`),
      // An assignment makes a global of the program.
      set: value =>
        Object.defineProperty(globalThis, name, {value, configurable: true, writable: true, enumerable: true}),
      configurable: true,
      enumerable: false,
    });
  return () => {
    for (const name of lent)
      if (Object.getOwnPropertyDescriptor(globalThis, name)?.get) Reflect.deleteProperty(globalThis, name);
  };
}

export const namesBuiltins = (text: string): boolean => namedIn(text).length > 0;

const namedIn = (text: string): string[] =>
  [...new Set(text.match(/[\p{L}_$][\p{L}\p{N}_$]*/gu))].filter(name => names.has(name));
