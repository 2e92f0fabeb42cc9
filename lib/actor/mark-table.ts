/**
 * All marked functions of this process: found by the key of a mark, and listed by file for a comparison with another process.
 * Floor 5: above `marks`; `markers` fill it, `exposed` and `function-refs` read it.
 */

import {realpathSync} from 'node:fs';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {textOf} from '../base/foreign.js';
import {processWide} from '../base/process-wide.js';
import type {FunctionKind} from '../msg/types.js';
import {type AnyFunction, attachMark, givenName, type Mark, readMark} from './marks.js';
import {type MarkPrint, writePrints} from './same-mark.js';
import {textHash} from './text-hash.js';

/** The marks of one kind that one version of a file has made, at its places, in the order of making. */
interface MarksOfFile {
  marked: {readonly mark: Mark; readonly fn: AnyFunction}[];
  /** How another process is told of them; undefined until somebody asks, and after a further mark. */
  prints: string | undefined;
}

interface Table {
  /** When several functions have the same key, none of them can be called. */
  readonly functions: Map<string, Set<AnyFunction>>;
  /** The latest version of each file, for each kind. */
  readonly files: Map<string, MarksOfFile>;
  /** The version of the file that has made a mark. */
  readonly versions: WeakMap<Mark, MarksOfFile>;
}

const table = processWide(
  'mark-table',
  (): Table => ({functions: new Map(), files: new Map(), versions: new WeakMap()}),
);

/** Gives a function its mark, under which it is found from now on. */
export function addMark(fn: AnyFunction, mark: Mark): void {
  attachMark(fn, mark);
  const others = table.functions.get(mark.key);
  if (others && isOfSameScript(others, mark)) {
    others.add(fn);
    return;
  }
  table.functions.set(mark.key, new Set([fn]));
  if (givenName(mark) === undefined) addToFile(fn, mark, others !== undefined);
}

/** Otherwise the module was evaluated again, as development servers do it: the new function takes the place of the old one. */
function isOfSameScript(others: ReadonlySet<AnyFunction>, {script}: Mark): boolean {
  const [first] = others;
  const before = readMark(first)?.script;
  return !before || !script || before.turn === script.turn || before.hash() === script.hash();
}

function addToFile(fn: AnyFunction, mark: Mark, isAgain: boolean): void {
  const id = fileId(mark.module, mark.kind);
  const before = table.files.get(id);
  // Evaluated modules of one bundle are scripts of their own, and stand in one file.
  const file = before && !(isAgain && mark.evaluated === undefined) ? before : newVersion(before, mark);
  table.files.set(id, file);
  file.marked.push({mark, fn});
  file.prints = undefined;
  table.versions.set(mark, file);
}

/** A new version of a file begins with what it has marked in this turn, at places where the old version had no mark. */
function newVersion(before: MarksOfFile | undefined, {script}: Mark): MarksOfFile {
  const isOfThisTurn = ({mark}: {readonly mark: Mark}): boolean => mark.script?.turn === script?.turn;
  const version = {marked: before?.marked.filter(isOfThisTurn) ?? [], prints: undefined};
  if (before) {
    before.marked = before.marked.filter(marked => !isOfThisTurn(marked));
    before.prints = undefined;
  }
  for (const {mark} of version.marked) table.versions.set(mark, version);
  return version;
}

const fileId = (module: string, kind: FunctionKind): string => `${kind} ${module}`;

/** The mark of a function that is to be called. @throws TypeError when it has none, or one that no other process could find */
export function markOf(fn: unknown): Mark {
  const found = readMark(fn);
  if (!found) {
    const what = typeof fn === 'function' ? `the function ${fn.name || '(anonymous)'}` : textOf(fn);
    throw new TypeError(`${what} is not marked: wrap it in task(), stream(), operator() or context() in its module`);
  }
  if (found.module === '' && givenName(found) === undefined) throw new TypeError(noFileText(found));
  if (found.within !== '' && (table.functions.get(found.key)?.size ?? 0) > 1) {
    throw new TypeError(
      `several functions are marked at ${found.key}: give each a name, ${found.kind}(fn, {name: '…'})`,
    );
  }
  return found;
}

/** The mark of a function that an actor is to expose. @throws TypeError as `markOf`, and for every function that is in no file */
export function importableMarkOf(fn: unknown): Mark {
  const mark = markOf(fn);
  if (mark.module === '') throw new TypeError(noFileText(mark));
  return mark;
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
  return writtenPrints(table.versions.get(mark));
}

/** The same for the latest version of a file. */
export function printsOfFile(module: string, kind: FunctionKind): string {
  return writtenPrints(table.files.get(fileId(module, kind)));
}

function writtenPrints(file: MarksOfFile | undefined): string {
  if (!file) return '';
  file.prints ??= writePrints(printsOf(file));
  return file.prints;
}

/** The marks of one kind that this process has made at places of a file, and the key of each. */
export function marksInFile(
  module: string,
  kind: FunctionKind,
): {readonly prints: readonly MarkPrint[]; readonly keys: readonly string[]} {
  const file = table.files.get(fileId(module, kind));
  return file ? {prints: printsOf(file), keys: file.marked.map(({mark}) => mark.key)} : {prints: [], keys: []};
}

function printsOf({marked}: MarksOfFile): MarkPrint[] {
  return marked.map(printOf);
}

/** Made when it is needed, because most marks of a process are never called from it. */
const printOf = ({mark, fn}: {readonly mark: Mark; readonly fn: AnyFunction}): MarkPrint => ({
  place: mark.place,
  text: textHash(Function.prototype.toString.call(fn)),
});

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
