/**
 * Why an actor does not run the function that somebody means: the errors, with what was found in its place and what to do.
 * Floor 5: below `exposed`.
 */
import {NotExposed} from '../base/errors.js';
import type {FunctionKind} from '../msg/types.js';
import {allMarksOf} from './mark-table.js';
import {givenName, type Mark} from './marks.js';

/** The function that somebody means, with the URL under which its file is known here. */
interface Meant {
  readonly within: string;
  readonly place: string;
}

/** A function that the actor offers. */
interface Offered {
  readonly mark: Mark;
  readonly name: string;
}

/** A call means a function that the actor has marked, and does not offer. */
export function notListedError(meant: Meant, kind: FunctionKind): NotExposed {
  return new NotExposed(`${describe(meant, kind)} ${notListed}`);
}

const notListed = 'is not exposed by this actor: name it under expose when the actor is started';

/** A call means a function that the actor does not know for sure. */
export function notExposedError(meant: Meant, kind: FunctionKind, exposed: readonly Offered[]): NotExposed {
  if (exposed.length === 0) return notListedError(meant, kind);
  const offered = list(exposed.map(({mark, name}) => `${name} (${mark.kind}, ${whereOf(mark)})`));
  const marks = meant.within === '' ? [] : allMarksOf(meant.within);
  const why =
    marks.length > 0
      ? `In that file it has marked ${listMarks(marks)}. ${transformed(kind)}`
      : `A function of which there are several copies (bundles with several entries, another folder, another host) needs a name: ${kind}(fn, {name: '…'})`;
  return new NotExposed(`${describe(meant, kind)} ${notListed}. It exposes ${offered}. ${why}`);
}

export function wrongKindError({name, mark}: Offered, kind: FunctionKind): NotExposed {
  return new NotExposed(`${name} is marked with ${mark.kind}() and cannot be called as a ${kind}`);
}

/** An actor has imported a module, and the function that it is to expose was not marked. */
export function missingError(module: string, meant: Meant, kind: FunctionKind): NotExposed {
  const marks = allMarksOf(module);
  const what = `${describe(meant, kind)} was not marked when this actor imported ${module}`;
  if (marks.length === 0)
    return new NotExposed(
      `${what}, and neither was another one. Mark it at the top level of a module of its own, which does nothing else when it is imported. When a tool has moved the code to another file, say in which file it is: ${kind}(fn, {module: import.meta.url, name: '…'})`,
    );
  return new NotExposed(
    `${what}. These were: ${listMarks(marks)}. Mark functions at the top level of their module. ${transformed(kind)}`,
  );
}

/** Several functions could be the one that an actor is to expose, and they cannot be told apart. */
export function severalError(module: string, meant: Meant, kind: FunctionKind): TypeError {
  const name = givenName(meant);
  const where = name === undefined ? `at the place of ${describe(meant, kind)}` : `with the name ${name}`;
  return new TypeError(`several functions are marked ${where} in ${module}: give each a name of its own`);
}

function transformed(kind: FunctionKind): string {
  return `If the file was changed, or transformed for one of the two processes (by a test runner, coverage or a bundler), a name holds nevertheless: ${kind}(fn, {name: '…'})`;
}

function describe({within, place}: Meant, kind: FunctionKind): string {
  const name = givenName({place});
  if (name === undefined) return `the function marked at ${within} (${place})`;
  return within === '' ? `the ${kind} with the name ${name}` : `the ${kind} with the name ${name} in ${within}`;
}

function whereOf({within, module, place}: Mark): string {
  const name = givenName({place});
  return within === '' ? `name ${name}` : `${module} (${name ?? place})`;
}

function listMarks(marks: readonly Mark[]): string {
  return list(marks.map(({kind, place, name}) => `${kind} at ${place}${name.endsWith(place) ? '' : ` (${name})`}`));
}

const maxListed = 8;

function list(items: readonly string[]): string {
  const listed = items.slice(0, maxListed).join(', ');
  return items.length > maxListed ? `${listed} and ${items.length - maxListed} more` : listed;
}
