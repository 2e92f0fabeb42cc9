/**
 * Whose code it is that runs, by the URL of its script: the user's, an installed package's, this library's or Node's.
 * Floor 7: below `main-thread`, `frame-taker` and `stack-frames`, above `base/stack`.
 */
import {isOfLibrary} from '../../base/stack.js';

const installed = '/node_modules/';
/**
 * Packages that are never what the user debugs: this library loads them by itself, and they run between its functions
 * and the user's.
 */
const machinery: ReadonlySet<string> = new Set(['rxjs', 'p-queue', 'msgpack-lite']);

/** Whether it is code of the program or of an installed package: not Node's, not this library's, and in a file. */
export const isOfProgram = (url: string): boolean => url !== '' && !url.startsWith('node:') && !isOfLibrary(url);

export class UserCode {
  /** The folder of the installed package that is being debugged, if one is. */
  #own: string | undefined;

  /** Whether a person who debugs wants to stop in this code. */
  isUsers(url: string): boolean {
    return isOfProgram(url) && !this.isLibrary(url);
  }

  /** Whether it is code of an installed package, which may call the user's. */
  isLibrary(url: string): boolean {
    if (isOfLibrary(url) || !url.includes(installed)) return false;
    return !(this.#own && url.startsWith(this.#own) && !url.slice(this.#own.length - 1).includes(installed));
  }

  /** The code at `url` awaits a breakpoint, so that it is the user's, wherever it lies. */
  awaits(url: string): void {
    if (!this.isLibrary(url)) return;
    const at = url.lastIndexOf(installed) + installed.length;
    const [first = '', second] = url.slice(at).split('/');
    const name = first.startsWith('@') ? `${first}/${second}` : first;
    if (!machinery.has(name)) this.#own = `${url.slice(0, at)}${name}/`;
  }
}

/**
 * The user's frames of a stack. Where there are none, the frames of installed packages: somebody debugs one of them.
 */
export function usersFrames<T>(frames: readonly T[], urlOf: (frame: T) => string): T[] {
  const code = new UserCode();
  const own = frames.filter(frame => code.isUsers(urlOf(frame)));
  return own.length > 0 ? own : frames.filter(frame => code.isLibrary(urlOf(frame)));
}
