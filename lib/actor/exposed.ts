/**
 * The allow-list of an actor: the functions that others may call, and no others.
 * Floor 5: filled at the start, read by `dispatch`. It is a Map, so that a name that comes over the wire never reaches a
 * prototype.
 */
import {inherits} from '../base/foreign.js';
import type {FunctionKind} from '../msg/types.js';
import {functionsAt, importableMarkOf, markOf, marksInFile, ownUrlOf, printsFor, printsOfFile} from './mark-table.js';
import {type AnyFunction, givenName, isMarked, keyOf, type Mark, type RemoteFn, readMark} from './marks.js';
import {missingError, notExposedError, notListedError, severalError, wrongKindError} from './not-exposed.js';
import {pairMarks, readPrints} from './same-mark.js';

/** A module that an actor is to import, and what it exposes of it, in a form that crosses to another process. */
export interface ExposedModule {
  readonly module: string;
  /** Whether every marked export may be called. */
  readonly isWhole: boolean;
  readonly functions: readonly ExposedHome[];
}

/** One function under `expose`, as the actor that lists it has marked it. */
export interface ExposedHome {
  readonly kind: FunctionKind;
  readonly within: string;
  readonly place: string;
  /** The marks of this kind in the file; absent: those of the last function of this kind before, because they may be many. */
  readonly prints?: string;
}

/** Where a function has been marked that a peer calls. */
export interface FunctionHome {
  readonly within: string;
  readonly place: string;
  /** Both in one. Made once, when the peer names the function: to join and hash them takes longer than a call. */
  readonly key: string;
  /** The marks of this kind in the file, as the peer has made them. Empty for a function that has a name. */
  readonly prints: string;
  /** The function of this actor that the peer means, once it has been found. */
  found?: ExposedFunction | undefined;
}

export interface ExposedFunction {
  readonly mark: Mark;
  /** The name of its export in messages for people; the name of the mark when it is not exported. */
  readonly name: string;
  readonly fn: AnyFunction;
}

/** The modules of what a user lists under `expose`. @throws TypeError for anything that cannot be called */
export function modulesOf(expose: ReadonlyArray<RemoteFn | URL>): ExposedModule[] {
  if (!Array.isArray(expose)) throw new TypeError('expose takes a list of marked functions and module URLs');
  const modules = new Map<string, {module: string; isWhole: boolean; functions: ExposedHome[]}>();
  const moduleAt = (module: string) => {
    const known = modules.get(module) ?? {module, isWhole: false, functions: []};
    modules.set(module, known);
    return known;
  };
  const functions = new Set<RemoteFn>();
  for (const entry of expose as ReadonlyArray<RemoteFn | URL>) {
    if (inherits(entry, URL)) moduleAt((entry as URL).href).isWhole = true;
    else functions.add(entry as RemoteFn);
  }
  const marks = [...functions].map(importableMarkOf);
  checkNames(marks);
  for (const mark of marks) addHome(moduleAt(mark.module).functions, mark);
  return [...modules.values()];
}

function addHome(homes: ExposedHome[], mark: Mark): void {
  const {kind, within, place} = mark;
  const prints = printsFor(mark);
  const known = homes.findLast(home => home.kind === kind && home.prints !== undefined)?.prints;
  homes.push({kind, within, place, ...(prints !== known && {prints})});
}

/** A name that holds everywhere means one function of an actor. @throws TypeError */
function checkNames(marks: readonly Mark[]): void {
  const keys = new Set<string>();
  for (const mark of marks) {
    if (givenName(mark) === undefined) continue;
    if (keys.has(mark.key)) throw sameNameError(mark);
    keys.add(mark.key);
  }
}

const sameNameError = (mark: Mark): TypeError =>
  new TypeError(`expose has two functions with the name ${givenName(mark)}: give each a name of its own`);

export class Exposed {
  readonly #functions = new Map<string, ExposedFunction>();
  /** Keys of the functions that the runtime itself offers. Peers know them without being told. */
  readonly #ofRuntime = new Set<string>();
  /** The names of functions, by the keys that the actor which listed them has for them. */
  readonly #namesThere = new Map<string, string>();
  /** The URLs under which files are known here that the actor which listed them knows under another. */
  readonly #urls = new Map<string, string>();

  /** Lets peers call a function that belongs to the runtime itself. */
  allow(fn: RemoteFn): void {
    const mark = markOf(fn);
    this.#ofRuntime.add(mark.key);
    this.#functions.set(mark.key, {mark, fn: fn as unknown as AnyFunction, name: mark.name});
  }

