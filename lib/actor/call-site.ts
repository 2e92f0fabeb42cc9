/**
 * Where a function was called: by the module and the line of a mark, two processes mean the same function.
 * Floor 5: below `markers`.
 */
import {pathToFileURL} from 'node:url';

export interface FunctionPlace {
  /** URL of the module; empty when the code is in no file. */
  readonly module: string;
  readonly place: string;
}

/**
 * The place of the call of `callee` that is running. It is read from the raw call sites, because both processes run the same
 * compiled file; source maps change only the positions that are printed.
 */
export function callSiteOf(callee: (...args: never[]) => unknown): FunctionPlace {
  const prepare = Error.prepareStackTrace;
  const limit = Error.stackTraceLimit;
  let site: NodeJS.CallSite | undefined;
  try {
    Error.stackTraceLimit = 1;
    Error.prepareStackTrace = (_error, sites) => sites;
    const holder: {stack?: unknown} = {};
    Error.captureStackTrace(holder, callee);
    site = (holder.stack as NodeJS.CallSite[])[0];
  } finally {
    Error.prepareStackTrace = prepare;
    Error.stackTraceLimit = limit;
  }
  const file = site?.getFileName() ?? '';
  const place = `${site?.getLineNumber()}:${site?.getColumnNumber()}`;
  if (noFile.test(file)) return {module: '', place};
  if (file.startsWith('file:')) return {module: file, place};
  return {module: file.startsWith('/') ? pathToFileURL(file).href : '', place};
}

/** The names that Node gives to code from `--eval` or standard input; a module gets a URL in the current folder. */
const noFile = /^(file:.*\/)?\[(eval\d*|stdin)\](-wrapper)?$/;
