/**
 * All marked functions of this process: found by the key of a mark, and listed by file for a comparison with another process.
 * Floor 5: above `marks`; `markers` fill it, `exposed` and `function-refs` read it.
 */
import {createHash} from 'node:crypto';
import {realpathSync} from 'node:fs';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {processWide} from '../base/process-wide.js';
import type {FunctionKind} from '../msg/types.js';
import {type AnyFunction, attachMark, givenName, type Mark, readMark} from './marks.js';
import {type MarkPrint, writePrints} from './same-mark.js';

/** The marks of one kind in one file, at their places, in the order of making. */
interface MarksOfFile {
  readonly keys: string[];
  /** How another process is told of them; undefined until somebody asks, and after a further mark. */
  prints: string | undefined;
}

interface Table {
  /** When several functions have the same key, none of them can be called. */
  readonly functions: Map<string, Set<AnyFunction>>;
  readonly files: Map<string, MarksOfFile>;
}

const table = processWide('mark-table', (): Table => ({functions: new Map(), files: new Map()}));

/** Gives a function its mark, under which it is found from now on. */
export function addMark(fn: AnyFunction, mark: Mark): void {
  attachMark(fn, mark);
  const others = table.functions.get(mark.key);
  if (others) others.add(fn);
  else table.functions.set(mark.key, new Set([fn]));
  if (!others && givenName(mark) === undefined) addToFile(mark);
}

function addToFile({module, kind, key}: Mark): void {
  const id = fileId(module, kind);
  const file = table.files.get(id);
  if (file) {
    file.keys.push(key);
    file.prints = undefined;
  } else {
    table.files.set(id, {keys: [key], prints: undefined});
  }
}

const fileId = (module: string, kind: FunctionKind): string => `${kind} ${module}`;

/** The mark of a function that is to be called. @throws TypeError when it has none, or one that no other process could find */
export function markOf(fn: unknown): Mark {
  const found = readMark(fn);
  if (!found) {
    const what = typeof fn === 'function' ? `the function ${fn.name || '(anonymous)'}` : String(fn);
    throw new TypeError(`${what} is not marked: wrap it in task(), stream(), operator() or context() in its module`);
  }
  if (found.module === '') throw new TypeError(noFileText(found));
  if (found.within !== '' && (table.functions.get(found.key)?.size ?? 0) > 1) {
    throw new TypeError(
      `several functions are marked at ${found.key}: give each a name, ${found.kind}(fn, {name: '…'})`,
    );
  }
  return found;
}

function noFileText({name, kind, evaluated}: Mark): string {
  if (evaluated === undefined)
    return `${name} was marked in no file that another process could import (--eval, standard input): put it in a file`;
  return `${name} was marked in code that a tool evaluates (${evaluated}), in no file that another process could import: say in which file it is, ${kind}(fn, {module: import.meta.url, name: '…'})`;
}

/** The functions of this process that have been marked under a key. */
export function functionsAt(key: string): readonly AnyFunction[] {
  return [...(table.functions.get(key) ?? [])];
}

/** The marks with which another process compares its own, to find a function. Empty for a function that has a name. */
export function printsFor(mark: Mark): string {
  return givenName(mark) === undefined ? printsOfFile(mark.module, mark.kind) : '';
}

export function printsOfFile(module: string, kind: FunctionKind): string {
  const file = table.files.get(fileId(module, kind));
  if (!file) return '';
  file.prints ??= writePrints(printsOf(file));
  return file.prints;
}

/** The marks of one kind that this process has made at places of a file, and the key of each. */
export function marksInFile(
  module: string,
  kind: FunctionKind,
): {readonly prints: MarkPrint[]; readonly keys: string[]} {
  const file = table.files.get(fileId(module, kind));
  return file ? {prints: printsOf(file), keys: file.keys} : {prints: [], keys: []};
}

function printsOf({keys}: MarksOfFile): MarkPrint[] {
  return keys.map(key => {
    const fn = functionsAt(key)[0] as AnyFunction;
    return {place: (readMark(fn) as Mark).place, text: textHash(fn)};
  });
}

/** Made when it is needed, because most marks of a process are never called from it. */
function textHash(fn: AnyFunction): string {
  return createHash('sha256').update(Function.prototype.toString.call(fn)).digest('base64url').slice(0, 11);
}

/** All marks that this process has made in a file, named or not. */
export function allMarksOf(module: string): Mark[] {
  return [...table.functions.values()].flatMap(fns => {
    const mark = readMark([...fns][0]);
    return mark?.module === module ? [mark] : [];
  });
}

/**
 * The URL under which the marks of a file are known in this process. Node follows links when it imports a file; the tool that has
 * loaded it in another process may not have followed them.
 */
export function ownUrlOf(module: string): string {
  if (!module.startsWith('file:') || allMarksOf(module).length > 0) return module;
  try {
    const {search} = new URL(module);
    return `${pathToFileURL(realpathSync(fileURLToPath(module))).href}${search}`;
  } catch {
    return module;
  }
}