  /**
   * Imports every module and takes up the functions that are exposed. Rejects with the error of an import, and with NotExposed for
   * a function that no module has marked.
   *
   * @param sharesModules true: a function that this process has marked already is not imported, because its module may still
   * be waiting for the caller (`main`)
   * @param urlOf gives the URL of a module in this process. Default: that of the same file, with its links followed
   */
  async load(modules: readonly ExposedModule[], sharesModules = false, urlOf = ownUrlOf): Promise<void> {
    const imported: (readonly [ExposedModule, Record<string, unknown>])[] = [];
    for (const module of modules) {
      const isKnown = sharesModules && !module.isWhole && module.functions.every(isMade);
      imported.push([
        module,
        isKnown
          ? {}
          : ((await import(urlOf === ownUrlOf ? module.module : urlOf(module.module))) as Record<string, unknown>),
      ]);
    }
    for (const [module, exports] of imported) this.#takeUp(module, exports, urlOf(module.module));
  }

  /** Names for messages, by key. A caller that never imports the module cannot know them. */
  names(): [key: string, name: string][] {
    const own = this.#ofUsers().map(({mark, name}): [string, string] => [mark.key, name]);
    return [...new Map([...own, ...this.#namesThere])];
  }

  /** @throws NotExposed when the function may not be called, is of another kind, or cannot be told for sure */
  find(home: FunctionHome, kind: FunctionKind): ExposedFunction {
    const found = home.found ?? this.#lookUp(home, kind);
    if (found.mark.kind !== kind) throw wrongKindError(found, kind);
    home.found = found;
    return found;
  }

  /** @throws NotExposed, with what this actor exposes instead */
  #lookUp(home: FunctionHome, kind: FunctionKind): ExposedFunction {
    const key = this.#keyHere(home, kind);
    const found = key === undefined ? undefined : this.#functions.get(key);
    if (found) return found;
    const atPlace = this.#functions.get(home.key);
    if (atPlace && atPlace.mark.kind !== kind) return atPlace;
    if (key !== undefined && functionsAt(key).length > 0) throw notListedError(home, kind);
    throw notExposedError({...home, within: this.#urlHere(home.within)}, kind, this.#ofUsers());
  }

  #ofUsers(): ExposedFunction[] {
    return [...this.#functions].filter(([key]) => !this.#ofRuntime.has(key)).map(([, exposed]) => exposed);
  }

  #takeUp({module, isWhole, functions}: ExposedModule, exports: Record<string, unknown>, url: string): void {
    if (url !== module) this.#urls.set(module, url);
    const exported = Object.entries(exports);
    if (isWhole) for (const [name, value] of exported) if (isMarked(value)) this.#add(value, name);
    const prints = new Map<FunctionKind, string>();
    for (const home of functions) {
      if (home.prints !== undefined) prints.set(home.kind, home.prints);
      const key = keyOf(home.within, home.place);
      const fn = this.#madeHere(url, {...home, key, prints: prints.get(home.kind) ?? ''}, home.kind);
      this.#namesThere.set(key, this.#add(fn, exported.find(([, value]) => value === fn)?.[0]));
    }
  }

  /** @throws NotExposed when this process has not marked the function, TypeError when it has marked several that it could be */
  #madeHere(url: string, home: FunctionHome, kind: FunctionKind): AnyFunction {
    const key = this.#keyHere(home, kind);
    const all = key === undefined ? [] : functionsAt(key).filter(fn => readMark(fn)?.kind === kind);
    // A name that holds everywhere may be that of another function in another module.
    const inModule = all.filter(fn => readMark(fn)?.module === url);
    const [fn, another] = inModule.length > 0 ? inModule : all;
    if (!fn) throw missingError(url, home, kind);
    if (another) throw severalError(url, home, kind);
    return fn;
  }

  /** The key of the mark that a peer means, among the marks of this process; undefined when it cannot be told. */
  #keyHere({within, place, key, prints}: FunctionHome, kind: FunctionKind): string | undefined {
    const url = this.#urlHere(within);
    if (prints === '') return url === within ? key : keyOf(url, place);
    if (prints === printsOfFile(url, kind)) return keyOf(url, place);
    const theirs = readPrints(prints);
    const wanted = theirs.findIndex(print => print.place === place);
    const here = marksInFile(url, kind);
    const partner = wanted < 0 ? undefined : pairMarks(theirs, here.prints)[wanted];
    return partner === undefined ? undefined : here.keys[partner];
  }

  #urlHere(module: string): string {
    return this.#urls.get(module) ?? module;
  }

  #add(fn: AnyFunction, exportName: string | undefined): string {
    const mark = markOf(fn);
    const known = this.#functions.get(mark.key);
    if (known && known.fn !== fn) throw sameNameError(mark);
    const name = exportName ?? known?.name ?? mark.name;
    this.#functions.set(mark.key, {mark, fn, name});
    return name;
  }
}

function isMade({kind, within, place}: ExposedHome): boolean {
  return functionsAt(keyOf(within, place)).some(fn => readMark(fn)?.kind === kind);
}
