/**
 * The allow-list of an actor: the functions that others may call, and no other.
 * Floor 5: filled at start, asked by `dispatch`; a Map, so that no name that comes over the wire reaches a prototype.
 */
import {NotExposed} from '../base/errors.js';
import type {FunctionKind} from '../msg/types.js';
import {isMarked, keyOf, type Mark, markedFunction, markOf, type RemoteFn} from './marks.js';

/** What to expose, in a form that crosses to another process: a function's home, or a whole module. */
export interface ExposedHome {
  readonly module: string;
  /** Absent: every marked export of the module. */
  readonly place?: string;
}

/** Where a function that a peer calls has been marked. */
export interface FunctionHome {
  readonly module: string;
  readonly place: string;
  /** Both in one, made when the peer names it: to join and hash them at every call takes longer than the call. */
  readonly key: string;
}

export interface ExposedFunction {
  readonly mark: Mark;
  /** For messages: the name of its export, where there is one. */
  readonly name: string;
  readonly fn: (...args: never[]) => unknown;
}

/** The homes of what a user lists under `expose`. @throws TypeError on anything that cannot be called from outside */
export function homesOf(expose: ReadonlyArray<RemoteFn | URL>): ExposedHome[] {
  if (!Array.isArray(expose)) throw new TypeError('expose takes a list of marked functions and module URLs');
  return expose.map(entry => {
    if (entry instanceof URL) return {module: entry.href};
    const {module, place} = markOf(entry);
    return {module, place};
  });
}

export class Exposed {
  readonly #functions = new Map<string, ExposedFunction>();
  /** Those that the runtime itself offers: nobody needs to be told of them. */
  readonly #own = new Set<string>();

  /** Lets peers call a function of the runtime's own. */
  allow(fn: RemoteFn): void {
    const mark = markOf(fn);
    this.#own.add(mark.key);
    this.#functions.set(mark.key, {mark, fn: fn as unknown as ExposedFunction['fn'], name: mark.name});
  }

  /**
   * Imports every module and takes up what is exposed of it. Rejects with whatever an import throws. With `here`, what
   * this process has marked already is not imported: that module may wait for the very one that calls (`main`).
   */
  async load(homes: readonly ExposedHome[], here = false): Promise<void> {
    const modules = new Map<string, Record<string, unknown>>();
    for (const {module, place} of homes) {
      const isKnown = here && place !== undefined && markedFunction(keyOf(module, place)) !== undefined;
      if (!isKnown && !modules.has(module)) modules.set(module, (await import(module)) as Record<string, unknown>);
    }
    for (const {module, place} of homes) {
      const exports = Object.entries(modules.get(module) ?? {});
      if (place === undefined) {
        for (const [name, value] of exports) if (isMarked(value)) this.#add(markOf(value).key, name);
      } else {
        const key = keyOf(module, place);
        const fn = markedFunction(key);
        this.#add(key, exports.find(([, value]) => value === fn)?.[0]);
      }
    }
  }

  /** Names for messages, by key: a caller that never imports cannot know them. */
  names(): [key: string, name: string][] {
    return [...this.#functions].filter(([key]) => !this.#own.has(key)).map(([key, {name}]) => [key, name]);
  }

  /** @throws NotExposed when nothing of that home may be called, TypeError-like when it is of another kind */
  find({module, place, key}: FunctionHome, kind: FunctionKind): ExposedFunction {
    const found = this.#functions.get(key);
    if (!found) {
      throw new NotExposed(
        `the function marked at ${module} (${place}) is not exposed by this actor: name it under expose when the actor is started, and mark it at the top level of its module`,
      );
    }
    if (found.mark.kind !== kind)
      throw new NotExposed(`${found.name} is marked with ${found.mark.kind}() and cannot be called as a ${kind}`);
    return found;
  }

  #add(key: string, name: string | undefined): void {
    const fn = markedFunction(key);
    // A mark that this process did not make is found missing at the call, which names the place.
    if (!fn) return;
    const mark = markOf(fn);
    this.#functions.set(key, {mark, fn, name: name ?? mark.name});
  }
}
