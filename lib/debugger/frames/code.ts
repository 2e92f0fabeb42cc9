/**
 * Whose code it is that runs, by the URL of its script, and what can be read from its text.
 * Floor 7: below `inspected`; pure, but for what one session learns of whose it is.
 */
import {isOfLibrary} from '../../base/stack.js';

const installed = '/node_modules/';
/** What this library loads by itself, and what runs between its functions and a user's: never the user's own. */
const machinery: ReadonlySet<string> = new Set(['rxjs', 'p-queue', 'msgpack-lite', 'msgpackr']);

/** Whether it is code of the program, its libraries included: neither Node's nor this library's, and in a file. */
export const isOfProgram = (url: string): boolean => url !== '' && !url.startsWith('node:') && !isOfLibrary(url);

export class Ownership {
  /** The package that is being debugged, where that is an installed one: its folder. */
  #own: string | undefined;

  /** Whether a person who debugs wants to stop in it. */
  isUsers(url: string): boolean {
    return isOfProgram(url) && !this.isLibrary(url);
  }

  /** Whether it is installed code, which may call the user's. */
  isLibrary(url: string): boolean {
    if (isOfLibrary(url) || !url.includes(installed)) return false;
    return !(this.#own && url.startsWith(this.#own) && !url.slice(this.#own.length - 1).includes(installed));
  }

  /** Code that awaits a breakpoint is the user's, wherever it lies. */
  awaits(url: string): void {
    if (!this.isLibrary(url)) return;
    const at = url.lastIndexOf(installed) + installed.length;
    const [first = '', second] = url.slice(at).split('/');
    const name = first.startsWith('@') ? `${first}/${second}` : first;
    if (!machinery.has(name)) this.#own = `${url.slice(0, at)}${name}/`;
  }
}

/** The user's frames of a stack; where there are none, those of installed packages: somebody debugs one of them. */
export function usersFrames<T>(frames: readonly T[], urlOf: (frame: T) => string): T[] {
  const code = new Ownership();
  const own = frames.filter(frame => code.isUsers(urlOf(frame)));
  return own.length > 0 ? own : frames.filter(frame => code.isLibrary(urlOf(frame)));
}

/** Whether a function is async. @param column where V8 lets it begin: at its parameters, or at the `async` of an arrow */
export function isAsyncAt(line: string, column: number): boolean {
  return /^async\b(?!\s*=>)/.test(line.slice(column)) || asyncName.test(line.slice(0, column));
}

const asyncName = /\basync\s*(\*|\s(function\b)?\s*\*?)\s*(#?[\p{L}\p{N}_$]+|\[[^\]]*\]|'[^']*'|"[^"]*")?\s*$/u;
