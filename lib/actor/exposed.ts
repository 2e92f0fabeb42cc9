/**
 * The allow-list of an actor: the functions that others may call, and no others.
 * Floor 5: filled at the start, read by `dispatch`. It is a Map, so that a name that comes over the wire never reaches a
 * prototype.
 */
import {NotExposed} from '../base/errors.js';
import type {FunctionKind} from '../msg/types.js';
import {isMarked, keyOf, type Mark, markedFunction, markOf, type RemoteFn} from './marks.js';

/** One entry of `expose`, in a form that crosses to another process: the home of a function, or a whole module. */
export interface ExposedHome {
  readonly module: string;
  /** The place of the mark in the module. Absent: every marked export of the module. */
  readonly place?: string;
}

/** Where a function has been marked that a peer calls. */
export interface FunctionHome {
  readonly module: string;
  readonly place: string;
  /** Module and place in one. Made once, when the peer names the function: to join and hash them takes longer than a call. */
  readonly key: string;
}

export interface ExposedFunction {
  readonly mark: Mark;
  /** The name of its export in messages for people; the name of the mark when it is not exported. */
  readonly name: string;
  readonly fn: (...args: never[]) => unknown;
}

/** The homes of the functions that a user lists under `expose`. @throws TypeError for anything that cannot be called */
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
  /** Keys of the functions that the runtime itself offers. Peers know them without being told. */
  readonly #ofRuntime = new Set<string>();

  /** Lets peers call a function that belongs to the runtime itself. */
  allow(fn: RemoteFn): void {
    const mark = markOf(fn);
    this.#ofRuntime.add(mark.key);
    this.#functions.set(mark.key, {mark, fn: fn as unknown as ExposedFunction['fn'], name: mark.name});
  }

  /**
   * Imports every module and takes up the functions that are exposed. Rejects with the error of an import.
   *
   * @param sharesModules true: a function that this process has marked already is not imported, because its module may still
   * be waiting for the caller (`main`)
   */
  async load(homes: readonly ExposedHome[], sharesModules = false): Promise<void> {
    const modules = new Map<string, Record<string, unknown>>();
    for (const {module, place} of homes) {
      const isKnown = sharesModules && place !== undefined && markedFunction(keyOf(module, place)) !== undefined;
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

  /** Names for messages, by key. A caller that never imports the module cannot know them. */
  names(): [key: string, name: string][] {
    return [...this.#functions].filter(([key]) => !this.#ofRuntime.has(key)).map(([key, {name}]) => [key, name]);
  }

  /** @throws NotExposed when no function of that home may be called, or when it is of another kind */
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
    // When this process has not made the mark, the call finds it missing, and names the place.
    if (!fn) return;
    const mark = markOf(fn);
    this.#functions.set(key, {mark, fn, name: name ?? mark.name});
  }
}
